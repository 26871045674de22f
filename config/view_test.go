package config_test

import (
	"strings"
	"testing"

	"tapline/config"
)

// Views come after those that they stand on, and else as they are written.
func TestViewsOf(t *testing.T) {
	c, err := config.Load("testdata/views.good.yaml", config.Options{Kinds: kinds()})
	if err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]string{"bi": "daily() high(daily) Top of `all`(high)", "bq": "daily()", "ct": ""} {
		var have []string
		for _, v := range c.ViewsOf(to) {
			have = append(have, v.Name+"("+strings.Join(v.Needs, " ")+")")
		}
		if have := strings.Join(have, " "); have != want {
			t.Errorf("views of %s: %s, want %s", to, have, want)
		}
	}
	for _, v := range c.ViewsOf("bi")[:2] {
		if strings.HasSuffix(strings.TrimSpace(v.SQL), ";") || !strings.Contains(v.SQL, "select") {
			t.Errorf("the SQL of %s is %q", v.Name, v.SQL)
		}
	}
}

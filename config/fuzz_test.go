package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"tapline/config"
)

// FuzzLoad: whatever the file holds, Load gives a configuration or Errors with
// places within the file, and what it accepts can be shown.
func FuzzLoad(f *testing.F) {
	names, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "tapline.yaml")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(path, config.Options{Kinds: kinds()})
		if err == nil {
			if _, err := c.Resolved(); err != nil {
				t.Error(err)
			}
			for _, con := range c.Connections {
				var into clevertapConfig
				if err := con.Decode(&into); err != nil && !errors.As(err, new(config.Errors)) {
					t.Error(err)
				}
			}
			return
		}
		var list config.Errors
		if !errors.As(err, &list) || len(list) == 0 {
			t.Fatalf("Load gives %T: %v", err, err)
		}
		for _, e := range list {
			if e.What == "" || e.Line < 0 || e.Line > 0 && e.Column < 1 {
				t.Errorf("odd mistake %+v", e)
			}
		}
	})
}

// FuzzRedactor: no secret comes out, however it is written and cut.
func FuzzRedactor(f *testing.F) {
	f.Add("secret", "a secret", uint8(3))
	f.Add("aaaa", "aaaaaaaaa", uint8(1))
	f.Fuzz(func(t *testing.T, secret, text string, cut uint8) {
		if len(secret) < 4 {
			return
		}
		var r config.Redactor
		r.Add(secret)
		var out collector
		w := r.Writer(&out)
		all := text + secret + text
		for rest := all; rest != ""; {
			n := min(int(cut)+1, len(rest))
			if _, err := w.Write([]byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if got, want := string(out), r.String(all); got != want {
			t.Errorf("in writes of %d: %q, at once %q", cut, got, want)
		}
	})
}

type collector []byte

func (c *collector) Write(p []byte) (int, error) {
	*c = append(*c, p...)
	return len(p), nil
}

package clevertap_test

import (
	"strings"
	"testing"

	"tapline/config"
	"tapline/exporter/clevertap"
)

func TestConfig(t *testing.T) {
	good := clevertap.Config{
		Region: "in1", AccountID: "AAA-BBB-CCCC", Passcode: config.NewSecret("p"), Timezone: "Asia/Kolkata",
	}
	tests := []struct {
		name string
		edit func(*clevertap.Config)
		want []string // in the error; none = no error
	}{
		{"OK", func(*clevertap.Config) {}, nil},
		{"NoRegion", func(c *clevertap.Config) { c.Region = "" }, nil},
		{"Europe", func(c *clevertap.Config) { c.Region = "eu1" }, nil},
		{"Global", func(c *clevertap.Config) { c.Region = "global" }, nil},
		{"UpperCase", func(c *clevertap.Config) { c.Region = "IN1" }, nil},
		{"URL", func(c *clevertap.Config) { c.Region, c.URL = "", "http://127.0.0.1:8080/ct/" }, nil},
		{"ErrRegion", func(c *clevertap.Config) { c.Region = "in2" }, []string{"region", `"in2"`, "in1", "sk1", "mec1", "aps3", "sg1", "us1", "eu1"}},
		{"ErrURL", func(c *clevertap.Config) { c.URL = "in1.api.clevertap.com" }, []string{"url", "https://"}},
		{"ErrURLSecret", func(c *clevertap.Config) { c.URL = "https://me:pw@host/" }, []string{"url", "account_id"}},
		{"ErrURLQuery", func(c *clevertap.Config) { c.URL = "https://host/?a=1" }, []string{"url"}},
		{"ErrZoneMissing", func(c *clevertap.Config) { c.Timezone = "" }, []string{"timezone", "missing", "Asia/Kolkata"}},
		{"ErrZone", func(c *clevertap.Config) { c.Timezone = "IST+5:30" }, []string{"timezone", `"IST+5:30"`, "Asia/Kolkata"}},
		{"ErrZoneLocal", func(c *clevertap.Config) { c.Timezone = "Local" }, []string{"timezone"}},
		{"ErrZonePath", func(c *clevertap.Config) { c.Timezone = "../../etc/passwd" }, []string{"timezone"}},
		{"ErrAccount", func(c *clevertap.Config) { c.AccountID = "" }, []string{"account_id", "missing"}},
		{"ErrPasscode", func(c *clevertap.Config) { c.Passcode = config.Secret{} }, []string{"passcode", "missing"}},
		{"ErrLineBreak", func(c *clevertap.Config) { c.Passcode = config.NewSecret("a\nb") }, []string{"line break"}},
		{"ErrSlots", func(c *clevertap.Config) { c.Slots = 4 }, []string{"slots", "3"}},
		{"ErrBatchSmall", func(c *clevertap.Config) { c.BatchSize = 22 }, []string{"batch_size", "22", "23", "no limit"}},
		{"ErrBatchLarge", func(c *clevertap.Config) { c.BatchSize = 50000 }, []string{"batch_size", "5000"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := good
			tt.edit(&c)
			_, err := clevertap.New(c, nil, clevertap.Options{})
			wantError(t, err, tt.want...)
		})
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if (err != nil) != (len(parts) > 0) {
		t.Fatalf("got error %v, want one that has %q", err, parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not say %q", err, p)
		}
	}
}

func TestSelection(t *testing.T) {
	cfg := clevertap.Config{AccountID: "A", Passcode: config.NewSecret("p"), Timezone: "UTC"}
	tests := []struct {
		name string
		sel  []clevertap.Selection
		want []string
	}{
		{"OK", []clevertap.Selection{events("A", "B"), events("*")}, nil},
		{"None", nil, nil},
		{"OneEvent", []clevertap.Selection{{Stream: "events", Event: "A"}}, nil},
		{"ErrKind", []clevertap.Selection{{Stream: "event", Events: []string{"A"}}}, []string{"streams[0]", `"event"`, `"events"`}},
		{"ErrNoEvents", []clevertap.Selection{events("A"), events()}, []string{"streams[1]", "missing"}},
		{"ErrEmptyName", []clevertap.Selection{events("")}, []string{"empty"}},
		{"ErrTwice", []clevertap.Selection{events("A"), events("A")}, []string{"streams[1]", "streams[0]", `"events/A"`}},
		{"Named", []clevertap.Selection{events("A"), {Stream: "events", Events: []string{"A"}, Name: "gold"}}, nil},
		{"ErrTwiceInOne", []clevertap.Selection{{Stream: "events", Event: "A", Events: []string{"A"}}}, []string{`"events/A"`}},
		{"ErrTwoStars", []clevertap.Selection{events("*", "*")}, []string{`"events/*"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := clevertap.New(cfg, tt.sel, clevertap.Options{})
			wantError(t, err, tt.want...)
		})
	}
}

package config

import (
	"testing"
	"time"
)

func TestCron(t *testing.T) {
	for text, ok := range map[string]bool{
		"15 0 * * *": true, "*/5 * * * *": true, "0 9-17/2 1,15 jan-mar,DEC Mon-fri": true, "0 0 29 2 *": true, "0 0 31 2 1": true,
		"5/10 * * * *": true, "0 0 * * 7": true, "\t0  0 * * *": true,
		"": false, "* * * *": false, "* * * * * *": false, "60 * * * *": false, "* 24 * * *": false, "* * 0 * *": false, "* * * 13 *": false,
		"* * * * 8": false, "a * * * *": false, "1- * * * *": false, "-1 * * * *": false, "+1 * * * *": false, "5-1 * * * *": false, "*/ * * * *": false,
		"*/0 * * * *": false, "*/x * * * *": false, ", * * * *": false, "0 0 30 2 *": false, "0 0 31 4,6 *": false, "@daily": false, "99999999999999999999 * * * *": false,
	} {
		if err := checkCron(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "3d": 72 * time.Hour, "1d12h": 36 * time.Hour, "1h30m": 90 * time.Minute, "1.5s": 1500 * time.Millisecond, "0s": 0,
		"": -1, "d": -1, "30": -1, "-3d": -1, "3 d": -1, "1h1d": -1, "99999d": -1 - 1, "9999999999h": -1, "99999d2562047h": -1, "x": -1,
	} {
		got, err := parseDuration(text)
		switch {
		case want == -2: // 99999 days fit
			if err != nil || got != 99999*24*time.Hour {
				t.Errorf("%q: %v, %v", text, got, err)
			}
		case (err != nil) != (want == -1) || err == nil && got != want:
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]Size{
		"256MB": 256e6, "256MiB": 256 << 20, "1.5GiB": 3 << 29, "1024": 1024, "0": 0, "64 kib": 64 << 10, "1G": 1e9,
		"": -1, "-1": -1, "1e3": -1, "1PB": -1, "MB": -1, "1,000": -1, "999999999999999999TiB": -1,
	} {
		var got Size
		if err := got.parse(text); (err != nil) != (want == -1) || err == nil && got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for size, want := range map[Size]string{0: "0", 1000: "1000", 1 << 10: "1KiB", 3 << 20: "3MiB", 1 << 30: "1GiB"} {
		if got := size.String(); got != want {
			t.Errorf("%d is shown as %s, want %s", int64(size), got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"table", "stream", "events", "event", "mode", "max_quarantined"}
	for got, want := range map[string]string{
		"tabel": "table", "Table": "table", "tables": "table", "steram": "stream", "evnt": "event", "max_quarantine": "max_quarantined",
		"mood": "", "x": "", "column": "", "": "", "éé": "",
	} {
		if n := nearest(got, known); n != want {
			t.Errorf("nearest to %q is %q, want %q", got, n, want)
		}
	}
}

func TestPieces(t *testing.T) {
	for text, want := range map[string]string{
		"plain": "plain", "${env:A}": "<env A>", "a${env:A}b${file:/x y}c": "a<env A>b<file /x y>c", "$${env:A}": "${env:A}", "$$": "$$", "a$b{c}": "a$b{c}", "": "",
		"$$${env:A}": "$${env:A}", "${file:a:b}": "<file a:b>",
		"${": "!", "${env:}": "!", "${env:1a}": "!", "${env}": "!", "${x:y}": "!", "${}": "!", "${env:A": "!",
	} {
		list, err := pieces(text)
		got := ""
		for _, p := range list {
			if p.from == "" {
				got += p.literal
				continue
			}
			got += "<" + p.from + " " + p.arg + ">"
		}
		if err != nil {
			got = "!"
		}
		if got != want {
			t.Errorf("%q is cut into %q, want %q", text, got, want)
		}
	}
}

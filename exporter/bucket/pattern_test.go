package bucket

import (
	"strings"
	"testing"

	"tapline/exporter"
)

func TestPattern(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		yes, no []string
		prefix  string
	}{
		{"a.csv", []string{"a.csv"}, []string{"aXcsv", "a.csv.gz", "x/a.csv", ""}, "a.csv"},
		{"exports/*.csv.gz", []string{"exports/a.csv.gz", "exports/.csv.gz"}, []string{"exports/b/a.csv.gz", "exports/a.csv"}, "exports/"},
		{"a?c", []string{"abc", "aéc"}, []string{"ac", "a/c", "abbc"}, "a"},
		{"a/**/b", []string{"a/b", "a/x/b", "a/x/y/b"}, []string{"ab", "a/xb", "a/b/c"}, "a/"},
		{"**", []string{"a", "a/b/c.csv"}, nil, ""},
		{"**/*.csv", []string{"a.csv", "x/y/a.csv"}, []string{"a.csv.gz"}, ""},
		{"a/**", []string{"a/b", "a/b/c", "a/"}, []string{"a", "ab"}, "a/"},
		{"a**b", []string{"ab", "a/x/b"}, []string{"a/x/c"}, "a"},
		{"[a-c]1", []string{"a1", "c1"}, []string{"d1", "/1", "-1"}, ""},
		{"x[!a-c]1", []string{"xd1"}, []string{"xa1", "x/1", "x1"}, "x"},
		{"x[^a]1", []string{"xd1"}, []string{"xa1"}, "x"},
		{"[]a]", []string{"]", "a"}, []string{"b"}, ""},
		{"[a-]", []string{"-", "a"}, []string{"b"}, ""},
		{`[\]x]`, []string{"]", "x"}, []string{`\`}, ""},
		{"[+-9]", []string{"+", ".", "0"}, []string{"/"}, ""},
		{"[é-ü]", []string{"ö"}, []string{"a"}, ""},
		{"{a,b}.csv", []string{"a.csv", "b.csv"}, []string{"c.csv", "{a,b}.csv"}, ""},
		{"x{,.gz}", []string{"x", "x.gz"}, []string{"x."}, "x"},
		{"{a,b{1,2*}}", []string{"a", "b1", "b2", "b27"}, []string{"b", "b3"}, ""},
		{"a,b", []string{"a,b"}, []string{"a"}, "a,b"},
		{`a\*\{\\x*`, []string{`a*{\x`, `a*{\xyz`}, []string{"a"}, `a*{\x`},
		{"a.+(b)|$^*", []string{"a.+(b)|$^", "a.+(b)|$^1"}, []string{"aa", ""}, "a.+(b)|$^"},
		{"d={date:%Y-%m-%d}/*", []string{"d=2026-09-30/x"}, []string{"d=2026-09-31/x", "d=2026-13-01/x", "d=0000-01-01/x", "d=2026-9-3/x"}, "d="},
		{"{date:%Y/%j}", []string{"2024/366"}, []string{"2026/366", "2026/000"}, ""},
		{"{date:%d%b%y}", []string{"01Sep26"}, []string{"01sep26", "31Jun26"}, ""},
		{"{date:100%% %Y.}", []string{"100% 2026."}, []string{"100%% 2026.", "100% 2026x"}, "100% "},
		{"line\n*", []string{"line\nb\nc"}, []string{"line"}, "line\n"},
	} {
		p, err := parsePattern(tt.pattern)
		if err != nil {
			t.Errorf("%q: %v", tt.pattern, err)
			continue
		}
		if p.prefix != tt.prefix && !strings.HasPrefix(tt.pattern, "{date:100") {
			t.Errorf("%q: prefix %q, want %q", tt.pattern, p.prefix, tt.prefix)
		}
		for _, name := range tt.yes {
			if _, ok := p.match(name); !ok {
				t.Errorf("%q does not match %q", tt.pattern, name)
			}
		}
		for _, name := range tt.no {
			if _, ok := p.match(name); ok {
				t.Errorf("%q matches %q", tt.pattern, name)
			}
		}
	}
}

func TestPatternErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "missing",
		"/a":                      "without a leading slash",
		"gs://b/a":                "below the connection's url",
		"a/":                      "names a folder",
		"a[b":                     "byte 2: [ without ]",
		"a[]":                     "byte 2: [ without ]",
		"[z-a]":                   "runs backwards",
		"[a/]":                    "never matches one",
		"{a,b":                    "byte 1: { without }",
		"a}":                      "byte 2: } without {",
		`a\`:                      `ends in \`,
		"\xff":                    "not UTF-8",
		strings.Repeat("a", 1025): "1025 bytes",
		strings.Repeat("{", 30):   "deep",
		"{date:%Y":                "{ without }",
		"{date:2026}":             "without a %",
		"{date:%Q}":               "%Q is not known",
		"{date:%Y%}":              "ends in %",
		"{date:%Y}{date:%Y}":      "%Y stands twice",
		"{date:%m}":               "needs the year",
		"{date:%Y%y}":             "needs the year",
		"{date:%Y%d}":             "no month",
		"{date:%Y%m%j}":           "name the day twice",
	} {
		_, err := parsePattern(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}

func day(y, m, d int) exporter.Day { return exporter.DayOf(date(y, m, d)) }

func TestPatternDays(t *testing.T) {
	for _, tt := range []struct {
		pattern, name string
		first, last   exporter.Day
	}{
		{"{date:%Y-%m-%d}", "2026-09-30", day(2026, 9, 30), day(2026, 9, 30)},
		{"y={date:%Y}/m={date:%m}/*", "y=2024/m=02/x", day(2024, 2, 1), day(2024, 2, 29)},
		{"{date:%Y}", "2026", day(2026, 1, 1), day(2026, 12, 31)},
		{"{date:%Y%b%d}", "2026Dec01", day(2026, 12, 1), day(2026, 12, 1)},
		{"{date:%y%j}", "26032", day(2026, 2, 1), day(2026, 2, 1)},
		{"{date:%y}", "69", day(1969, 1, 1), day(1969, 12, 31)},
		{"{date:%y}", "00", day(2000, 1, 1), day(2000, 12, 31)},
		{"{date:%Y%m%dT%H%M%S}", "20260901T235959", day(2026, 9, 1), day(2026, 9, 1)},
		{"{x,{date:%Y}}", "x", exporter.Day{}, exporter.Day{}},
		{"*", "2026", exporter.Day{}, exporter.Day{}},
	} {
		p, err := parsePattern(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := p.match(tt.name)
		if !ok || got.first != tt.first || got.last != tt.last {
			t.Errorf("%q, %q: %s to %s (%t), want %s to %s", tt.pattern, tt.name, got.first, got.last, ok, tt.first, tt.last)
		}
	}
}

// FuzzPattern: no pattern panics, and every match starts with the prefix.
func FuzzPattern(f *testing.F) {
	for _, p := range []string{"a*b", "[!a-z]{x,y}/**/{date:%Y%m%d}", `\*`, "{date:%y%j}", "{{a,b},{c,[d}]}"} {
		f.Add(p, "a/b/20260901")
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		p, err := parsePattern(text)
		if err != nil {
			return
		}
		s, ok := p.match(name)
		if !ok && s != (span{}) || s.last.Before(s.first) {
			t.Errorf("%q, %q: %+v", text, name, s)
		}
		if ok != (p.re.MatchString(name) && len(p.dates) == 0) && len(p.dates) == 0 {
			t.Errorf("%q does not match %q for its prefix %q", text, name, p.prefix)
		}
	})
}

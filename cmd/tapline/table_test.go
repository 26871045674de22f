package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTableFitsTheTerminal(t *testing.T) {
	tab := &table{heads: []string{"name", ">rows"}}
	tab.add("a name that is much longer than the terminal is wide", "1,204,551")
	tab.add("日本語", "7")
	for _, c := range []struct {
		width int
		want  string
	}{
		{30, "name                      rows\na name that is muc…  1,204,551\n日本語                       7\n"},
		{unlimited, "" +
			"name                                                       rows\n" +
			"a name that is much longer than the terminal is wide  1,204,551\n" +
			"日本語                                                        7\n"},
	} {
		var b strings.Builder
		(&printer{w: &b, width: c.width}).table(tab)
		if diff := cmp.Diff(c.want, b.String()); diff != "" {
			t.Errorf("at width %d (-want +got):\n%s", c.width, diff)
		}
	}
}

// Names come from vendors: they may not move the cursor of whoever reads them.
func TestPrinterStripsControls(t *testing.T) {
	var b strings.Builder
	p := &printer{w: &b}
	p.line("%s|%v", "a\x1b[2Jb\rc\u202ed", "x\ny")
	tab := &table{heads: []string{"h"}}
	tab.add("\x1b]0;title\a")
	p.table(tab)
	if got := b.String(); strings.ContainsAny(got, "\x1b\r\a\u202e") || !strings.Contains(got, "|x y\n") {
		t.Errorf("printed %q", got)
	}
}

func TestNumbersForPeople(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1204551: "1,204,551", -1000: "-1,000"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int64]string{999: "999 B", 1000: "1 kB", 412_000_000: "412 MB", 1_300_000_000: "1.3 GB"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestDecimal(t *testing.T) {
	for v, want := range map[float64]string{0: "0", -0.5: "-0.5", 97.9: "97.9", 11504612: "11,504,612", 1234.56789: "1,234.5679",
		1e-9: "1e-09", 1e20: "1e+20", 0.1 + 0.2: "0.3"} {
		if got := decimal(v); got != want {
			t.Errorf("decimal(%g) = %s, want %s", v, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"run", "runs", "plan", "backfill"}
	for word, want := range map[string]string{"rum": "run", "plam": "plan", "bakfil": "backfill", "something": "", "": ""} {
		if got := nearest(word, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

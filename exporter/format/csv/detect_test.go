package csv

import (
	"errors"
	"strings"
	"testing"

	"tapline/exporter"
)

func TestDetect(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		o             Options
		want          string
		columns       string
	}{
		{"Comma", "a,b\n1,2\n", Options{}, `comma, quote ", header, utf-8`, "a|b"},
		{"CommaInTexts", "id,text\n1,\"a; b; c\"\n2,\"d; e; f\"\n", Options{}, `comma, quote ", header, utf-8`, "id|text"},
		{"Semicolon", "a;b\n1,5;2\n3,5;4\n", Options{}, `semicolon, quote ", header, utf-8`, "a|b"},
		{"Tab", "a\tb\n1\t2\n", Options{}, `tab, quote ", header, utf-8`, "a|b"},
		{"Pipe", "a|b\n1|2\n", Options{}, `pipe, quote ", header, utf-8`, "a|b"},
		{"Colon", "name:uid\nroot:0\ndaemon:1\n", Options{}, `delimiter ':', quote ", header, utf-8`, "name|uid"},
		{"NotColon", "when\n10:20\n11:20\n", Options{}, `one column, quote ", header, utf-8`, "when"},
		{"Addresses", "aa:bb:cc\ndd:ee:ff\n", Options{}, `one column, quote ", header, utf-8`, "aa:bb:cc"},
		{"OneColumn", "text\na, b\nc\nd, e, f\n", Options{}, `one column, quote ", header, utf-8`, "text"},
		{"HeaderOnly", "a,b,c\n", Options{}, `comma, quote ", header, utf-8`, "a|b|c"},
		{"OneWord", "a", Options{}, `one column, quote ", header, utf-8`, "a"},
		{"Backslash", "a,b\n1,\"x \\\" y\"\n", Options{}, `comma, quote ", escape \, header, utf-8`, "a|b"},
		{"Doubled", "a,b\n1,\"x \\\"\" y\"\n", Options{}, `comma, quote ", header, utf-8`, "a|b"},
		{"Single", "'a','b'\n'1,5','2'\n", Options{}, `comma, quote ', header, utf-8`, "a|b"},
		{"Apostrophes", "a,b\n'tis,don't\nit's,'\n", Options{}, `comma, quote ", header, utf-8`, "a|b"},
		{"NoHeader", "1,x\n2,y\n", Options{}, `comma, quote ", no header, utf-8`, "column1|column2"},
		{"NoHeaderOfDates", "x,2026-09-01\ny,2026-09-02\n", Options{}, `comma, quote ", no header, utf-8`, "column1|column2"},
		{"HeaderOfYears", "name,2024,2025\nx,a,b\n", Options{}, `comma, quote ", header, utf-8`, "name|2024|2025"},
		{"HeaderOfTexts", "name,city\nx,y\n", Options{}, `comma, quote ", header, utf-8`, "name|city"},
		{"Comment", "# by hand, today, twice\na,b\n1,2\n", Options{}, `comma, quote ", comment #, header, utf-8`, "a|b"},
		{"NoComment", "#,b\n1,2\n", Options{}, `comma, quote ", header, utf-8`, "#|b"},
		{"Skip", "x\ny\na,b\n1,2\n", Options{Skip: 2}, `comma, quote ", 2 lines skipped, header, utf-8`, "a|b"},
		{"BOM", "\ufeffa,b\n1,2\n", Options{}, `comma, quote ", header, utf-8`, "a|b"},
		{"Latin1", "a,b\n1,caf\xe9\n", Options{}, `comma, quote ", header, latin-1`, "a|b"},
		{"DamagedUTF8", "a,b\n1,\u65e5\u672c\xff\n", Options{}, `comma, quote ", header, utf-8`, "a|b"},
		{"Control", "a\x01b\n1\x012\n", Options{}, `delimiter '\x01', quote ", header, utf-8`, "a|b"},
		{"Pinned", "a,b\n1,2\n", Options{Delimiter: "semicolon", Quote: "none", Header: "no", Encoding: "latin-1"}, `semicolon, no quotes, no header, latin-1`, "column1"},
		{"PinnedNone", "a,b\n1,2\n", Options{Delimiter: "none"}, `one column, quote ", header, utf-8`, "a,b"},
		{"PinnedNoEscape", "a,b\n1,2\n", Options{Escape: "none"}, `comma, quote ", no escape, header, utf-8`, "a|b"},
		{"Empty", "", Options{}, `one column, quote ", header, utf-8`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Detect([]byte(tt.content), true, tt.o)
			if err != nil {
				t.Fatal(err)
			}
			if got := d.String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if got := strings.Join(d.Columns, "|"); got != tt.columns {
				t.Errorf("columns %s, want %s", got, tt.columns)
			}
		})
	}
}

func TestDetectErrors(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		complete      bool
		o             Options
		want          string
	}{
		{"NoEnd", "a,b", false, Options{}, "first record does not end"},
		{"OpenQuote", "\"a,b\n", true, Options{Delimiter: ",", Quote: `"`}, "no record can be read"},
		{"SkipTooMany", "a\n", true, Options{Skip: 1}, ""},
		{"SkipBeyond", "a\nb", false, Options{Skip: 2}, "lines to skip"},
		{"NUL", "a\x00,b\n1,2\n", true, Options{Encoding: UTF8}, "column 1"},
		{"TooMany", strings.Repeat("a,", maxColumns+1) + "\n", true, Options{}, "more than"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Detect([]byte(tt.content), tt.complete, tt.o)
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !errors.Is(err, exporter.ErrContent)):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		o    Options
		want string // the key
	}{
		{Options{}, ""},
		{Options{Delimiter: "tab", Quote: "'", Escape: "backslash", Comment: "#", Header: "auto", Encoding: "UTF-8", Skip: 1, MaxRecord: 1 << 20}, ""},
		{Options{Delimiter: ",,"}, "delimiter"},
		{Options{Delimiter: "\n"}, "delimiter"},
		{Options{Delimiter: "\u00e9"}, "delimiter"},
		{Options{Delimiter: ",", Quote: ","}, "quote"},
		{Options{Quote: "#", Comment: "#"}, "comment"},
		{Options{Delimiter: ",", Escape: ","}, "escape"},
		{Options{Header: "perhaps"}, "header"},
		{Options{Encoding: "utf-7"}, "encoding"},
		{Options{Skip: -1}, "skip"},
		{Options{MaxRecord: -1}, "max_record"},
		{Options{MaxRecord: 1 << 30}, "max_record"},
	} {
		err := tt.o.Validate()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want+":")) {
			t.Errorf("%+v: %v, want %q", tt.o, err, tt.want)
		}
	}
}

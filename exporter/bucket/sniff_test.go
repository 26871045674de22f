package bucket

import (
	"errors"
	"strings"
	"testing"

	"tapline/exporter"
)

func TestSniff(t *testing.T) {
	for _, tt := range []struct{ content, want string }{
		{"a,b\n1,2\n", "csv"}, {"", "csv"}, {"\n\n", "csv"}, {"\xef\xbb\xbfa,b\n", "csv"}, {"caf\xe9;x\n", "csv"},
		{"\xff\xfea\x00,\x00b\x00\n\x00", "csv"}, {"a\x00,\x00b\x00\n\x001\x00,\x002\x00", "csv"},
		{"PAR1....", "parquet"}, {"PK\x03\x04....", "xlsx"}, {"ORC,b\n1,2\n", "csv"}, {"{date},x\n", "csv"},
		{`{"a":1}`, "json"}, {" \n{ \"a\":1}", "json"}, {"{}", "json"}, {"{", "json"}, {`[{"a":1}]`, "json"}, {"[ ]\n", "json"}, {"[\n {}]", "json"},
		{"\xff\xfe{\x00\"\x00a\x00\"\x00:\x001\x00}\x00", "json"},
		{"\xef\xbb\xbf{\"a\":1}", "json"}, {"Order Placed\n{\"a\":1}\n", "json"}, {"\"Order, Placed\"\r\n{\"a\":1}\n", "json"},
		{"[a, b]\n", "csv"}, {"a\n{}\n", "csv"}, {"[]x\n", "csv"}, {"a,b\n\"{\"\"x\"\":1}\",2\n", "csv"},
		{"<a,b\n", "csv"}, {"<-- x -->,b\n", "csv"},
		{"<?xml version='1.0'?><root/>", "!XML"}, {"\n<root><Event/>", "!XML"}, {"<!DOCTYPE html>", "!XML"},
		{"Obj\x01....", "!Avro"}, {"ORC\x00\x00\x01\x02\x03", "!ORC"}, {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "!.xlsx"},
		{"%PDF-1.7", "!PDF"}, {"\x00\x01\x02\x03\x04", "!neither text"}, {strings.Repeat("\x02\x80", 100), "!neither text"},
	} {
		got, err := sniff([]byte(tt.content))
		want, failing := strings.CutPrefix(tt.want, "!")
		switch {
		case failing && (!errors.Is(err, exporter.ErrContent) || !strings.Contains(err.Error(), want)):
			t.Errorf("%.20q: %q and error %v, want one of %v with %q", tt.content, got, err, exporter.ErrContent, want)
		case !failing && (err != nil || got != want):
			t.Errorf("%.20q: %q and error %v, want %q", tt.content, got, err, want)
		}
	}
}

func TestFormatOf(t *testing.T) {
	for _, tt := range []struct{ pin, content, want string }{
		{"csv", `{"a":1}`, "csv"}, {"json", "a,b\n", "json"}, {"", "PAR1", "parquet"}, {"auto", "PK\x03\x04", "xlsx"},
		{"csv", "<a>,b\n", "csv"}, {"csv", "\x00\x00\x00", "csv"},
		{"csv", "PAR1", ""}, {"parquet", "a,b\n", ""}, {"xlsx", "PAR1", ""}, {"parquet", "\x00\x00", ""},
	} {
		e := &entry{}
		e.Format = tt.pin
		got, err := e.formatOf([]byte(tt.content))
		if got != tt.want || (err != nil) != (tt.want == "") || err != nil && !errors.Is(err, exporter.ErrContent) {
			t.Errorf("%q, %q: %q and error %v, want %q", tt.pin, tt.content, got, err, tt.want)
		}
	}
}

func FuzzSniff(f *testing.F) {
	f.Add([]byte("a,b\n1,2\n"))
	f.Add([]byte("[ { \"a\":1}]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := sniff(b)
		if (err != nil) != (got == "") || err != nil && !errors.Is(err, exporter.ErrContent) {
			t.Errorf("%q and error %v", got, err)
		}
	})
}

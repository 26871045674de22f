package csv

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/format"
)

var seeds = []string{
	"", "a\n", "a,b\n1,2\n", "a,b\r\n1,\"x\r\ny\"\r\n", "a;b\n1;\"\"\n", "a,b\n1,\"un\n", "\ufeffa\n1", "a\tb\n\"x\"y\tz\n", "a,b\n1,\"\"\"\"\n2,\"a\"\"b\"",
	"# c\na,b\n1,2\n", "a,b\r1,2\r", "a,b\n\xff,\x00\n", "a\x00,\x00b\x00\n\x001\x00,\x002\x00\n\x00", "ts,n\n20260901100000,1.50\n20260901100000,x\n",
	"a,b\n1,\"x\\\"y\"\n", "'a';'b'\n'1';'2'\n", "a,b,\n1,2\n3,4,5,6\n", "a,b\na,b\n", "\n\n\na\n\n1\n\x1a",
}

// FuzzRead reads anything: it never panics, its numbers add up, the readings of
// one content are the same, and the options that pin what was found change nothing.
func FuzzRead(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s), byte(0))
	}
	f.Fuzz(func(t *testing.T, text []byte, how byte) {
		o := Options{MaxRecord: 1024}
		if how&1 != 0 {
			o = Options{MaxRecord: 64, Delimiter: ",", Quote: `"`, Escape: `"`, Header: "no", Encoding: UTF8}
		}
		if how&2 != 0 {
			o.Escape = `\`
		}
		if how&4 != 0 {
			o.Null = []string{"1", "x"}
		}
		lay := Layout{Times: []Time{{Column: "ts"}, {Column: "column1"}}}
		want, err := all(t, text, 0, o, lay, format.Batching{}, "")
		if err != nil {
			if !errors.Is(err, exporter.ErrContent) {
				t.Fatal(err)
			}
			return
		}
		if got := int64(len(want.rows)) + want.whole; got != want.read {
			t.Errorf("%d rows and rejects of %d read", got, want.read)
		}
		bt := format.Batching{Rows: 1 + int(how>>4)}
		got, err := all(t, text, 1+int(how>>3), o, lay, bt, "")
		if err != nil {
			t.Fatal(err)
		}
		want.same(t, got)
		if n := len(got.cursors); n > 0 {
			resume(t, text, o, lay, bt, int(how)%n)
		}
	})
}

// reference reads what the parent package of the language reads, if it does.
func reference(text []byte, delim rune) ([][]string, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord = delim, -1
	return r.ReadAll()
}

// FuzzFields compares the fields of what encoding/csv reads.
func FuzzFields(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.ContainsAny(text, "\r\x00\x1a") || !utf8.Valid(text) || bytes.HasPrefix(text, []byte("\ufeff")) {
			return
		}
		want, err := reference(text, ',')
		if err != nil {
			return
		}
		x := newIndex(syntax{delim: ',', quote: '"', escape: '"', maxRecord: 1 << 20, maxFields: 1 << 12}, maxStarts)
		for _, regular := range []bool{true, false} {
			x.reset()
			x.regular = regular
			buf := append(bytes.Clone(text), make([]byte, slack)...)
			x.prepare(text)
			if end := x.scan(buf, 0, len(text), true); end != len(text) {
				t.Fatalf("scanned %d of %d bytes", end, len(text))
			}
			var got [][]string
			for _, r := range x.records {
				if r.fields == 1 && x.start(r) == int(r.end) {
					continue
				}
				var row []string
				for _, v := range x.cells(buf, r) {
					row = append(row, string(v))
				}
				got = append(got, row)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("fast %v (-want +got):\n%s", regular, diff)
			}
		}
	})
}

// What fast reads, it reads as exact does.
func TestFastIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	alphabets := []string{"abc,,\n\"", "aaaaaaaaaaaaaaaaaaaaa,,,,\n", "a,\n\"\"\"\r", "a,\"\n\u65e5", "aaaaaaaaaaaaaaaaaa,,,\"\r\n"}
	words := []string{",", ",", "\n", "\r\n", "\"a\"", "\"a,\n\"", "\"\"\"\"", "aaa", "\u65e5\u672c", "\"\r\n\"", "", "a\"a"}
	for i := range 4000 {
		var b []byte
		alphabet := []rune(alphabets[i%len(alphabets)])
		for range r.IntN(300) {
			if i%3 == 0 {
				b = append(b, words[r.IntN(len(words))]...)
			} else {
				b = utf8.AppendRune(b, alphabet[r.IntN(len(alphabet))])
			}
		}
		s := syntax{delim: ',', quote: '"', escape: '"', maxRecord: 1 << (3 + r.IntN(10)), maxFields: 1 + r.IntN(8)}
		if i%7 == 0 {
			s.quote, s.escape = 0, 0
		}
		var got [2][]string
		for k := range got {
			x := newIndex(s, 400)
			if k == 1 {
				x.regular = false
			}
			got[k] = x.describe(b)
		}
		if diff := cmp.Diff(got[1], got[0]); diff != "" {
			t.Fatalf("%q (-exact +fast):\n%s", b, diff)
		}
	}
}

// describe lists the records of text, scanned as often as there is room for.
func (x *index) describe(text []byte) (out []string) {
	buf := append(bytes.Clone(text), make([]byte, slack)...)
	x.prepare(text)
	for lo := 0; lo < len(text); {
		x.reset()
		end := x.scan(buf, lo, len(text), true)
		for _, r := range x.records {
			line := fmt.Sprintf("%d-%d %d:", x.start(r), r.end, r.fields)
			for i := range min(int(r.fields), x.maxFields-1) {
				s := x.span(r, i)
				line += fmt.Sprintf(" %d-%d", s.From, s.To)
			}
			out = append(out, line)
		}
		if x.cutShort() {
			_, end = x.line(text, end, true)
		}
		lo = end
	}
	return out
}

// FuzzCell checks that the text of a cell comes back from its value, and what
// kind it is against a plain reading of the rules.
func FuzzCell(f *testing.F) {
	for _, s := range []string{"1", "-0", "007", "1.50", "2.0", "1.0E7", "1e16", "1e+16", "12e5", "0.1", "-0.0", "123456789012345678", "9223372036854775808",
		"0.30000000000000004", "1125899906842623.10", "100000000000000000000.0", "2026-09-01", "2026-02-29", "2026-09-01T10:00:00.123456+05:30", "true", "$D_12", "NaN", "1.7976931348623157e+308", "9007199254740993.0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" {
			return
		}
		ty := newTyper(t)
		k := ty.kinds([]byte(text))
		switch k & exporter.Values {
		case exporter.Int, exporter.Long:
			if strconv.FormatInt(ty.i, 10) != text {
				t.Errorf("%q is %d", text, ty.i)
			}
		case exporter.Float:
			v, err := strconv.ParseFloat(text, 64)
			if err != nil || v != ty.f {
				t.Fatalf("%q is %v, want %v", text, ty.f, v)
			}
			if typ := k.Staged(); typ.Name() == "float64" && string(k.AppendFloat(nil, ty.f)) != text {
				t.Errorf("%q comes back as %q (%v)", text, k.AppendFloat(nil, ty.f), k)
			}
			if (k&exporter.Odd != 0) != strings.ContainsAny(text, "eE") && len(text) < 15 {
				t.Errorf("%q is odd: %v", text, k&exporter.Odd != 0)
			}
		case exporter.Date:
			if got := fmt.Sprint(exporter.AppendTime(nil, ty.i*86400e6)); text+"T00:00:00Z" != string(exporter.AppendTime(nil, ty.i*86400e6)) {
				t.Errorf("%q is %s", text, got)
			}
		case exporter.Bool:
			if strconv.FormatBool(ty.i == 1) != strings.ToLower(text) {
				t.Errorf("%q is %d", text, ty.i)
			}
		case exporter.Text:
			if _, err := strconv.ParseInt(text, 10, 64); err == nil && text[0] != '+' && text[0] != '0' && text[:min(2, len(text))] != "-0" {
				t.Errorf("%q is text", text)
			}
		}
	})
}

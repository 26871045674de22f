package csv

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/format"
)

// messy is a content with every kind of row and cell, good and bad.
func messy(r *rand.Rand, rows int) string {
	cells := []string{"", "", "1", "22", "-7", "9007199254740993", "1.5", "1.50", "2.0", "1.0E7", "true", "FALSE", "2026-09-01", "2026-09-01T10:00:00Z",
		"2026-09-01 10:00:00.25", "x", "some words here", "a longer text than sixteen bytes", `"quoted"`, `"with, comma"`, "\"two\nlines\"", `"a ""b"" c"`,
		"\u65e5\u672c\u8a9e", "\xff", "\x00", "007", "+91", "$D_1500000000", `""`, "20260901100000", "4f3a2b", "abc\"def"}
	var b strings.Builder
	b.WriteString("ts,a,b,c\n")
	for range rows {
		switch r.IntN(40) {
		case 0:
			b.WriteString("1,2\n")
		case 1:
			b.WriteString("\n")
		case 2:
			b.WriteString("ts,a,b,c\n")
		case 3:
			b.WriteString("1,\"no\" way,3,4\n")
		}
		narrow := r.IntN(3) > 0
		for i := range 4 {
			if i > 0 {
				b.WriteByte(',')
			}
			switch {
			case i == 0 && r.IntN(20) > 0:
				fmt.Fprintf(&b, "202609%02d1000%02d", 1+r.IntN(30), r.IntN(60))
			case narrow:
				b.WriteString(cells[2+r.IntN(2)+4*max(i-1, 0)*r.IntN(2)])
			default:
				b.WriteString(cells[r.IntN(len(cells))])
			}
		}
		b.WriteString([]string{"\n", "\n", "\n", "\r\n", "\r"}[r.IntN(4+r.IntN(2))])
	}
	return b.String()
}

// Rows, kinds, rejects and places depend on the content alone: not on how it
// comes in, on the size of batches or on where it is read from.
func TestInvariance(t *testing.T) {
	lay := Layout{Times: []Time{{Column: "ts"}}}
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		text := []byte(messy(r, 1+r.IntN(300)))
		o := Options{Null: []string{"x"}, Encoding: UTF8, Quote: `"`, Escape: `"`, Delimiter: ","}
		want, err := all(t, text, 0, o, lay, format.Batching{}, "")
		if err != nil {
			t.Fatal(err)
		}
		if want.bytes != int64(len(text)) {
			t.Errorf("%d bytes of %d", want.bytes, len(text))
		}
		for _, bt := range []format.Batching{{Rows: 1}, {Rows: 7}, {Rows: 100}, {Bytes: 1}, {Bytes: 3000}} {
			got, err := all(t, text, 1+r.IntN(100), o, lay, bt, "")
			if err != nil {
				t.Fatal(err)
			}
			want.same(t, got)
			k := r.IntN(len(got.cursors))
			resume(t, text, o, lay, bt, k)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// The same for a content of many windows, and records larger than one.
func TestWindows(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	long := strings.Repeat("0123456789\n", 30000)
	parts := []string{messy(r, 12000), "20260901100000,\"" + long + "\",2,3\n", messy(r, 10), "\"20260901100000,1,2,3\n", "1," + long[:40000] + ",2\n", strings.Repeat("z", 500000) + "\n", messy(r, 5000)}
	text := []byte(strings.Join(parts, ""))
	o := Options{Encoding: UTF8, MaxRecord: 400000}
	lay := Layout{Times: []Time{{Column: "ts"}}}
	want, err := all(t, text, 0, o, lay, format.Batching{Rows: 1 << 20}, "")
	if err != nil {
		t.Fatal(err)
	}
	if want.read < 15000 || len(want.cursors) != 1 {
		t.Fatalf("%d rows in %d batches", want.read, len(want.cursors))
	}
	for _, bt := range []format.Batching{{Rows: 1000}, {Bytes: 100000}} {
		got, err := all(t, text, 5000, o, lay, bt, "")
		if err != nil {
			t.Fatal(err)
		}
		want.same(t, got)
		resume(t, text, o, lay, bt, len(got.cursors)/2)
	}
}

// same checks that two readings of one content said the same.
func (o *table) same(t *testing.T, got table) {
	t.Helper()
	if diff := cmp.Diff(o.rows, got.rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(o.rejects, got.rejects); diff != "" {
		t.Errorf("rejects (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(o.kinds, got.kinds); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(o.first, got.first); diff != "" {
		t.Errorf("first cells (-want +got):\n%s", diff)
	}
	if o.read != got.read || got.bytes > o.bytes { // blank lines at the end may be of no batch
		t.Errorf("%d rows of %d bytes, want %d of %d", got.read, got.bytes, o.read, o.bytes)
	}
}

// resume reads a content up to the cursor of batch k, and on from there.
func resume(t *testing.T, text []byte, o Options, lay Layout, bt format.Batching, k int) {
	t.Helper()
	whole, err := all(t, text, 0, o, lay, bt, "")
	if err != nil {
		t.Fatal(err)
	}
	var both table
	both.kinds, both.first = map[string]exporter.Kinds{}, map[string]string{}
	for batch, err := range Read(t.Context(), content(text, 0), o, lay, bt, "") {
		if err != nil {
			t.Fatal(err)
		}
		both.add(t, batch)
		if len(both.cursors) > k {
			break
		}
	}
	for batch, err := range Read(t.Context(), content(text, 0), o, lay, bt, both.cursors[k]) {
		if err != nil {
			t.Fatal(err)
		}
		both.add(t, batch)
	}
	whole.same(t, both)
}

// The same holds for other encodings, whose offsets are not those of the text.
func TestEncodings(t *testing.T) {
	text := "name,n\ncaf\u00e9,1\n\u00fc\u00fc,2\nz,3\n4\n\u00e4,5\n"
	units := func(low int, s string) []byte {
		var b []byte
		for _, r := range s {
			u := [2]byte{}
			u[low], u[1-low] = byte(r), byte(r>>8)
			b = append(b, u[:]...)
		}
		return b
	}
	latin := func() (b []byte) {
		for _, r := range text {
			b = append(b, byte(r))
		}
		return b
	}()
	for _, tt := range []struct {
		name    string
		content []byte
		place   string
	}{
		{"UTF8", []byte(text), "line 5, byte 26"},
		{"Latin1", latin, "line 5, byte 23"},
		{"UTF16LE", units(0, "\ufeff"+text), "line 5, byte 48"},
		{"UTF16BE", units(1, "\ufeff"+text), "line 5, byte 48"},
		{"UTF16LEBare", units(0, text), "line 5, byte 46"},
		{"UTF16BEBare", units(1, text), "line 5, byte 46"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, rows := range []int{1, 100} {
				got, err := all(t, tt.content, 3, Options{}, Layout{}, format.Batching{Rows: rows}, "")
				if err != nil {
					t.Fatal(err)
				}
				want := []string{"n=1 name=caf\u00e9", "n=2 name=\u00fc\u00fc", "n=3 name=z", "n=5 name=\u00e4"}
				if diff := cmp.Diff(want, got.rows); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if diff := cmp.Diff([]string{"3  csv.fields @a.csv, " + tt.place + ": 4"}, got.rejects); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				for k := range got.cursors {
					resume(t, tt.content, Options{}, Layout{}, format.Batching{Rows: rows}, k)
				}
			}
		})
	}
}

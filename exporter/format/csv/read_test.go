package csv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/format"
)

// content is an Input of b that gives out chunk bytes at a time; 0 = all.
func content(b []byte, chunk int) format.Input {
	return format.Input{Name: "a.csv", Size: int64(len(b)), Open: func(_ context.Context, p format.Place) (format.Stream, error) {
		if p.Offset > int64(len(b)) {
			return nil, exporter.ErrContent
		}
		s := &stream{b: b[p.Offset:], chunk: chunk}
		s.at.Store(p.Offset)
		return s, nil
	}}
}

type stream struct {
	b     []byte
	at    atomic.Int64 // Place may be asked for during a Read
	last  int64
	chunk int
	fail  error // instead of io.EOF
}

func (s *stream) Close() error { return nil }

func (s *stream) Read(p []byte) (int, error) {
	if len(s.b) == 0 {
		if s.fail != nil {
			return 0, s.fail
		}
		return 0, io.EOF
	}
	if s.chunk > 0 && len(p) > s.chunk {
		p = p[:s.chunk]
	}
	n := copy(p, s.b)
	s.b = s.b[n:]
	s.at.Add(int64(n))
	return n, nil
}

func (s *stream) Place(offset int64) format.Place {
	if at := s.at.Load(); offset > at || offset < s.last {
		panic(fmt.Sprintf("place %d after %d of %d read", offset, s.last, at))
	}
	s.last = offset
	return format.Place{Offset: offset}
}

// A table is everything that batches said, row by row.
type table struct {
	rows    []string // cells by name: "a=1 b=<kind>x"; rejected rows apart
	kinds   map[string]exporter.Kinds
	rejects []string // "row column reason @place: raw"
	whole   int64    // rejected whole
	read    int64
	bytes   int64
	cursors []exporter.Cursor
	first   map[string]string // "column kind" -> "row: text"
}

// all reads a content to its end.
func all(t testing.TB, b []byte, chunk int, o Options, lay Layout, bt format.Batching, after exporter.Cursor) (table, error) {
	t.Helper()
	out := table{kinds: map[string]exporter.Kinds{}, first: map[string]string{}}
	var failed error
	for batch, err := range Read(context.Background(), content(b, chunk), o, lay, bt, after) {
		if failed != nil {
			t.Fatal("a batch after an error")
		}
		if err != nil {
			failed = err
			continue
		}
		out.add(t, batch)
	}
	return out, failed
}

func (o *table) add(t testing.TB, b exporter.Batch) {
	t.Helper()
	rows := int64(0)
	if b.Record != nil {
		rows = b.Record.NumRows()
		for i, k := range b.Kinds {
			o.kinds[b.Record.ColumnName(i)] |= k
		}
		for _, f := range b.First {
			key := b.Record.ColumnName(f.Column) + " " + f.Kind.String()
			if _, ok := o.first[key]; !ok {
				o.first[key] = fmt.Sprintf("%d: %s", o.read+f.Row, f.Text)
			}
		}
		for r := range int(rows) {
			var line []string
			for i, col := range b.Record.Columns() {
				if !col.IsNull(r) {
					line = append(line, b.Record.ColumnName(i)+"="+show(t, col, b.Kinds[i], r))
				}
			}
			o.rows = append(o.rows, strings.Join(line, " "))
		}
	}
	whole := int64(0)
	last := int64(-1)
	for _, r := range b.Rejects {
		if r.Column == "" {
			whole++
		}
		if r.Row < last || r.Row >= b.Rows {
			t.Errorf("reject of row %d behind one of row %d, of %d", r.Row, last, b.Rows)
		}
		last = r.Row
		o.rejects = append(o.rejects, fmt.Sprintf("%d %s %s @%s: %s", o.read+r.Row, r.Column, r.Reason, r.Place, r.Raw))
	}
	if rows+whole != b.Rows {
		t.Errorf("%d rows and %d rejected of %d read", rows, whole, b.Rows)
	}
	o.whole += whole
	o.read += b.Rows
	o.bytes += b.Bytes
	o.cursors = append(o.cursors, b.Cursor)
}

func show(t testing.TB, col arrow.Array, k exporter.Kinds, r int) string {
	switch a := col.(type) {
	case *array.Boolean:
		return strconv.FormatBool(a.Value(r))
	case *array.Int64:
		return strconv.FormatInt(a.Value(r), 10)
	case *array.Float64:
		return string(k.AppendFloat(nil, a.Value(r)))
	case *array.Date32:
		return time.Unix(int64(a.Value(r))*86400, 0).UTC().Format(time.DateOnly)
	case *array.Timestamp:
		return string(exporter.AppendTime(nil, int64(a.Value(r))))
	case *array.String:
		return a.Value(r)
	}
	t.Fatalf("column of type %v", col.DataType())
	return ""
}

func TestRead(t *testing.T) {
	kolkata, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, content string
		o             Options
		rows          []string
		rejects       []string
	}{
		{name: "Empty"},
		{name: "HeaderOnly", content: "a,b,c\n"},
		{name: "HeaderWithoutEnd", content: "a,b,c"},
		{name: "OnlyBlank", content: "\n\r\n\n"},
		{name: "Simple", content: "a,b,c\n1,2,3\n", rows: []string{"a=1 b=2 c=3"}},
		{name: "NoFinalNewline", content: "a,b,c\n1,2,3", rows: []string{"a=1 b=2 c=3"}},
		{name: "CRLF", content: "a,b,c\r\n1,2,x\r\n3,4,y\r\n", rows: []string{"a=1 b=2 c=x", "a=3 b=4 c=y"}},
		{name: "CR", content: "a,b,c\r1,2,x\r3,4,y\r", rows: []string{"a=1 b=2 c=x", "a=3 b=4 c=y"}},
		{name: "MixedEnds", content: "a,b\r\n1,x\n2,y\r3,z\r\n\n\r\n4,w", rows: []string{"a=1 b=x", "a=2 b=y", "a=3 b=z", "a=4 b=w"}},
		{name: "BlankLines", content: "\n\na,b\n\n1,2\n\n\n3,4\n\n", rows: []string{"a=1 b=2", "a=3 b=4"}},
		{name: "CtrlZ", content: "a,b\r\n1,2\r\n\x1a", rows: []string{"a=1 b=2"}},
		{name: "BOM", content: "\ufeffa,b\n1,2\n", rows: []string{"a=1 b=2"}},
		{name: "BOMAndQuotes", content: "\ufeff\"a\",b\n1,2\n", rows: []string{"a=1 b=2"}},
		{name: "CommaInQuotes", content: "first,last,address\nJohn,Doe,\"120 any st.\nAnytown, WW\"\n", rows: []string{"address=120 any st.\nAnytown, WW first=John last=Doe"}},
		{name: "Escaped", content: "a,b\n1,\"ha \"\"ha\"\" ha\"\n3,\"\"\"\"\n4,\"\"\"x\"\n", rows: []string{`a=1 b=ha "ha" ha`, `a=3 b="`, `a=4 b="x`}},
		{name: "Backslash", content: "a,b\n1,\"ha \\\"ha\\\", ha\"\n2,\"back\\\\slash\"\n", rows: []string{`a=1 b=ha "ha", ha`, `a=2 b=back\slash`}},
		{name: "QuotedEmpty", content: "a,b,c\n1,\"\",\"\"\n\"\",\"\n\",x\n", rows: []string{"a=1", "b=\n c=x"}},
		{name: "QuotedCRLF", content: "a,b\r\n1,\"Once\r\nupon\"\r\n\"5\",\"6\"\r\n", rows: []string{"a=1 b=Once\r\nupon", "a=5 b=6"}},
		{name: "JSON", content: "k,v\n1,\"{\"\"type\"\": \"\"Point\"\", \"\"c\"\": [102.0, 0.5]}\"\n", rows: []string{`k=1 v={"type": "Point", "c": [102.0, 0.5]}`}},
		{name: "BareQuote", content: "a,b\n1,5\" pipe\n2,x\"\"y\n", rows: []string{`a=1 b=5" pipe`, `a=2 b=x""y`}},
		{name: "UTF8", content: "a,b\n1,\u65e5\u672c\n2,\u017cuk\n", rows: []string{"a=1 b=\u65e5\u672c", "a=2 b=\u017cuk"}},
		{name: "Ragged", content: "a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n", rows: []string{"a=1 b=2 c=3", "a=10 b=11 c=12"},
			rejects: []string{"1  csv.fields @a.csv, line 3, byte 12: 4,5", "2  csv.fields @a.csv, line 4, byte 16: 6,7,8,9"}},
		{name: "Unbalanced", content: "a,b\n1,x\n2,\"open\n3,y\n4,z\n", rows: []string{"a=1 b=x", "a=3 b=y", "a=4 b=z"},
			rejects: []string{"1  csv.quote @a.csv, line 3, byte 8: 2,\"open"}},
		{name: "BehindQuote", content: "a,b\n1,x\n2,\"no\" way\n3,\"y\"\n", rows: []string{"a=1 b=x", "a=3 b=y"},
			rejects: []string{"1  csv.quote @a.csv, line 3, byte 8: 2,\"no\" way"}},
		{name: "RepeatedHeader", content: "a,b\n1,x\na,b\n2,y\n", rows: []string{"a=1 b=x", "a=2 b=y"},
			rejects: []string{"1  csv.repeated_header @a.csv, line 3, byte 8: a,b"}},
		{name: "InvalidUTF8", content: "a,b\n1,\xff\u65e5\n2,\u65e5y\n", rows: []string{"a=1", "a=2 b=\u65e5y"},
			rejects: []string{"0 b text.invalid_utf8 @a.csv, line 2, byte 4: \\xff\u65e5"}},
		{name: "NUL", content: "a,b\n1,\"x\x00\"\n2,y\n", rows: []string{"a=1", "a=2 b=y"},
			rejects: []string{"0 b text.nul @a.csv, line 2, byte 4: \"x\\x00\""}},
		{name: "TooLarge", content: "a,b\n1,x\n2," + strings.Repeat("y", 2000) + "\n3,z\n", o: Options{MaxRecord: 1024}, rows: []string{"a=1 b=x", "a=3 b=z"},
			rejects: []string{"1  record.too_large @a.csv, line 3, byte 8: 2," + strings.Repeat("y", 1022)}},
		{name: "Latin1", content: "a,b\n1,caf\xe9\n2,\x80\n", rows: []string{"a=1 b=caf\u00e9", "a=2 b=\u20ac"}},
		{name: "OneColumn", content: "comment\nHello, world\nNo\nA, b, c\n", rows: []string{"comment=Hello, world", "comment=No", "comment=A, b, c"}},
		{name: "OneColumnOfTimes", content: "10:20:30\n11:20:30\n", o: Options{Header: "no"}, rows: []string{"column1=10:20:30", "column1=11:20:30"}},
		{name: "OneColumnQuoted", content: "a\n\"\"\nx\n\ny\n", rows: []string{"", "a=x", "a=y"}},
		{name: "Semicolon", content: "a;b;c\n1,5;2;x\n2,5;3;y\n", rows: []string{"a=1,5 b=2 c=x", "a=2,5 b=3 c=y"}},
		{name: "Tab", content: "a\tb\n1\tx, y\n2\tz, w\n", rows: []string{"a=1 b=x, y", "a=2 b=z, w"}},
		{name: "Pipe", content: "a|b\n1|x\n", rows: []string{"a=1 b=x"}},
		{name: "SingleQuotes", content: "'a';'b'\n'1;';'x'\n", rows: []string{"a=1; b=x"}},
		{name: "Comments", content: "# made by hand, today, twice\na,b\n1,x\n# 2,y\n3,z\n", rows: []string{"a=1 b=x", "a=3 b=z"}},
		{name: "NoComments", content: "#a,b\n1,x\n", rows: []string{"#a=1 b=x"}},
		{name: "Skip", content: "Report\nof today\na,b\n1,x\n", o: Options{Skip: 2}, rows: []string{"a=1 b=x"}},
		{name: "NoHeader", content: "1,x,2.5\n2,y,3.5\n", rows: []string{"column1=1 column2=x column3=2.5", "column1=2 column2=y column3=3.5"}},
		{name: "PinnedHeader", content: "1,2\n1,3\n", o: Options{Header: "yes"}, rows: []string{"1=1 2=3"}},
		{name: "EmptyNames", content: "a,,\n1,2,3\n", rows: []string{"a=1 column2=2 column3=3"}},
		{name: "TrailingDelimiter", content: "a,b,\n1,2,\n3,4,\n", rows: []string{"a=1 b=2", "a=3 b=4"}},
		{name: "TrailingDelimiterOfHeader", content: "a,b,\n1,2\n3,4\n", rows: []string{"a=1 b=2", "a=3 b=4"}},
		{name: "CaseOnly", content: "a,A\n1,2\n", rows: []string{"A=2 a=1"}},
		{name: "Null", content: "a,b\n1,NA\n\\N,x\n", o: Options{Null: []string{"NA", `\N`}}, rows: []string{"a=1", "b=x"}},
		{name: "Text", content: "a,b\n1,007\n2.50,true\n", o: Options{Text: []string{"*"}}, rows: []string{"a=1 b=007", "a=2.50 b=true"}},
		{name: "Numbers", content: "a\n1.50\n2\nx\n", rows: []string{"a=1.50", "a=2", "a=x"}},
		{name: "Zone", content: "a\n2026-09-01 10:00:00\n", rows: []string{"a=2026-09-01T04:30:00Z"}},
		{name: "Times", content: "ts,b\n20260901100000,1\n20260931100000,2\n,3\n", rows: []string{"ts=2026-09-01T04:30:00Z b=1", "b=2", "b=3"},
			rejects: []string{"1 ts value.time @a.csv, line 3, byte 22: 20260931100000"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, chunk := range []int{0, 1, 7} {
				got, err := all(t, []byte(tt.content), chunk, tt.o, Layout{Times: []Time{{Column: "ts"}}}, format.Batching{Zone: kolkata}, "")
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.rows, got.rows); diff != "" {
					t.Errorf("rows (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.rejects, got.rejects); diff != "" {
					t.Errorf("rejects (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		o             Options
		after         exporter.Cursor
		want          string
		is            error
	}{
		{"DuplicateHeader", "a,b,a\n1,2,3\n", Options{}, "", `columns 1 and 3 are both called "a"`, exporter.ErrContent},
		{"HeaderNotUTF8", "a,\u65e5,\u672c\xff\n1,2,3\n", Options{}, "", "column 3", exporter.ErrContent},
		{"Cursor", "a\n1\n", Options{}, "nonsense", "cursor", exporter.ErrCursorExpired},
		{"CursorLine", "a\n1\n", Options{}, "2 x", "cursor", exporter.ErrCursorExpired},
		{"Option", "a\n1\n", Options{Delimiter: "ab"}, "", "delimiter", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := all(t, []byte(tt.content), 0, tt.o, Layout{}, format.Batching{}, tt.after)
			if err == nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got %v", err)
			}
		})
	}
	in := content(nil, 0)
	in.Open = func(context.Context, format.Place) (format.Stream, error) {
		return &stream{b: append([]byte("a\n"), bytes.Repeat([]byte("1\n"), SampleSize)...), fail: exporter.ErrReplaced}, nil
	}
	var last error
	for _, err := range Read(context.Background(), in, Options{}, Layout{}, format.Batching{}, "") {
		last = err
	}
	if !errors.Is(last, exporter.ErrReplaced) || !strings.Contains(last.Error(), "a.csv, line ") {
		t.Errorf("got %v", last)
	}
}

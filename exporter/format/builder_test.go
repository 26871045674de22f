package format

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
)

func TestColumnTypes(t *testing.T) {
	null, yes, one, long := cell{}, cell{exporter.Bool, "true"}, cell{exporter.Int, "1"}, cell{exporter.Long, "9007199254740993"}
	half, day, instant, word := cell{exporter.Float, "5e-1"}, cell{exporter.Date, "1"}, cell{exporter.Time, "1500000"}, cell{exporter.Text, "x"}
	const isLong = "9007199254740993"
	for _, tt := range []struct {
		name  string
		cells []cell
		want  []seen
	}{
		{"Nothing", []cell{null, null}, []seen{}},
		{"Bool", []cell{yes, null}, []seen{{"c", "bool", "bool", []string{"true", "<null>"}}}},
		{"Int", []cell{null, one}, []seen{{"c", "int64", "int", []string{"<null>", "1"}}}},
		{"Long", []cell{one, long}, []seen{{"c", "int64", "int|long", []string{"1", isLong}}}},
		{"Float", []cell{one, half}, []seen{{"c", "float64", "int|float", []string{"1", "0.5"}}}},
		{"FloatFirst", []cell{half, one}, []seen{{"c", "float64", "int|float", []string{"0.5", "1"}}}},
		{"LongAndFloat", []cell{one, long, half}, []seen{{"c", "utf8", "int|long|float", []string{"1", isLong, "0.5"}}}},
		{"FloatAndLong", []cell{one, half, long}, []seen{{"c", "utf8", "int|long|float", []string{"1", "0.5", isLong}}}},
		{"BoolAndInt", []cell{yes, one}, []seen{{"c", "utf8", "bool|int", []string{"true", "1"}}}},
		{"Date", []cell{day}, []seen{{"c", "date32", "date", []string{"1970-01-02"}}}},
		{"Time", []cell{instant}, []seen{{"c", "timestamp[us, tz=UTC]", "time", []string{"1970-01-01T00:00:01.5Z"}}}},
		{"DateAndTime", []cell{day, instant}, []seen{{"c", "utf8", "date|time", []string{"1970-01-02", "1970-01-01T00:00:01.5Z"}}}},
		{"Padded", []cell{one, {exporter.Float, "1.50"}, {exporter.Float, "2.25"}}, []seen{{"c", "utf8", "int|float padded 2", []string{"1", "1.50", "2.25"}}}},
		{"PaddedAlone", []cell{{exporter.Float, "1.50"}, {exporter.Float, "2.25"}}, []seen{{"c", "float64", "float padded 2", []string{"1.5", "2.25"}}}},
		{"PaddedUnevenly", []cell{{exporter.Float, "1.50"}, {exporter.Float, "2.5"}}, []seen{{"c", "utf8", "float padded 1 2", []string{"1.50", "2.5"}}}},
		{"Dotted", []cell{{exporter.Float, "1.0"}, {exporter.Float, "1234567.25"}, word}, []seen{{"c", "utf8", "float|text dotted 1 2", []string{"1.0", "1234567.25", "x"}}}},
		{"Small", []cell{{exporter.Float, "0.000001"}, one, word}, []seen{{"c", "utf8", "int|float|text 6", []string{"0.000001", "1", "x"}}}},
		{"Odd", []cell{{exporter.Float, "2.5"}, {exporter.Float, "1.0E7"}}, []seen{{"c", "utf8", "float odd 1", []string{"2.5", "1.0E7"}}}},
		{"Text", []cell{one, half, yes, word}, []seen{{"c", "utf8", "bool|int|float|text", []string{"1", "0.5", "true", "x"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mem := newLeakCheck(t)
			b := NewBuilder(mem)
			for _, c := range tt.cells {
				b.BeginRow()
				c.put(t, b.Column("c"))
				b.EndRow()
			}
			batch := b.Flush()
			if diff := cmp.Diff(tt.want, look(t, batch)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			batch.Record.Release()
			b.Release()
			mem.check()
		})
	}
}

// An undone row leaves no trace in types, kinds or columns.
func TestUndo(t *testing.T) {
	mem := newLeakCheck(t)
	b := NewBuilder(mem)
	c := b.Column("c")
	row := func(fn func()) { b.BeginRow(); fn(); b.EndRow() }
	row(func() { c.Int(7) })
	b.BeginRow()
	c.Text([]byte("seven"))
	b.Column("other").Bool(true)
	b.AbortRow()
	mark := b.Mark()
	row(func() { c.Bool(true) })
	b.BeginRow()
	b.RejectCell(c, exporter.Reject{Reason: "cell"})
	b.RejectRow(exporter.Reject{Reason: "row"})
	b.Rollback(mark)
	row(func() { c.Float(0.5) })

	got := b.Flush()
	want := []seen{{"c", "float64", "int|float", []string{"7", "0.5"}}}
	if diff := cmp.Diff(want, look(t, got)); diff != "" || len(got.Rejects) != 0 || got.Rows != 2 {
		t.Errorf("%d rows, rejects %v (-want +got):\n%s", got.Rows, got.Rejects, diff)
	}
	got.Record.Release()
	if b.Flush().Record != nil {
		t.Error("a flush without rows has a record")
	}
}

// The texts of First are cut between runes.
func TestFirstIsCut(t *testing.T) {
	for _, tt := range []struct{ cell, want string }{
		{strings.Repeat("x", 64), strings.Repeat("x", 64)},
		{strings.Repeat("x", 65), strings.Repeat("x", 64)},
		{strings.Repeat("x", 63) + "東京", strings.Repeat("x", 63)},
		{strings.Repeat("x", 61) + "東京", strings.Repeat("x", 61) + "東"},
	} {
		b := NewBuilder(NewPool(0))
		b.BeginRow()
		b.RejectRow(exporter.Reject{Reason: "row"})
		b.BeginRow()
		b.Column("c").Text([]byte(tt.cell))
		b.EndRow()
		got := b.Flush()
		got.Record.Release()
		want := []exporter.First{{Column: 0, Kind: exporter.Text, Row: 1, Text: tt.want}}
		if diff := cmp.Diff(want, got.First); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestRowsWithoutColumns(t *testing.T) {
	b := NewBuilder(NewPool(0))
	for range 3 {
		b.BeginRow()
		b.EndRow()
	}
	b.BeginRow()
	b.RejectRow(exporter.Reject{Reason: "row"})
	got := b.Flush()
	if got.Record.NumRows() != 3 || got.Record.NumCols() != 0 || got.Rows != 4 {
		t.Errorf("%d rows by %d columns of %d read", got.Record.NumRows(), got.Record.NumCols(), got.Rows)
	}
}

// A record stays what it is while its Builder goes on.
func TestRetain(t *testing.T) {
	pool := NewPool(0)
	b := NewBuilder(pool, Declared{"n", exporter.Int})
	fill := func(from int) exporter.Batch {
		for i := range 1000 {
			b.BeginRow()
			b.Column("n").Int(int64(from + i))
			b.Column("s").Text(fmt.Append(nil, "row ", from+i))
			b.EndRow()
		}
		return b.Flush()
	}
	first := fill(0)
	want := look(t, first)
	for i := range 5 {
		fill(1000 * i).Record.Release()
	}
	if diff := cmp.Diff(want, look(t, first)); diff != "" {
		t.Errorf("the first record changed (-want +got):\n%s", diff)
	}
	held := pool.Held()
	first.Record.Release()
	if pool.Held() <= held {
		t.Errorf("the pool holds %d bytes as before: releasing a record returned nothing", held)
	}
}

func TestErrFull(t *testing.T) {
	b := NewBuilder(NewPool(0))
	b.maxText = 100
	put := func() Mark {
		m := b.Mark()
		b.BeginRow()
		b.Column("s").Text([]byte(strings.Repeat("x", 40)))
		b.EndRow()
		return m
	}
	put()
	put()
	if b.Err() != nil {
		t.Fatal(b.Err())
	}
	m := put()
	if !errors.Is(b.Err(), ErrFull) {
		t.Fatalf("got %v, want ErrFull", b.Err())
	}
	b.Rollback(m)
	if b.Err() != nil {
		t.Fatalf("after rolling back: %v", b.Err())
	}
	batch := b.Flush()
	defer batch.Record.Release()
	if batch.Record.NumRows() != 2 {
		t.Errorf("%d rows are left, want 2", batch.Record.NumRows())
	}
	if put(); b.Err() != nil {
		t.Errorf("after a flush: %v", b.Err())
	}
}

func TestErrFullOfRows(t *testing.T) {
	b := NewBuilder(NewPool(0))
	b.maxRows = 3
	for range 5 {
		b.BeginRow()
		b.Column("n").Int(1)
		b.EndRow()
	}
	if !errors.Is(b.Err(), ErrFull) || b.Rows() != 3 {
		t.Errorf("%d rows, %v; want 3 and ErrFull", b.Rows(), b.Err())
	}
	b.Flush().Record.Release()
	if b.Err() != nil {
		t.Errorf("after a flush: %v", b.Err())
	}
}

// Bytes grows with what is held, and is about what a record has.
func TestBytes(t *testing.T) {
	b := NewBuilder(NewPool(0))
	for range 1000 {
		b.BeginRow()
		b.Column("n").Int(1)
		b.Column("s").Text([]byte("0123456789"))
		b.EndRow()
	}
	if got := b.Bytes(); got < 22000 || got > 23000 {
		t.Errorf("Bytes = %d; 1000 rows of 8 and 14 bytes", got)
	}
	b.Flush().Record.Release()
	if got := b.Bytes(); got != 0 {
		t.Errorf("Bytes = %d after a flush", got)
	}
}

func TestBuilderAllocs(t *testing.T) {
	b := NewBuilder(NewPool(0))
	flag, num, mixed, word, sparse := b.Column("flag"), b.Column("num"), b.Column("mixed"), b.Column("word"), b.Column("sparse")
	long := []byte(strings.Repeat("long", 10))
	batch := func() {
		for i := range 10000 {
			b.BeginRow()
			flag.Bool(i%2 == 0)
			num.Int(int64(i))
			if i%3 == 0 {
				mixed.Int(int64(i))
			} else {
				mixed.Float(0.5)
			}
			word.Text(long[:i%len(long)])
			if i%100 == 0 {
				sparse.Time(int64(i))
			}
			if i%10 == 9 {
				b.AbortRow()
			} else {
				b.EndRow()
			}
		}
		b.Flush().Record.Release()
	}
	batch()
	// A record costs some objects for each column, whatever its rows.
	if n := testing.AllocsPerRun(5, batch); n > 120 {
		t.Errorf("%v allocations for a batch of 10,000 rows", n)
	}
}

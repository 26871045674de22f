package parquet

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
)

var (
	boolType  = arrow.FixedWidthTypes.Boolean
	intType   = arrow.PrimitiveTypes.Int64
	floatType = arrow.PrimitiveTypes.Float64
	textType  = arrow.BinaryTypes.String
	dateType  = arrow.FixedWidthTypes.Date32
	timeType  = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
)

// write writes the batches to a writer, as one file.
func write(tb testing.TB, to io.Writer, batches []arrow.Record, o Options) Stats {
	tb.Helper()
	w, err := NewWriter(to, batches[0].Schema(), o)
	if err != nil {
		tb.Fatal(err)
	}
	for _, rec := range batches {
		if err := w.Write(rec); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return w.Stats()
}

// writeFile writes the batches into a file of that name.
func writeFile(tb testing.TB, name string, batches []arrow.Record, o Options) Stats {
	tb.Helper()
	f, err := os.Create(name)
	if err != nil {
		tb.Fatal(err)
	}
	stats := write(tb, f, batches, o)
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return stats
}

// col is a column as a test states it: nil is NULL.
type col struct {
	name  string
	typ   arrow.DataType
	cells []any
}

// record makes a record of columns of one length.
func record(cols ...col) arrow.Record {
	fields := make([]arrow.Field, len(cols))
	for i, c := range cols {
		fields[i] = arrow.Field{Name: c.name, Type: c.typ, Nullable: true}
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	for i, c := range cols {
		for _, v := range c.cells {
			appendCell(b.Field(i), v)
		}
	}
	return b.NewRecord()
}

// appendCell appends a value of the builder's type, or NULL for nil.
func appendCell(b array.Builder, v any) {
	if v == nil {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.BooleanBuilder:
		b.Append(v.(bool))
	case *array.Int64Builder:
		b.Append(v.(int64))
	case *array.Float64Builder:
		b.Append(v.(float64))
	case *array.StringBuilder:
		b.Append(v.(string))
	case *array.Date32Builder:
		b.Append(v.(arrow.Date32))
	case *array.TimestampBuilder:
		b.Append(v.(arrow.Timestamp))
	}
}

// table is the content of a file as the tests compare it: the cells of each
// column, nil for NULL, and floats as their bits.
type table [][]any

func tableOf(batches []arrow.Record) table {
	t := make(table, batches[0].NumCols())
	for i := range t {
		for _, rec := range batches {
			arr := rec.Column(i)
			for row := range arr.Len() {
				t[i] = append(t[i], cell(arr, row))
			}
		}
	}
	return t
}

// diff tells where two tables differ: in which column, and how from there on.
// Equal tables, however long, are compared without reflection.
func diff(want, got table) string {
	if len(want) != len(got) {
		return fmt.Sprintf("%d columns, want %d", len(got), len(want))
	}
	for i := range want {
		w, g := want[i], got[i]
		at := 0
		for at < min(len(w), len(g)) && w[at] == g[at] {
			at++
		}
		if at < max(len(w), len(g)) {
			return fmt.Sprintf("column %d from row %d on:\n%s", i, at,
				cmp.Diff(w[at:min(at+5, len(w))], g[at:min(at+5, len(g))]))
		}
	}
	return ""
}

func cell(arr arrow.Array, row int) any {
	if arr.IsNull(row) {
		return nil
	}
	switch arr := arr.(type) {
	case *array.Boolean:
		return arr.Value(row)
	case *array.Int64:
		return arr.Value(row)
	case *array.Float64:
		return math.Float64bits(arr.Value(row))
	case *array.String:
		return arr.Value(row)
	case *array.Date32:
		return int64(arr.Value(row))
	case *array.Timestamp:
		return int64(arr.Value(row))
	}
	return fmt.Errorf("a column of %s", arr.DataType())
}

// fill makes n cells.
func fill(n int, f func(i int) any) []any {
	cells := make([]any, n)
	for i := range cells {
		cells[i] = f(i)
	}
	return cells
}

// eachType makes a column of each type out of n numbers; negative is NULL.
func eachType(n int, f func(i int) int) []col {
	of := func(g func(v int) any) []any {
		return fill(n, func(i int) any {
			if v := f(i); v >= 0 {
				return g(v)
			}
			return nil
		})
	}
	return []col{
		{"bool", boolType, of(func(v int) any { return v%3 == 0 })},
		{"int64", intType, of(func(v int) any { return int64(v)*1_000_000_007 - 5 })},
		{"float64", floatType, of(func(v int) any { return float64(v)/7 - 3 })},
		{"text", textType, of(func(v int) any { return fmt.Sprintf("value %d ü", v) })},
		{"date", dateType, of(func(v int) any { return arrow.Date32(v%60_000 - 1000) })},
		{"time", timeType, of(func(v int) any { return arrow.Timestamp(v)*999_999_937 - 1 })},
	}
}

// sliced cuts a record at places that are no multiple of eight.
func sliced(rec arrow.Record, cuts ...int64) []arrow.Record {
	var out []arrow.Record
	for i := range cuts[1:] {
		out = append(out, rec.NewSlice(cuts[i], cuts[i+1]))
	}
	return out
}

// A content is a file that every reader must give back.
type content struct {
	name    string
	batches []arrow.Record
}

// codecs lists those to try: a codec sees bytes and no types, so that every one
// of them on every content would prove little more.
func (c content) codecs() []Codec {
	if strings.HasPrefix(c.name, "some nulls") || strings.HasPrefix(c.name, "long texts") || strings.HasPrefix(c.name, "one ") {
		return []Codec{Zstd, Snappy, Uncompressed}
	}
	return []Codec{Zstd}
}

func contents() []content {
	r := rand.New(rand.NewPCG(3, 4))
	noise := make([]int, 12_000)
	for i := range noise {
		noise[i] = r.IntN(1 << 30)
	}
	one := func(name string, cols ...col) content { return content{name, []arrow.Record{record(cols...)}} }
	sparse := func(i int) int {
		if i%1000 == 999 {
			return i
		}
		return -1
	}
	holes := func(i int) int {
		if noise[i]%3 == 0 || i/500%4 == 2 {
			return -1
		}
		return noise[i] % 100
	}
	return []content{
		one("no nulls", eachType(1000, func(i int) int { return i })...),
		one("all nulls", eachType(1000, func(int) int { return -1 })...),
		one("one row", eachType(1, func(int) int { return 7 })...),
		one("one null", eachType(1, func(int) int { return -1 })...),
		one("seven rows", eachType(7, func(i int) int { return i - 2 })...),
		one("constant", eachType(5000, func(int) int { return 12 })...),
		one("constant or null", eachType(5000, func(i int) int { return 12 * (1 - 2*(i%5/4)) })...),
		one("long runs", eachType(12_000, func(i int) int { return i / 777 })...),
		one("few values", eachType(12_000, func(i int) int { return noise[i] % 5 })...),
		one("many values", eachType(12_000, func(i int) int { return noise[i] % 3000 })...),
		one("distinct values", eachType(12_000, func(i int) int { return noise[i] })...),
		one("distinct late", eachType(12_000, func(i int) int { return i/5000*noise[i] + i%7 })...),
		one("sparse", eachType(12_000, sparse)...),
		one("some nulls", eachType(12_000, holes)...),
		{"no rows", []arrow.Record{record(eachType(0, nil)...)}},
		{"empty between", []arrow.Record{
			record(eachType(3, func(i int) int { return i })...), record(eachType(0, nil)...),
			record(eachType(4, func(i int) int { return i - 2 })...),
		}},
		{"slices", sliced(record(eachType(12_000, holes)...), 3, 4, 4, 11, 1000, 1003, 11_999)},
		{"slices without nulls", sliced(record(eachType(300, func(i int) int { return i })...), 1, 9, 150, 299)},
		one("extremes",
			col{"i", intType, []any{int64(math.MinInt64), int64(math.MaxInt64), int64(0), int64(-1), nil}},
			col{"f", floatType, []any{math.Inf(1), math.Inf(-1), math.SmallestNonzeroFloat64, -math.MaxFloat64, math.Copysign(0, -1)}},
			col{"nan", floatType, []any{math.NaN(), 1.5, nil, math.NaN(), -2.0}},
			col{"d", dateType, []any{arrow.Date32(-719162), arrow.Date32(2932896), nil, arrow.Date32(0), arrow.Date32(-1)}},
			col{"t", timeType, []any{arrow.Timestamp(-62135596800000000), arrow.Timestamp(253402300799999999), nil, arrow.Timestamp(-1), arrow.Timestamp(1)}},
		),
		one("odd texts", col{"t", textType, []any{"", nil, " ", "\x00", "a\x00b", "ß", "日本語 テキスト", "👩‍👩‍👧", "\u202eabc", "\ufeff", "nul\x00", "\U0010ffff", "'\"\\\n\r\t"}}),
		one("long texts", col{"t", textType, fill(14, func(i int) any { return strings.Repeat(fmt.Sprintf("%c%d", 'a'+i%26, i), 300_000) })}),
		one("long texts again", col{"t", textType, fill(12, func(i int) any { return strings.Repeat("x", 1_000_000*(1+i%2)) })}),
		one("odd names",
			col{"a.b", intType, []any{int64(1)}}, col{"A.B", intType, []any{int64(2)}}, col{" ", intType, []any{int64(3)}},
			col{"ключ", intType, []any{int64(4)}}, col{"\"quoted\"", intType, []any{int64(5)}}, col{"日本.語", textType, []any{"6"}}),
	}
}

// wide makes a record of so many columns of all types.
func wide(columns, rows int) arrow.Record {
	var cols []col
	for i := 0; len(cols) < columns; i++ {
		for _, c := range eachType(rows, func(row int) int { return (row+i)%11 - 3 }) {
			c.name = fmt.Sprintf("%s_%d", c.name, i)
			cols = append(cols, c)
		}
	}
	return record(cols[:columns]...)
}

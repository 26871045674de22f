package parquet

import (
	"bytes"
	"fmt"
	"math"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
)

// FuzzWriteRead writes records made from the input and reads them back.
func FuzzWriteRead(f *testing.F) {
	for i := range byte(40) {
		seed := make([]byte, 20+int(i)*13)
		for j := range seed {
			seed[j] = byte(j)*(2*i+1) ^ i*37
		}
		f.Add(seed)
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, input []byte) {
		in := &tape{b: input}
		batches, o := in.file()
		var b bytes.Buffer
		write(t, &b, batches, o)
		got, err := readByArrow(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if diff := diff(tableOf(batches), got); diff != "" {
			t.Errorf("written, read back:\n%s", diff)
		}
	})
}

// A tape draws choices from fuzz input, and numbers of its own once that has
// come to its end.
type tape struct {
	b     []byte
	state uint64
}

func (t *tape) byte() byte {
	t.state = t.state*6364136223846793005 + 1442695040888963407
	if len(t.b) == 0 {
		return byte(t.state >> 56)
	}
	v := t.b[0]
	t.b = t.b[1:]
	t.state ^= uint64(v) << 32
	return v
}

func (t *tape) below(n int) int { return (int(t.byte())<<8 | int(t.byte())) % n }

// file draws a file of a few batches, cut from longer ones.
func (t *tape) file() ([]arrow.Record, Options) {
	o := Options{
		Codec:    []Codec{Zstd, Snappy, Uncompressed}[t.below(3)],
		Parallel: t.below(3),
	}
	types := []arrow.DataType{boolType, intType, floatType, textType, dateType, timeType}
	cols := make([]col, 1+t.below(5))
	for i := range cols {
		cols[i] = col{name: fmt.Sprintf("c%d", i), typ: types[t.below(len(types))]}
	}
	batches := make([]arrow.Record, 1+t.below(3))
	for k := range batches {
		rows := t.below(700)
		for i := range cols {
			cols[i].cells = t.cells(cols[i].typ, rows)
		}
		from := t.below(rows/2 + 1)
		batches[k] = record(cols...).NewSlice(int64(from), int64(from+t.below(rows-from+1)))
	}
	return batches, o
}

// cells draws a column: how many distinct values it has, how often it is NULL
// and how long its runs are, then its values.
func (t *tape) cells(typ arrow.DataType, rows int) []any {
	values := make([]any, 1+t.below(1+t.below(rows+1)))
	for i := range values {
		values[i] = t.cell(typ)
	}
	nulls, run := t.below(101), 1+t.below(1+t.below(40))
	cells := make([]any, 0, rows)
	for len(cells) < rows {
		v := values[t.below(len(values))]
		if t.below(100) < nulls {
			v = nil
		}
		for range min(1+t.below(run), rows-len(cells)) {
			cells = append(cells, v)
		}
	}
	return cells
}

func (t *tape) cell(typ arrow.DataType) any {
	word := func() (v uint64) {
		for range t.below(9) {
			v = v<<8 | uint64(t.byte())
		}
		return v
	}
	switch typ {
	case boolType:
		return t.byte()%2 == 0
	case intType:
		return int64(word())
	case floatType:
		return math.Float64frombits(word())
	case dateType:
		return arrow.Date32(word())
	case textType:
		var b []byte
		for range t.below(1 + t.below(70)) {
			b = append(b, t.byte())
		}
		if !utf8.Valid(b) {
			return string([]rune(string(b)))
		}
		return string(b)
	}
	return arrow.Timestamp(word())
}

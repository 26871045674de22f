package format

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/exporter"
)

// Flush returns the rows and rejects since the last Flush as a Batch without
// Cursor and Bytes, and starts anew with no rows. Its Record is nil when no row
// was committed; otherwise the caller owns it and releases it. Declared columns
// come first, the others follow sorted by name.
func (b *Builder) Flush() exporter.Batch {
	out := exporter.Batch{Rows: int64(b.read), Rejects: b.rejects}
	if b.rows > 0 {
		b.record(&out)
	}
	for _, c := range b.cols {
		if c.n > 0 {
			c.drop() // held no value
		}
	}
	b.last = b.rows
	b.rows, b.read, b.rejects, b.err = 0, 0, nil, nil
	return out
}

// record moves the columns that are to be seen into the record of out.
func (b *Builder) record(out *exporter.Batch) {
	if b.sorted < len(b.cols) {
		slices.SortFunc(b.cols[b.declared:], func(x, y *Column) int { return strings.Compare(x.name, y.name) })
		b.sorted = len(b.cols)
	}
	var (
		fields []arrow.Field
		arrays []arrow.Array
	)
	for i, c := range b.cols {
		if i >= b.declared && c.kinds == 0 {
			continue
		}
		out.First = c.appendFirst(out.First, len(arrays))
		out.Kinds = append(out.Kinds, c.kinds)
		a := c.array()
		fields = append(fields, arrow.Field{Name: c.name, Type: a.DataType(), Nullable: true})
		arrays = append(arrays, a)
	}
	out.Record = array.NewRecord(arrow.NewSchema(fields, nil), arrays, int64(b.rows))
	for _, a := range arrays {
		a.Release()
	}
}

// appendFirst appends the first cell of each kind of value, by row; i is the
// column's index.
func (c *Column) appendFirst(out []exporter.First, i int) []exporter.First {
	start := len(out)
	for k := c.met & exporter.Values; k != 0; k &= k - 1 {
		at := bits.TrailingZeros32(uint32(k))
		out = append(out, exporter.First{Column: i, Kind: 1 << at, Row: int64(c.read[at]), Text: c.shown(c.first[at])})
	}
	slices.SortFunc(out[start:], func(x, y exporter.First) int { return cmp.Compare(x.Row, y.Row) })
	return out
}

// maxShown is the most bytes of exporter.First.Text.
const maxShown = 64

// shown returns the text of cell i, cut.
func (c *Column) shown(i int) string {
	if c.rep != text {
		return string(c.appendCell(c.b.scratch[:0], i))
	}
	v := c.data[c.end(i):c.end(i+1)]
	if len(v) > maxShown {
		cut := maxShown
		for cut > maxShown-utf8.UTFMax && !utf8.RuneStart(v[cut]) {
			cut--
		}
		v = v[:cut]
	}
	return string(v)
}

// array moves the cells into an array of the staged type and empties the column.
func (c *Column) array() arrow.Array {
	typ := c.kinds.Staged()
	if typ == nil {
		typ = arrow.BinaryTypes.String
		c.convert(text, c.kinds)
	} else {
		c.convert(repOf(c.kinds), c.kinds)
	}
	n := c.b.rows
	c.pad(n)
	nulls := 0
	if c.valid != nil {
		nulls = n - bitutil.CountSetBits(c.valid, 0, n)
	}
	bufs := make([]*memory.Buffer, 2, 3)
	if nulls > 0 {
		bufs[0] = c.buffer(c.valid, (n+7)/8)
	} else if c.valid != nil {
		c.b.mem.Free(c.valid)
	}
	if c.rep == text {
		if c.data == nil {
			c.data = c.grown(nil, 1)
		}
		bufs[1] = c.buffer(c.offs, (n+1)*4)
		bufs = append(bufs, c.buffer(c.data, c.text))
	} else {
		bufs[1] = c.buffer(c.data, (n*width[c.rep]+7)/8)
	}
	c.last = c.text
	c.reset()

	d := array.NewData(typ, n, bufs, nil, nulls, 0)
	defer d.Release()
	for _, b := range bufs {
		if b != nil {
			b.Release()
		}
	}
	return array.MakeFromData(d)
}

// buffer hands the first used bytes of b to Arrow, which frees all of it.
func (c *Column) buffer(b []byte, used int) *memory.Buffer {
	out := memory.NewResizableBuffer(c.b.mem)
	out.Reset(b)
	out.ResizeNoShrink(used)
	return out
}

package format

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow/bitutil"

	"tapline/exporter"
)

// A block is rows that are filled a column at a time, which is quicker than a
// row at a time: see Builder.BeginBlock.
type block struct {
	start Mark
	rows  int
}

// BeginBlock starts n rows that are filled column by column, each column from
// its first row to its last. Setters, RejectCell among them, are for the row
// that Seek names; the Put methods of Column set many rows at once. The block
// must be ended by EndBlock or Rollback. False means that a batch cannot have
// so many rows: Err is then ErrFull, and nothing has begun.
func (b *Builder) BeginBlock(n int) bool {
	if b.rows+n > b.maxRows {
		b.full()
		return false
	}
	b.block = block{b.Mark(), n}
	return true
}

// Seek makes row i of the block, 0 <= i < n, the one that setters are for.
func (b *Builder) Seek(i int) {
	b.rows, b.read = b.block.start.rows+i, b.block.start.read+i
}

// EndBlock commits the rows of the block; cells that were not set are NULL.
func (b *Builder) EndBlock() {
	b.Seek(b.block.rows)
	slices.SortStableFunc(b.rejects[b.block.start.rejects:], func(x, y exporter.Reject) int { return int(x.Row - y.Row) })
}

// A Span is where the text of a cell stands in a buffer: buf[From:To].
type Span struct{ From, To uint32 }

// Bits tell which rows of a block have a value: bit i%64 of word i/64.
type Bits []uint64

// Has reports whether row i has a value.
func (v Bits) Has(i int) bool { return v[i>>6]>>(i&63)&1 != 0 }

// Met returns the kinds of the cells since the last Flush.
func (c *Column) Met() exporter.Kinds { return c.met }

// Kept is the kind of value as which the column keeps its cells at present:
// Int for int64, Float for float64, Bool, Date, Time or Text. 0 = it has none.
func (c *Column) Kept() exporter.Kinds { return keptAs[c.rep] }

var keptAs = [...]exporter.Kinds{
	none: 0, bools: exporter.Bool, int64s: exporter.Int, float64s: exporter.Float,
	dates: exporter.Date, times: exporter.Time, text: exporter.Text,
}

// PutInts sets the cells of the block's rows from i on to v, NULL where valid
// says so; v is 0 there. The column must keep Int or Time (microseconds), and
// have met the kinds of all these values.
func (c *Column) PutInts(i int, v []int64, valid Bits) {
	c.advance(i, len(v))
	to := c.data[c.n*8:][:len(v)*8]
	for k, x := range v {
		binary.NativeEndian.PutUint64(to[k*8:], uint64(x))
	}
	c.merge(valid, i, len(v))
}

// PutFloats is PutInts for a column that keeps Float.
func (c *Column) PutFloats(i int, v []float64, valid Bits) {
	c.advance(i, len(v))
	to := c.data[c.n*8:][:len(v)*8]
	for k, x := range v {
		binary.NativeEndian.PutUint64(to[k*8:], math.Float64bits(x))
	}
	c.merge(valid, i, len(v))
}

// PutTexts sets the cells of the block's rows from i on to the texts of spans in
// buf, NULL where valid says so; spans are empty there. The column must keep
// Text, and have met the kinds of all these cells. 16 bytes beyond each span
// are read, and not kept; size is at least how long they are together. False
// means that the column is full, as Err says.
func (c *Column) PutTexts(i int, buf []byte, spans []Span, valid Bits, size int) bool {
	c.advance(i, len(spans))
	if !c.reserveText(size) {
		return false
	}
	at, data, offs := c.text, c.data, c.offs[c.n*4+4:][:len(spans)*4]
	for k, s := range spans {
		// Copying 16 bytes is one move, whatever the length.
		switch n := int(s.To - s.From); {
		case n <= 16:
			*(*[16]byte)(data[at:]) = [16]byte(buf[s.From:])
			at += n
		case n <= 32:
			*(*[16]byte)(data[at:]) = [16]byte(buf[s.From:])
			*(*[16]byte)(data[at+n-16:]) = [16]byte(buf[s.To-16:])
			at += n
		default:
			at += copy(data[at:], buf[s.From:s.To])
		}
		binary.NativeEndian.PutUint32(offs[k*4:], uint32(at))
	}
	c.text = at
	c.merge(valid, i, len(spans))
	return true
}

// advance makes the column ready for the cells of n rows of the block from i on.
func (c *Column) advance(i, n int) {
	c.pad(max(c.n, c.b.block.start.rows+i))
	c.reserve(n)
}

// merge ends the putting of n cells, with their bits from i on.
func (c *Column) merge(valid Bits, i, n int) {
	if c.valid == nil {
		if valid.all(i, n) {
			c.n += n
			return
		}
		c.mayBeNull()
	}
	for n > 0 {
		take := min(n, 56) // so that they fit a word wherever they begin in a byte
		w := valid.word(i) & (1<<take - 1) << (c.n & 7)
		for p := c.valid[c.n>>3:]; w != 0; w >>= 8 {
			p[0] |= byte(w)
			p = p[1:]
		}
		c.n, i, n = c.n+take, i+take, n-take
	}
}

// mayBeNull gives the column its bitmap, with all cells so far not NULL.
func (c *Column) mayBeNull() {
	c.valid = c.b.mem.Allocate((c.room + 7) / 8)
	bitutil.SetBitsTo(c.valid, 0, int64(c.n), true)
	clearBits(c.valid, c.n, len(c.valid)*8)
}

// word returns at least 56 bits from bit i on.
func (v Bits) word(i int) uint64 {
	w := v[i>>6] >> (i & 63)
	if i&63 != 0 && i>>6+1 < len(v) {
		w |= v[i>>6+1] << (64 - i&63)
	}
	return w
}

// all reports whether n bits from i on are set.
func (v Bits) all(i, n int) bool {
	for n > 0 {
		take := min(n, 56)
		if mask := uint64(1)<<take - 1; v.word(i)&mask != mask {
			return false
		}
		i, n = i+take, n-take
	}
	return true
}

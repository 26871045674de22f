package format

import (
	"encoding/binary"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/bitutil"

	"tapline/exporter"
)

// rep is how a column keeps its cells at present.
type rep uint8

const (
	none rep = iota // all NULL, no buffers
	bools
	int64s
	float64s
	dates
	times
	text
)

// width is the bits that a cell takes, text itself apart.
var width = [...]int{bools: 1, int64s: 64, float64s: 64, dates: 32, times: 64, text: 32}

// repOf is the representation of Kinds.Staged.
func repOf(k exporter.Kinds) rep {
	t := k.Staged()
	if t == nil {
		return none
	}
	switch t.ID() {
	case arrow.BOOL:
		return bools
	case arrow.INT64:
		return int64s
	case arrow.FLOAT64:
		return float64s
	case arrow.DATE32:
		return dates
	case arrow.TIMESTAMP:
		return times
	}
	return text
}

// pad appends NULLs until there are n cells.
func (c *Column) pad(n int) {
	if c.rep != none && c.n < n {
		c.reserve(n - c.n)
		if c.valid == nil {
			c.mayBeNull()
		}
		switch w := width[c.rep] / 8; {
		case c.rep == text:
			for i := c.n; i < n; i++ {
				binary.NativeEndian.PutUint32(c.offs[i*4+4:], uint32(c.text))
			}
		case c.rep == bools:
			clearBits(c.data, c.n, n)
		default:
			clear(c.data[c.n*w : n*w])
		}
	}
	c.n = n
}

// reserve makes room for n more cells, text itself apart.
func (c *Column) reserve(n int) {
	if c.n+n <= c.room {
		return
	}
	need := max(c.n+n, hint(c.b.last))
	switch c.rep {
	case none:
		return
	case text:
		c.offs = c.grown(c.offs, (need+1)*4)
		clear(c.offs[:4])
		c.room = len(c.offs)/4 - 1
	default:
		c.data = c.grown(c.data, (need*width[c.rep]+7)/8)
		c.room = len(c.data) * 8 / width[c.rep]
	}
	if c.valid != nil {
		used := len(c.valid)
		c.valid = c.grown(c.valid, (c.room+7)/8)
		clear(c.valid[used:])
	}
}

// reserveText makes room for one more cell of n bytes and the 16 bytes that
// Text may write behind it. False means that the column is full.
func (c *Column) reserveText(n int) bool {
	c.reserve(1)
	if c.text+n > c.b.maxText {
		c.b.full()
		return false
	}
	if need := c.text + n + 16; need > len(c.data) {
		c.data = c.grown(c.data, max(need, hint(c.last)+16))
	}
	return true
}

// hint is what to reserve when the last batch took n: batches are of whole
// pages, and never quite the same.
func hint(n int) int { return n + n/16 }

// grown returns b, made long enough for n bytes, and half as long again if it
// was there before. Lengths are the sizes of a Pool: none of its room is unused.
func (c *Column) grown(b []byte, n int) []byte {
	if b == nil {
		return c.b.mem.Allocate(sizeFor(n))
	}
	return c.b.mem.Reallocate(sizeFor(max(n, len(b)+len(b)/2)), b)
}

// end returns where the text of the cells before n ends.
func (c *Column) end(n int) int {
	return int(binary.NativeEndian.Uint32(c.offs[n*4:]))
}

// null reports whether cell i is NULL.
func (c *Column) null(i int) bool {
	return c.rep == none || c.valid != nil && c.valid[i>>3]&(1<<(i&7)) == 0
}

// drop gives the buffers back and empties the column.
func (c *Column) drop() {
	for _, b := range []*[]byte{&c.valid, &c.data, &c.offs} {
		if *b != nil {
			c.b.mem.Free(*b)
		}
	}
	c.reset()
}

// reset empties the column, whose buffers are somebody else's now.
func (c *Column) reset() {
	c.valid, c.data, c.offs = nil, nil, nil
	c.n, c.room, c.text = 0, 0, 0
	c.kinds, c.met, c.rep = c.base, 0, repOf(c.base)
}

func clearBits(b []byte, from, to int) {
	bitutil.SetBitsTo(b, int64(from), int64(to-from), false)
}

package format

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
	"time"

	"tapline/exporter"
)

// A Column takes at most one cell per row of its Builder. A setter reports
// false, and does nothing, when the row already has a cell here. Setters may be
// called only between BeginRow and the end of the row.
//
// The cells are kept in one representation, wide enough for all kinds met in
// this batch, even by rows since undone; Flush narrows it to what Kinds.Staged
// says of the committed ones. It only ever grows (none, int64, float64, text),
// so that no order of values can make a column change it again and again.
type Column struct {
	b     *Builder
	name  string
	base  exporter.Kinds  // declared
	kinds exporter.Kinds  // base and met
	met   exporter.Kinds  // of the cells, the row begun included
	first [kindCount]int  // the row that brought a kind met; undoing it undoes the kind
	read  [valueCount]int // the same row among all rows read

	rep   rep
	n     int    // cells so far; rows after that are NULL unless set
	room  int    // cells that the buffers have room for
	valid []byte // bitmap; nil = no NULL so far; zero beyond n
	data  []byte // values, or the text of all cells
	offs  []byte // of text: int32 ends, after a leading 0
	text  int    // of text: bytes used of data
	last  int    // of text: bytes used in the last batch
}

const (
	valueCount = 7  // kinds of value
	kindCount  = 17 // and how they were written
)

// Name returns the vendor's name of the column.
func (c *Column) Name() string { return c.name }

// Filled reports whether the row begun has a cell here, be it NULL.
func (c *Column) Filled() bool { return c.n > c.b.rows }

// Null sets the cell to NULL, so that nothing else can be set in this row.
func (c *Column) Null() bool {
	if c.n != c.b.rows && !c.behind() {
		return false
	}
	c.pad(c.n + 1)
	return true
}

// Bool sets a cell of kind exporter.Bool.
func (c *Column) Bool(v bool) bool {
	if c.n != c.b.rows && !c.behind() {
		return false
	}
	c.admit(exporter.Bool)
	if c.rep == text {
		c.putText(strconv.AppendBool(c.b.scratch[:0], v))
		return true
	}
	c.reserve(1)
	bit := byte(1) << (c.n & 7)
	c.data[c.n>>3] &^= bit
	if v {
		c.data[c.n>>3] |= bit
	}
	c.set()
	return true
}

// Int sets a cell of kind exporter.Int or, beyond exporter.Exact, exporter.Long.
func (c *Column) Int(v int64) bool {
	if c.n != c.b.rows && !c.behind() {
		return false
	}
	if v <= exporter.Exact && v >= -exporter.Exact {
		c.admit(exporter.Int)
	} else {
		c.admit(exporter.Long)
	}
	switch c.rep {
	case int64s:
		c.put64(uint64(v))
	case float64s:
		c.put64(math.Float64bits(float64(v)))
	default:
		c.putText(strconv.AppendInt(c.b.scratch[:0], v, 10))
	}
	return true
}

// Float sets a cell of kind exporter.Float. The caller vouches that v loses no
// digit of what the vendor sent.
func (c *Column) Float(v float64) bool {
	if c.n != c.b.rows && !c.behind() {
		return false
	}
	c.admit(exporter.Float)
	if c.rep == float64s {
		c.put64(math.Float64bits(v))
	} else {
		c.putText(exporter.AppendFloat(c.b.scratch[:0], v))
	}
	return true
}

// Number sets a cell of kind exporter.Float whose text the vendor wrote so,
// noted as the kinds Dotted to FracMany. Should the column turn out to be text,
// the cell is that text again. The caller vouches that text is v, digit by digit.
func (c *Column) Number(v float64, text []byte, written exporter.Kinds) bool {
	if c.n != c.b.rows && !c.behind() {
		return false
	}
	c.admit(exporter.Float | written&^exporter.Values)
	if c.rep == float64s {
		c.put64(math.Float64bits(v))
	} else {
		c.putText(text)
	}
	return true
}

// Date sets a cell of kind exporter.Date: days since 1970-01-01.
func (c *Column) Date(days int32) bool {
	if c.n != c.b.rows && !c.behind() {
		return false
	}
	c.admit(exporter.Date)
	if c.rep == text {
		c.putText(appendDate(c.b.scratch[:0], days))
		return true
	}
	c.reserve(1)
	binary.NativeEndian.PutUint32(c.data[c.n*4:], uint32(days))
	c.set()
	return true
}

// Time sets a cell of kind exporter.Time: microseconds since 1970 UTC.
func (c *Column) Time(micros int64) bool {
	if c.n != c.b.rows && !c.behind() {
		return false
	}
	c.admit(exporter.Time)
	if c.rep == times {
		c.put64(uint64(micros))
	} else {
		c.putText(exporter.AppendTime(c.b.scratch[:0], micros))
	}
	return true
}

// Text sets a cell of kind exporter.Text, which must be valid UTF-8. The bytes
// are copied; those up to cap(v) may be read as well, and are not kept.
func (c *Column) Text(v []byte) bool {
	if c.n != c.b.rows && !c.behind() {
		return false
	}
	c.admit(exporter.Text)
	end := c.text + len(v)
	if len(v) > 16 || cap(v) < 16 || c.n >= c.room || end+16 > len(c.data) {
		c.putText(v)
		return true
	}
	// Copying 16 bytes is one move, whatever the length.
	*(*[16]byte)(c.data[c.text:]) = [16]byte(v[:16])
	c.text = end
	binary.NativeEndian.PutUint32(c.offs[c.n*4+4:], uint32(end))
	c.set()
	return true
}

// Room is where a reader may write the text of a cell that it is still finding
// the end of: Took then makes what it has written the cell, which must be valid
// UTF-8. It is empty where the cell has to be set by Text: when the row has one
// already, when the column's cells are not all text, or when there is little room.
func (c *Column) Room() []byte {
	if c.n != c.b.rows && !c.behind() || c.met&exporter.Text == 0 || c.n >= c.room {
		return nil
	}
	return c.data[c.text:]
}

// Took sets a cell to the first n bytes of what Room returned; at least 16
// bytes of that must be left.
func (c *Column) Took(n int) {
	c.text += n
	binary.NativeEndian.PutUint32(c.offs[c.n*4+4:], uint32(c.text))
	c.set()
}

// behind reports whether the row begun has no cell yet, and fills up to it.
func (c *Column) behind() bool {
	if c.n > c.b.rows {
		return false
	}
	c.pad(c.b.rows)
	return true
}

// admit makes the column one that can hold cells of the kinds k.
func (c *Column) admit(k exporter.Kinds) {
	if k &^= c.met; k != 0 {
		c.widen(k)
	}
}

func (c *Column) widen(k exporter.Kinds) {
	before := c.kinds
	c.met |= k
	c.kinds |= k
	for ; k != 0; k &= k - 1 {
		i := bits.TrailingZeros32(uint32(k))
		c.first[i] = c.b.rows
		if i < valueCount {
			c.read[i] = c.b.read
		}
	}
	want := repOf(c.kinds)
	switch {
	case c.rep == want || c.rep == text:
	case c.rep == float64s && want == int64s && c.kinds&exporter.Long == 0:
	case c.rep == none || c.rep == int64s && want == float64s:
		c.convert(want, before)
	default:
		c.convert(text, before)
	}
}

// truncate undoes the cells of row n and after, and the kinds they brought.
func (c *Column) truncate(n int) {
	if c.n <= n {
		return
	}
	for k := c.met; k != 0; k &= k - 1 {
		if i := bits.TrailingZeros32(uint32(k)); c.first[i] >= n {
			c.met &^= 1 << i
		}
	}
	c.kinds = c.base | c.met
	if c.valid != nil {
		clearBits(c.valid, n, c.n)
	}
	if c.rep == text {
		c.text = c.end(n)
	}
	c.n = n
}

func (c *Column) put64(v uint64) {
	if c.n == c.room {
		c.reserve(1)
	}
	binary.NativeEndian.PutUint64(c.data[c.n*8:], v)
	c.set()
}

// putText appends a text cell of any length. The 16 bytes behind the text stay
// free, for Text.
func (c *Column) putText(v []byte) {
	if end := c.text + len(v); c.n >= c.room || end+16 > len(c.data) {
		if !c.reserveText(len(v)) {
			c.pad(c.n + 1)
			return
		}
	}
	c.text += copy(c.data[c.text:], v)
	binary.NativeEndian.PutUint32(c.offs[c.n*4+4:], uint32(c.text))
	c.set()
}

// set ends the putting of a cell that is not NULL.
func (c *Column) set() {
	if c.valid != nil {
		c.valid[c.n>>3] |= 1 << (c.n & 7)
	}
	c.n++
}

// appendDate appends the canonical text of a day.
func appendDate(b []byte, days int32) []byte {
	return time.Unix(int64(days)*86400, 0).UTC().AppendFormat(b, time.DateOnly)
}

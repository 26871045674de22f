package format

import (
	"encoding/binary"
	"math"
	"strconv"

	"tapline/exporter"
)

// convert changes how the cells, which are of the kinds k, are kept. The caller
// has made sure that the new representation holds every one of them.
func (c *Column) convert(to rep, k exporter.Kinds) {
	old := *c
	old.kinds = k
	switch {
	case old.rep == to:
		return
	case old.rep == int64s && to == float64s:
		c.each64(func(v uint64) uint64 { return math.Float64bits(float64(int64(v))) })
		c.rep = to
		return
	case old.rep == float64s && to == int64s:
		c.each64(func(v uint64) uint64 { return uint64(int64(math.Float64frombits(v))) })
		c.rep = to
		return
	}
	c.rep, c.n, c.room, c.text = to, 0, 0, 0
	c.valid, c.data, c.offs = nil, nil, nil
	c.reserve(max(old.n, 1))
	for i := range old.n {
		if old.null(i) {
			continue
		}
		c.pad(i)
		if to == text {
			c.putText(old.appendCell(c.b.scratch[:0], i))
		} else {
			c.parseCell(old.data[old.end(i):old.end(i+1)])
		}
	}
	c.pad(old.n)
	old.drop()
}

// each64 changes every value of a column of 64-bit values in place.
func (c *Column) each64(fn func(uint64) uint64) {
	for i := range c.n {
		p := c.data[i*8 : i*8+8]
		binary.NativeEndian.PutUint64(p, fn(binary.NativeEndian.Uint64(p)))
	}
}

// appendCell appends the text of cell i of a column that is not text: canonical,
// numbers as they were written.
func (c *Column) appendCell(b []byte, i int) []byte {
	switch c.rep {
	case bools:
		return strconv.AppendBool(b, c.data[i>>3]&(1<<(i&7)) != 0)
	case dates:
		return appendDate(b, int32(binary.NativeEndian.Uint32(c.data[i*4:])))
	}
	v := binary.NativeEndian.Uint64(c.data[i*8:])
	switch c.rep {
	case int64s:
		return strconv.AppendInt(b, int64(v), 10)
	case float64s:
		return c.kinds.AppendFloat(b, math.Float64frombits(v))
	}
	return exporter.AppendTime(b, int64(v))
}

// parseCell appends the cell whose text is v, to a column that is not text. It
// is of a kind that the column holds.
func (c *Column) parseCell(v []byte) {
	switch c.rep {
	case bools:
		c.reserve(1)
		bit := byte(1) << (c.n & 7)
		c.data[c.n>>3] &^= bit
		if v[0] == 't' {
			c.data[c.n>>3] |= bit
		}
		c.set()
	case int64s:
		c.put64(uint64(parseInt(v)))
	case float64s:
		c.put64(math.Float64bits(parseFloat(v)))
	case dates:
		days, _ := parseDays(v)
		c.reserve(1)
		binary.NativeEndian.PutUint32(c.data[c.n*4:], uint32(int32(days)))
		c.set()
	case times:
		c.put64(uint64(parseTime(v)))
	}
}

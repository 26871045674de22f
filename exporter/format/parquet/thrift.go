package parquet

import (
	"encoding/binary"
	"errors"
)

// A compact reads the Thrift compact protocol out of memory. It allocates
// nothing that the bytes do not hold, and after a mistake it reads nothing
// more: err is looked at once, at the end.
type compact struct {
	b     []byte
	depth int
	err   error
}

// The types of the protocol that matter here.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
	thriftUUID   = 13
)

// maxThriftDepth is how deep structures may be nested. Parquet needs 7.
const maxThriftDepth = 32

var errThrift = errors.New("its Thrift structure is damaged")

func (c *compact) fail() {
	c.err = errThrift
	c.b = nil
}

func (c *compact) byte() byte {
	if len(c.b) == 0 {
		c.fail()
		return 0
	}
	v := c.b[0]
	c.b = c.b[1:]
	return v
}

func (c *compact) uvarint() uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.fail()
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *compact) varint() int64 {
	v := c.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// integer reads a field or element that must be an integer.
func (c *compact) integer(typ byte) int64 {
	switch {
	case typ == thriftByte:
		return int64(int8(c.byte()))
	case typ > thriftByte && typ <= thriftI64:
		return c.varint()
	}
	c.fail()
	return 0
}

// bytes reads a field or element that must be a string.
func (c *compact) bytes(typ byte) []byte {
	n := c.uvarint()
	if typ != thriftBinary || n > uint64(len(c.b)) {
		c.fail()
		return nil
	}
	v := c.b[:n]
	c.b = c.b[n:]
	return v
}

// fields calls fn for each field of a structure. fn reads the value whole.
func (c *compact) fields(typ byte, fn func(id int, typ byte)) {
	if c.depth++; typ != thriftStruct || c.depth > maxThriftDepth {
		c.fail()
		return
	}
	for id := 0; c.err == nil; {
		h := c.byte()
		if h == 0 {
			break
		}
		if delta := int(h >> 4); delta != 0 {
			id += delta
		} else {
			id = int(int16(c.varint()))
		}
		if c.err == nil {
			fn(id, h&15)
		}
	}
	c.depth--
}

// elements calls fn for each element of a list. fn reads the element whole.
func (c *compact) elements(typ byte, fn func(typ byte)) {
	if typ != thriftList && typ != thriftSet {
		c.fail()
		return
	}
	h := c.byte()
	n := uint64(h >> 4)
	if n == 15 {
		n = c.uvarint()
	}
	// An element takes a byte or more.
	if n > uint64(len(c.b)) {
		c.fail()
	}
	for ; n > 0 && c.err == nil; n-- {
		fn(h & 15)
	}
}

// skip passes over a field's value.
func (c *compact) skip(typ byte) {
	switch typ {
	case thriftTrue, thriftFalse: // the type is the value
	case thriftDouble:
		c.pass(8)
	case thriftUUID:
		c.pass(16)
	case thriftBinary:
		c.bytes(typ)
	case thriftList, thriftSet:
		c.elements(typ, c.skipElement)
	case thriftMap:
		c.skipMap()
	case thriftStruct:
		c.fields(typ, func(_ int, t byte) { c.skip(t) })
	default:
		c.integer(typ)
	}
}

// skipElement passes over an element: there, a boolean is a byte.
func (c *compact) skipElement(typ byte) {
	if typ == thriftTrue || typ == thriftFalse {
		typ = thriftByte
	}
	if c.depth++; c.depth > maxThriftDepth {
		c.fail()
	}
	c.skip(typ)
	c.depth--
}

func (c *compact) skipMap() {
	n := c.uvarint()
	if n == 0 {
		return
	}
	if n > uint64(len(c.b)) {
		c.fail()
	}
	for types := c.byte(); n > 0 && c.err == nil; n-- {
		c.skipElement(types >> 4)
		c.skipElement(types & 15)
	}
}

func (c *compact) pass(n int) {
	if n > len(c.b) {
		c.fail()
		return
	}
	c.b = c.b[n:]
}

package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// Numbers of the format, from parquet.thrift.
const (
	physBool = iota
	physInt32
	physInt64
	physInt96
	physFloat
	physDouble
	physBytes
	physFixed
)

const (
	required = iota
	optional
	repeated
)

const (
	maxFooter   = 64 << 20
	maxElements = 100_000
	unset       = -1
)

// A footer is what a file tells of itself.
type footer struct {
	elements  []element // the schema, depth first
	groups    []rowGroup
	encrypted bool
	spark     bool // Spark wrote it, whose instants are of whole microseconds
}

// An element is a node of the schema as it is written.
type element struct {
	phys, length, repetition int
	name                     string
	children                 int
	converted                int // ConvertedType, or unset
	scale                    int
	logical                  int // the field of the union LogicalType, 0 = none
	utc, signed              bool
	unit                     int // of a time: 1 = ms, 2 = us, 3 = ns
	width                    int // of an integer, in bits
}

type rowGroup struct {
	rows   int64
	chunks []chunk
}

// A chunk is where the pages of a column of a row group are.
type chunk struct {
	phys, codec    int
	values         int64 // NULLs included
	compressed     int64
	data, dict     int64 // offsets; dict is 0 if there is none
	encrypted, far bool  // far: in another file
}

// readFooter reads and checks the footer of a file of that size.
func readFooter(r io.ReaderAt, size int64) (*footer, error) {
	var tail [8]byte
	if size < 12 {
		return nil, fmt.Errorf("it has %d bytes, too few for a Parquet file", size)
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return nil, err
	}
	switch string(tail[4:]) {
	case "PAR1":
	case "PARE":
		return nil, errEncrypted
	default:
		return nil, fmt.Errorf("it does not end in PAR1: it is cut off or no Parquet file")
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n > size-12 || n > maxFooter {
		return nil, fmt.Errorf("its footer is said to have %d bytes: the file is damaged", n)
	}
	b := make([]byte, n)
	if _, err := r.ReadAt(b, size-8-n); err != nil {
		return nil, err
	}
	f, err := parseFooter(b)
	if err != nil {
		return nil, fmt.Errorf("its footer cannot be read: %w", err)
	}
	return f, f.check(size - 8 - n)
}

func parseFooter(b []byte) (*footer, error) {
	f := &footer{}
	c := &compact{b: b}
	c.fields(thriftStruct, func(id int, typ byte) {
		switch id {
		case 2:
			c.elements(typ, func(t byte) {
				if len(f.elements) == maxElements {
					c.fail()
					return
				}
				f.elements = append(f.elements, c.element(t))
			})
		case 4:
			c.elements(typ, func(t byte) { f.groups = append(f.groups, c.rowGroup(t)) })
		case 5:
			c.elements(typ, func(t byte) { f.spark = c.pair(t) || f.spark })
		case 8:
			f.encrypted = true
			c.skip(typ)
		default:
			c.skip(typ)
		}
	})
	return f, c.err
}

// pair reads a key and a value, and reports whether the key is one of Spark's.
func (c *compact) pair(typ byte) (spark bool) {
	c.fields(typ, func(id int, t byte) {
		if id == 1 && t == thriftBinary {
			spark = bytes.HasPrefix(c.bytes(t), []byte("org.apache.spark."))
			return
		}
		c.skip(t)
	})
	return spark
}

// check finds what is not as it must be before pages are read.
func (f *footer) check(end int64) error {
	for g, group := range f.groups {
		for i, c := range group.chunks {
			if c.encrypted {
				return errEncrypted
			}
			if c.far {
				return fmt.Errorf("row group %d keeps column %d in another file, which is not supported", g+1, i+1)
			}
			if group.rows == 0 && c.values == 0 {
				continue // some writers give it no place
			}
			if from := c.start(); from < 4 || c.compressed < 0 || from > end || c.compressed > end-from {
				return fmt.Errorf("row group %d places column %d outside the file: the file is damaged", g+1, i+1)
			}
		}
	}
	return nil
}

func (c *chunk) start() int64 {
	if c.dict > 0 && c.dict < c.data {
		return c.dict
	}
	return c.data
}

func (c *compact) element(typ byte) element {
	e := element{phys: unset, converted: unset, repetition: required, signed: true}
	named := false
	c.fields(typ, func(id int, t byte) {
		switch id {
		case 1:
			e.phys = int(c.integer(t))
		case 2:
			e.length = int(c.integer(t))
		case 3:
			e.repetition = int(c.integer(t))
		case 4:
			e.name, named = string(bytes.ToValidUTF8(c.bytes(t), []byte("\ufffd"))), true
		case 5:
			e.children = int(c.integer(t))
		case 6:
			e.converted = int(c.integer(t))
		case 7:
			e.scale = int(c.integer(t))
		case 10:
			c.logical(t, &e)
		default:
			c.skip(t)
		}
	})
	if !named {
		c.fail()
	}
	return e
}

func (c *compact) logical(typ byte, e *element) {
	c.fields(typ, func(id int, t byte) {
		e.logical = id
		c.fields(t, func(field int, t byte) {
			switch {
			case id == logicalDecimal && field == 1:
				e.scale = int(c.integer(t))
			case id == logicalInteger && field == 1:
				e.width = int(c.integer(t))
			case id == logicalInteger && field == 2:
				e.signed = t == thriftTrue
			case (id == logicalTime || id == logicalTimestamp) && field == 1:
				e.utc = t == thriftTrue
			case (id == logicalTime || id == logicalTimestamp) && field == 2:
				c.fields(t, func(unit int, t byte) { e.unit = unit; c.skip(t) })
			default:
				c.skip(t)
			}
		})
	})
}

func (c *compact) rowGroup(typ byte) rowGroup {
	g := rowGroup{rows: unset}
	c.fields(typ, func(id int, t byte) {
		switch id {
		case 1:
			c.elements(t, func(t byte) { g.chunks = append(g.chunks, c.chunk(t)) })
		case 3:
			g.rows = c.integer(t)
		default:
			c.skip(t)
		}
	})
	if g.rows < 0 || len(g.chunks) == 0 {
		c.fail()
	}
	return g
}

func (c *compact) chunk(typ byte) chunk {
	k := chunk{values: unset}
	c.fields(typ, func(id int, t byte) {
		switch id {
		case 1:
			k.far = len(c.bytes(t)) > 0
		case 3:
			c.chunkMeta(t, &k)
		case 8, 9:
			k.encrypted = true
			c.skip(t)
		default:
			c.skip(t)
		}
	})
	if k.values < 0 && !k.encrypted {
		c.fail()
	}
	return k
}

func (c *compact) chunkMeta(typ byte, k *chunk) {
	c.fields(typ, func(id int, t byte) {
		switch id {
		case 1:
			k.phys = int(c.integer(t))
		case 4:
			k.codec = int(c.integer(t))
		case 5:
			k.values = c.integer(t)
		case 7:
			k.compressed = c.integer(t)
		case 9:
			k.data = c.integer(t)
		case 11:
			k.dict = c.integer(t)
		default:
			c.skip(t)
		}
	})
}

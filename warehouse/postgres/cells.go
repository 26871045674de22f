package postgres

import (
	"encoding/binary"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// cells are the texts of a dictionary as COPY has them, each with its length, and
// NULL after the last.
type cells struct {
	of      arrow.ArrayData // the dictionary
	list    []cell
	bytes   []byte
	numbers []uint32 // memory for those of a record
}

// A cell is so many bytes from one on.
type cell struct{ from, size int }

// openNumbered takes texts that stand in a dictionary, whose numbers are unsigned
// and of 32 bits.
func (f *field) openNumbered(a *array.Dictionary) error {
	if dict := a.Data().Dictionary(); f.cells.of != dict {
		f.cells.of = nil
		texts := field{column: f.column, made: f.made}
		texts.openTexts(a.Dictionary().(*array.String))
		if err := texts.prepare(a.Dictionary().Len()); err != nil {
			return err
		}
		f.made = texts.made
		f.cells.make(&texts, a.Dictionary().Len())
		f.cells.of = dict
	}
	numbers := a.Indices().(*array.Uint32).Uint32Values()
	if f.bitmap == nil {
		f.numbers = numbers
		return nil
	}
	null := uint32(len(f.cells.list) - 1)
	f.numbers = append(f.cells.numbers[:0], numbers...)
	for i := range f.numbers {
		if f.bit(i) == 0 {
			f.numbers[i] = null
		}
	}
	f.cells.numbers, f.bitmap = f.numbers, nil
	return nil
}

// make makes the cells of n texts.
func (c *cells) make(f *field, n int) {
	c.list, c.bytes = c.list[:0], c.bytes[:0]
	for i := range n {
		value := f.bytes[f.ends[i]:f.ends[i+1]]
		from, length := len(c.bytes), len(value)
		if f.prefix {
			length++
		}
		c.bytes = binary.BigEndian.AppendUint32(c.bytes, uint32(length))
		if f.prefix {
			c.bytes = append(c.bytes, 1)
		}
		c.bytes = append(c.bytes, value...)
		c.list = append(c.list, cell{from, length + 4})
	}
	c.list = append(c.list, cell{len(c.bytes), 4})
	c.bytes = binary.BigEndian.AppendUint32(c.bytes, nullLength)
}

// measure adds the cells' bytes to the lengths of rows.
func (c *cells) measure(place []int, numbers []uint32) {
	numbers = numbers[:len(place)]
	for i, number := range numbers {
		place[i] += c.list[number].size
	}
}

// fill writes the cells at the rows' places and moves these on.
func (c *cells) fill(buf []byte, place []int, numbers []uint32) {
	numbers = numbers[:len(place)]
	for i, number := range numbers {
		v, p := c.list[number], place[i]
		copy(buf[p:], c.bytes[v.from:v.from+v.size])
		place[i] = p + v.size
	}
}

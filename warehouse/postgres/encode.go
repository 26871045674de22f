package postgres

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"tapline/warehouse"
)

// Bounds of what the encoder makes at a time.
const (
	blockRows  = 2048
	blockBytes = 256 << 10
	maxField   = 1<<30 - 1 // bytes of one value
)

// Days and microseconds from 1970 to 2000, where PostgreSQL's calendar starts.
const (
	epochDays   = 10957
	epochMicros = epochDays * 86400 * 1_000_000
)

// An encoder writes Arrow records in the binary format of COPY: of each row the
// number of its columns, and of each value its length, -1 for NULL, and its
// bytes. A block of rows is measured column by column, so that each row's place
// is known, and filled column by column. Buffers are used again and again; no
// value ever becomes a Go value of its own, and a text that stands in a dictionary
// is encoded once for all rows that have it.
type encoder struct {
	table   string
	columns []column
	fields  []field // of the record at hand, one for each column
	place   []int   // of each row of the block: where its next value goes
	buf     []byte
}

// A field is a column's values in the record at hand.
type field struct {
	column
	bitmap []byte // a bit for each value that is not NULL; nil = all
	first  int    // the bit of value 0
	bits   *array.Boolean
	ints   []int64 // also of timestamps, as microseconds since 1970
	floats []float64
	days   []arrow.Date32
	// Texts, and what is made before it is measured: value i is
	// bytes[ends[i]:ends[i+1]].
	ends   []int32
	bytes  []byte
	prefix bool // a version stands before each value
	absent bool // the record has no such column
	made   madeValues
	// Of texts in a dictionary: for each value the number of its cell.
	numbers []uint32
	cells   cells
}

// madeValues keeps the buffers of values that are made from others.
type madeValues struct {
	ends  []int32
	bytes []byte
}

func newEncoder(table string, columns []column) *encoder {
	return &encoder{table: table, columns: columns, fields: make([]field, len(columns)), place: make([]int, blockRows)}
}

// open takes a record, whose column source[i] goes to the encoder's column i; -1 =
// it has none. Errors: *warehouse.SchemaError for a value that its column does
// not hold.
func (e *encoder) open(rec arrow.Record, source []int) error {
	for i, c := range e.columns {
		f := &e.fields[i]
		*f = field{column: c, made: f.made, cells: f.cells}
		if source[i] < 0 {
			f.absent = true
			continue
		}
		if err := f.open(rec.Column(source[i])); err != nil {
			return &warehouse.SchemaError{Table: e.table, Column: c.Name, Reason: err.Error()}
		}
	}
	return nil
}

func (f *field) open(a arrow.Array) error {
	if a.NullN() > 0 {
		f.bitmap, f.first = a.NullBitmapBytes(), a.Data().Offset()
	}
	switch a := a.(type) {
	case *array.Boolean:
		f.bits = a
	case *array.Int64:
		f.ints = a.Int64Values()
	case *array.Timestamp:
		f.ints = arrow.Int64Traits.CastFromBytes(arrow.TimestampTraits.CastToBytes(a.TimestampValues()))
	case *array.Float64:
		f.floats = a.Float64Values()
	case *array.Date32:
		f.days = a.Date32Values()
	case *array.String:
		f.openTexts(a)
	case *array.Dictionary:
		return f.openNumbered(a)
	default:
		return fmt.Errorf("a part has %s there", a.DataType())
	}
	return f.prepare(a.Len())
}

func (f *field) openTexts(a *array.String) {
	f.ends = a.ValueOffsets()
	if b := a.Data().Buffers()[2]; b != nil {
		f.bytes = b.Bytes()
	}
}

// null reports whether value i is NULL.
func (f *field) null(i int) bool { return f.bitmap != nil && f.bit(i) == 0 }

// bit is 1 for a value that is not NULL, in a column that has NULLs.
func (f *field) bit(i int) int {
	i += f.first
	return int(f.bitmap[i>>3]>>(i&7)) & 1
}

// encode returns the rows of the record from row on, as many as make a block, at
// least one. The bytes are valid until the next call.
func (e *encoder) encode(row, end int) (block []byte, next int) {
	n := min(end-row, blockRows)
	n, size := e.measure(row, n)
	if cap(e.buf) < size {
		e.buf = make([]byte, max(size, blockBytes+blockBytes/4))
	}
	e.buf = e.buf[:size]
	for i := range n {
		binary.BigEndian.PutUint16(e.buf[e.place[i]:], uint16(len(e.columns)))
		e.place[i] += 2
	}
	for i := range e.fields {
		e.fields[i].fill(e.buf, e.place[:n], row)
	}
	return e.buf, row + n
}

// measure sets the place of each row and returns how many rows make a block, and
// its size in bytes.
func (e *encoder) measure(row, n int) (rows, size int) {
	place := e.place[:n]
	fixed := 2
	for i := range e.fields {
		if f := &e.fields[i]; f.bitmap == nil && f.numbers == nil {
			fixed += f.width()
		}
	}
	for i := range place {
		place[i] = fixed
	}
	for i := range e.fields {
		e.fields[i].measure(place, row)
	}
	at := 0
	for i, length := range place {
		if i > 0 && at+length > blockBytes {
			return i, at
		}
		place[i] = at
		at += length
	}
	return n, at
}

// width is how many bytes every value that is not NULL takes, but for those of
// texts.
func (f *field) width() int {
	switch {
	case f.absent, f.ends != nil && !f.prefix:
		return 4
	case f.ends != nil:
		return 5
	case f.form == formBool:
		return 5
	case f.form == formDate:
		return 8
	}
	return 12
}

// measure adds the field's bytes to the lengths of rows.
func (f *field) measure(place []int, row int) {
	if f.numbers != nil {
		f.cells.measure(place, f.numbers[row:])
		return
	}
	if f.bitmap != nil {
		beyond := f.width() - 4
		for i := range place {
			place[i] += 4 + beyond*f.bit(row+i)
		}
	}
	if f.ends == nil {
		return
	}
	ends := f.ends[row : row+len(place)+1]
	if f.bitmap == nil {
		for i := range place {
			place[i] += int(ends[i+1] - ends[i])
		}
		return
	}
	for i := range place { // the text of a NULL is most often empty, and need not be
		place[i] += int(ends[i+1]-ends[i]) * f.bit(row+i)
	}
}

const nullLength = math.MaxUint32 // -1

// fill writes the field's values at the rows' places and moves these on.
func (f *field) fill(buf []byte, place []int, row int) {
	switch {
	case f.absent:
		for i, p := range place {
			binary.BigEndian.PutUint32(buf[p:], nullLength)
			place[i] = p + 4
		}
	case f.numbers != nil:
		f.cells.fill(buf, place, f.numbers[row:])
	case f.ends != nil:
		f.fillText(buf, place, row)
	case f.form == formBool:
		f.fillBool(buf, place, row)
	case f.form == formDate:
		f.fillDate(buf, place, row)
	case f.form == formStamp:
		f.fillInt(buf, place, row, -epochMicros)
	case f.form == formFloat:
		f.fillFloat(buf, place, row)
	default:
		f.fillInt(buf, place, row, 0)
	}
}

func (f *field) fillInt(buf []byte, place []int, row int, add int64) {
	values := f.ints[row : row+len(place)]
	for i, v := range values {
		p := place[i]
		if f.null(row + i) {
			binary.BigEndian.PutUint32(buf[p:], nullLength)
			place[i] = p + 4
			continue
		}
		out := buf[p : p+12]
		binary.BigEndian.PutUint32(out, 8)
		binary.BigEndian.PutUint64(out[4:], uint64(v+add))
		place[i] = p + 12
	}
}

// fillFloat also takes integers, which are exact as floating numbers by now.
func (f *field) fillFloat(buf []byte, place []int, row int) {
	for i, p := range place {
		if f.null(row + i) {
			binary.BigEndian.PutUint32(buf[p:], nullLength)
			place[i] = p + 4
			continue
		}
		var v float64
		if f.floats != nil {
			v = f.floats[row+i]
		} else {
			v = float64(f.ints[row+i])
		}
		out := buf[p : p+12]
		binary.BigEndian.PutUint32(out, 8)
		binary.BigEndian.PutUint64(out[4:], math.Float64bits(v))
		place[i] = p + 12
	}
}

func (f *field) fillDate(buf []byte, place []int, row int) {
	for i, p := range place {
		if f.null(row + i) {
			binary.BigEndian.PutUint32(buf[p:], nullLength)
			place[i] = p + 4
			continue
		}
		binary.BigEndian.PutUint32(buf[p:], 4)
		binary.BigEndian.PutUint32(buf[p+4:], uint32(int32(f.days[row+i])-epochDays))
		place[i] = p + 8
	}
}

func (f *field) fillBool(buf []byte, place []int, row int) {
	for i, p := range place {
		if f.null(row + i) {
			binary.BigEndian.PutUint32(buf[p:], nullLength)
			place[i] = p + 4
			continue
		}
		binary.BigEndian.PutUint32(buf[p:], 1)
		buf[p+4] = 0
		if f.bits.Value(row + i) {
			buf[p+4] = 1
		}
		place[i] = p + 5
	}
}

func (f *field) fillText(buf []byte, place []int, row int) {
	ends := f.ends[row : row+len(place)+1]
	for i, p := range place {
		if f.null(row + i) {
			binary.BigEndian.PutUint32(buf[p:], nullLength)
			place[i] = p + 4
			continue
		}
		value := f.bytes[ends[i]:ends[i+1]]
		length := len(value)
		start := p + 4
		if f.prefix {
			length++
			buf[start] = 1
			start++
		}
		binary.BigEndian.PutUint32(buf[p:], uint32(length))
		place[i] = start + copy(buf[start:], value)
	}
}

package parquet

import (
	"encoding/binary"
	"fmt"
	"math"
)

const (
	magic   = "PAR1"
	creator = "tapline"
)

// Numbers of encodings in the file format.
const (
	encPlain         = 0
	encRLE           = 3
	encRLEDictionary = 8
)

// A footer gathers the metadata of row groups as they are written, already
// encoded: a hundred bytes a column and row group.
type footer struct {
	groups thrift
	count  int
	group  struct{ raw, stored int64 } // bytes of the open row group
}

// beginRowGroup begins a row group of so many columns.
func (f *footer) beginRowGroup(columns int) {
	f.group.raw, f.group.stored = 0, 0
	f.groups.beginElement()
	f.groups.listField(1, typeStruct, columns)
}

// addChunk notes a column of the open row group, written at an offset.
func (f *footer) addChunk(col column, codec codecID, c *chunk, at int64) {
	stored := int64(len(c.bytes))
	f.group.raw += c.raw
	f.group.stored += stored

	t := &f.groups
	t.beginElement()
	t.i64(2, 0) // file_offset: required and deprecated
	t.begin(3)
	t.i32(1, col.kind.physical())
	c.appendEncodings(t)
	t.listField(3, typeBinary, 1)
	t.element(col.name)
	t.i32(4, int32(codec))
	t.i64(5, int64(c.rows))
	t.i64(6, c.raw)
	t.i64(7, stored)
	t.i64(9, at+c.dictBytes)
	if c.dictBytes > 0 {
		t.i64(11, at)
	}
	c.stats.append(t, col.kind)
	t.end()
	t.end()
}

// appendEncodings lists the encodings that the chunk's pages use.
func (c *chunk) appendEncodings(t *thrift) {
	encodings := []int64{encPlain, encRLE}
	if c.dictBytes > 0 {
		encodings = append(encodings, encRLEDictionary)
	}
	t.listField(2, typeI32, len(encodings))
	for _, e := range encodings {
		t.varint(e)
	}
}

// endRowGroup completes the open row group.
func (f *footer) endRowGroup(rows int64) {
	f.groups.i64(2, f.group.raw)
	f.groups.i64(3, rows)
	f.groups.i64(6, f.group.stored)
	f.groups.end()
	f.count++
}

// finish returns what ends the file.
func (f *footer) finish(columns []column, rows int64) ([]byte, error) {
	var t thrift
	t.beginElement()
	t.i32(1, 1) // the version every reader takes
	appendSchema(&t, columns)
	t.i64(3, rows)
	t.listField(4, typeStruct, f.count)
	t.buf = append(t.buf, f.groups.buf...)
	t.text(6, creator)
	// Without this, readers must not trust min_value and max_value.
	t.listField(7, typeStruct, len(columns))
	for range columns {
		t.beginElement()
		t.empty(1) // TYPE_ORDER
		t.end()
	}
	t.end()
	if len(t.buf) > math.MaxInt32 {
		return nil, fmt.Errorf("parquet: %d row groups of %d columns are too many for one file", f.count, len(columns))
	}
	t.buf = binary.LittleEndian.AppendUint32(t.buf, uint32(len(t.buf)))
	return append(t.buf, magic...), nil
}

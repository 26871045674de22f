package parquet

import "encoding/binary"

// thrift writes structures in Thrift's compact protocol, as far as Parquet's
// metadata needs it: a field is a byte that holds its type and the distance
// from the field before, then its value.
// Source: github.com/apache/thrift, doc/specs/thrift-compact-protocol.md.
type thrift struct {
	buf  []byte
	last int16   // id of the last field of the open structure
	open []int16 // the same for those around it
}

// The types of fields and elements.
const (
	typeTrue   = 1
	typeFalse  = 2
	typeI32    = 5
	typeI64    = 6
	typeBinary = 8
	typeList   = 9
	typeStruct = 12
)

// field begins a field. Ids ascend by at most 15 everywhere in Parquet, so the
// long form never occurs.
func (t *thrift) field(id int16, typ byte) {
	t.buf = append(t.buf, byte(id-t.last)<<4|typ)
	t.last = id
}

func (t *thrift) i32(id int16, v int32) { t.field(id, typeI32); t.varint(int64(v)) }

func (t *thrift) i64(id int16, v int64) { t.field(id, typeI64); t.varint(v) }

func (t *thrift) bool(id int16, v bool) {
	if v {
		t.field(id, typeTrue)
	} else {
		t.field(id, typeFalse)
	}
}

func (t *thrift) text(id int16, s string) { t.field(id, typeBinary); t.element(s) }

func (t *thrift) binary(id int16, b []byte) {
	t.field(id, typeBinary)
	t.buf = binary.AppendUvarint(t.buf, uint64(len(b)))
	t.buf = append(t.buf, b...)
}

// element writes a text that is an element of a list.
func (t *thrift) element(s string) {
	t.buf = binary.AppendUvarint(t.buf, uint64(len(s)))
	t.buf = append(t.buf, s...)
}

// varint writes an integer that is an element, or the value of a field.
func (t *thrift) varint(v int64) { t.buf = binary.AppendVarint(t.buf, v) }

// listField begins a field that is a list of n elements.
func (t *thrift) listField(id int16, elem byte, n int) {
	t.field(id, typeList)
	if n < 15 {
		t.buf = append(t.buf, byte(n)<<4|elem)
		return
	}
	t.buf = append(t.buf, 15<<4|elem)
	t.buf = binary.AppendUvarint(t.buf, uint64(n))
}

// begin begins a field that is a structure, or a union.
func (t *thrift) begin(id int16) {
	t.field(id, typeStruct)
	t.beginElement()
}

// beginElement begins a structure that is an element of a list, or the whole.
func (t *thrift) beginElement() {
	t.open = append(t.open, t.last)
	t.last = 0
}

// end ends the structure begun last.
func (t *thrift) end() {
	t.buf = append(t.buf, 0)
	t.last = t.open[len(t.open)-1]
	t.open = t.open[:len(t.open)-1]
}

// empty writes a field that is a structure without fields.
func (t *thrift) empty(id int16) {
	t.begin(id)
	t.end()
}

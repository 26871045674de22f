package parquet

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
)

// A column is one leaf of the file's schema.
type column struct {
	name string
	kind kind
}

// kind is what a column holds.
type kind int

const (
	boolean kind = iota
	integer
	float
	text
	date
	timestamp
)

// physical is the number of the kind's storage type in the file format.
func (k kind) physical() int32 {
	switch k {
	case boolean:
		return 0 // BOOLEAN
	case date:
		return 1 // INT32
	case float:
		return 5 // DOUBLE
	case text:
		return 6 // BYTE_ARRAY
	}
	return 2 // INT64
}

// columnsOf maps the schema's fields, or tells what it cannot map.
func columnsOf(schema *arrow.Schema) ([]column, error) {
	if schema.NumFields() == 0 {
		return nil, errors.New("parquet: the schema has no columns")
	}
	columns := make([]column, 0, schema.NumFields())
	seen := make(map[string]bool, schema.NumFields())
	for _, f := range schema.Fields() {
		k, ok := kindOf(f.Type)
		switch {
		case !ok:
			return nil, fmt.Errorf("parquet: column %q: cannot write type %s", f.Name, f.Type)
		case !utf8.ValidString(f.Name):
			return nil, fmt.Errorf("parquet: column %q: the name is not UTF-8", f.Name)
		case seen[f.Name]:
			return nil, fmt.Errorf("parquet: column %q: two columns have this name", f.Name)
		}
		seen[f.Name] = true
		columns = append(columns, column{f.Name, k})
	}
	return columns, nil
}

func kindOf(t arrow.DataType) (kind, bool) {
	switch t := t.(type) {
	case *arrow.BooleanType:
		return boolean, true
	case *arrow.Int64Type:
		return integer, true
	case *arrow.Float64Type:
		return float, true
	case *arrow.StringType:
		return text, true
	case *arrow.DictionaryType:
		return text, t.IndexType.ID() == arrow.INT8 && t.ValueType.ID() == arrow.STRING
	case *arrow.Date32Type:
		return date, true
	case *arrow.TimestampType:
		return timestamp, t.Unit == arrow.Microsecond && t.TimeZone == "UTC"
	}
	return 0, false
}

// sameColumns tells where a record's columns are not those of the file. Whether
// a column is called nullable, and its metadata, make no difference here.
func sameColumns(want, have *arrow.Schema) error {
	if want == have {
		return nil
	}
	if want.NumFields() != have.NumFields() {
		return fmt.Errorf("parquet: a record of %d columns for a file of %d", have.NumFields(), want.NumFields())
	}
	for i, w := range want.Fields() {
		h := have.Field(i)
		if w.Name != h.Name || !arrow.TypeEqual(w.Type, h.Type) {
			return fmt.Errorf("parquet: column %d of the record is %q %s, of the file %q %s", i, h.Name, h.Type, w.Name, w.Type)
		}
	}
	return nil
}

// appendSchema writes the file's schema: a root that holds the columns.
func appendSchema(t *thrift, columns []column) {
	t.listField(2, typeStruct, len(columns)+1)
	t.beginElement()
	t.text(4, "schema")
	t.i32(5, int32(len(columns)))
	t.end()
	for _, c := range columns {
		t.beginElement()
		t.i32(1, c.kind.physical())
		t.i32(3, 1) // OPTIONAL
		t.text(4, c.name)
		appendLogical(t, c.kind)
		t.end()
	}
}

// appendLogical writes what the stored values mean: the older converted type
// and the logical type, for readers of either.
func appendLogical(t *thrift, k kind) {
	switch k {
	case text:
		t.i32(6, 0) // UTF8
		t.begin(10)
		t.empty(1) // STRING
		t.end()
	case date:
		t.i32(6, 6) // DATE
		t.begin(10)
		t.empty(6) // DATE
		t.end()
	case timestamp:
		t.i32(6, 10) // TIMESTAMP_MICROS
		t.begin(10)
		t.begin(8)      // TIMESTAMP
		t.bool(1, true) // isAdjustedToUTC
		t.begin(2)      // unit
		t.empty(2)      // MICROS
		t.end()
		t.end()
		t.end()
	}
}

package bigquery

import (
	"fmt"
	"strings"

	bq "cloud.google.com/go/bigquery"
	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

// fieldType is BigQuery's word for one of the six types of the contract.
func fieldType(t arrow.DataType) bq.FieldType {
	switch t.ID() {
	case arrow.BOOL:
		return bq.BooleanFieldType
	case arrow.INT64:
		return bq.IntegerFieldType
	case arrow.FLOAT64:
		return bq.FloatFieldType
	case arrow.DATE32:
		return bq.DateFieldType
	case arrow.TIMESTAMP:
		return bq.TimestampFieldType
	}
	return bq.StringFieldType
}

// arrowType is the inverse of fieldType. Exact decimals are text, see decimal.go;
// a type that no load can write to is an otherType.
func arrowType(f *bq.FieldSchema) arrow.DataType {
	if f.Repeated {
		return otherType{"ARRAY<" + string(f.Type) + ">"}
	}
	switch f.Type {
	case bq.BooleanFieldType:
		return arrow.FixedWidthTypes.Boolean
	case bq.IntegerFieldType:
		return arrow.PrimitiveTypes.Int64
	case bq.FloatFieldType:
		return arrow.PrimitiveTypes.Float64
	case bq.StringFieldType:
		return arrow.BinaryTypes.String
	case bq.DateFieldType:
		return arrow.FixedWidthTypes.Date32
	case bq.TimestampFieldType:
		return timestampType()
	case bq.NumericFieldType, bq.BigNumericFieldType:
		return arrow.BinaryTypes.String
	}
	return otherType{string(f.Type)}
}

func timestampType() arrow.DataType {
	return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
}

// An otherType is a type of BigQuery that the contract has no word for. It only
// describes: there are no arrays of it.
type otherType struct{ name string }

func (otherType) ID() arrow.Type               { return arrow.EXTENSION }
func (t otherType) Name() string               { return t.name }
func (t otherType) String() string             { return t.name }
func (t otherType) Fingerprint() string        { return "bigquery:" + t.name }
func (otherType) Layout() arrow.DataTypeLayout { return arrow.DataTypeLayout{} }

// Descriptions longer than these are cut; BigQuery refuses them.
const (
	mostColumnAbout = 1024
	mostTableAbout  = 16384
)

// fields are columns as BigQuery describes them, all nullable.
func fields(columns []warehouse.Column) bq.Schema {
	schema := make(bq.Schema, len(columns))
	for i, c := range columns {
		schema[i] = &bq.FieldSchema{Name: c.Name, Type: fieldType(c.Type), Description: cut(c.Source, mostColumnAbout)}
	}
	return schema
}

// cut is text of at most n characters.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	if r := []rune(text); len(r) > n {
		return string(r[:n])
	}
	return text
}

// columnsOf is the inverse of fields.
func columnsOf(schema bq.Schema) []warehouse.Column {
	columns := make([]warehouse.Column, len(schema))
	for i, f := range schema {
		columns[i] = warehouse.Column{Name: f.Name, Type: arrowType(f), Source: f.Description, Native: native(f)}
	}
	return columns
}

// native is BigQuery's word for an exact decimal, which no Column's type is.
func native(f *bq.FieldSchema) string {
	if _, ok := decimalOf(f); !ok {
		return ""
	}
	word := strings.ToLower(string(f.Type))
	switch {
	case f.Scale > 0:
		return fmt.Sprintf("%s(%d,%d)", word, f.Precision, f.Scale)
	case f.Precision > 0:
		return fmt.Sprintf("%s(%d)", word, f.Precision)
	}
	return word
}

// taplineColumns are those that every row carries.
func taplineColumns() []warehouse.Column {
	return []warehouse.Column{
		{Name: warehouse.ColSlice, Type: arrow.BinaryTypes.String},
		{Name: warehouse.ColLoad, Type: arrow.BinaryTypes.String},
		{Name: warehouse.ColRow, Type: arrow.PrimitiveTypes.Int64},
		{Name: warehouse.ColLoadedAt, Type: timestampType()},
	}
}

func sameType(a, b arrow.DataType) bool { return arrow.TypeEqual(a, b) && typeWord(a) == typeWord(b) }

// typeWord is the word for a type in messages.
func typeWord(t arrow.DataType) string {
	if other, ok := t.(otherType); ok {
		return other.name
	}
	return warehouse.TypeName(t)
}

// holds reports whether a table's column takes the values of another: integers
// go into floating columns, where Load checks each.
func holds(have, want arrow.DataType) bool {
	return sameType(have, want) || have.ID() == arrow.FLOAT64 && want.ID() == arrow.INT64
}

func misfit(table, column string, have, want arrow.DataType) error {
	return &warehouse.SchemaError{Table: table, Column: column, Have: typeWord(have), Want: typeWord(want)}
}

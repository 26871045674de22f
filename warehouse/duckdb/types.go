//go:build cgo

package duckdb

import (
	"github.com/apache/arrow/go/v15/arrow"
)

// sqlTypes are the six types of the contract in DuckDB's words.
func sqlType(t arrow.DataType) (string, bool) {
	switch t.ID() {
	case arrow.BOOL:
		return "BOOLEAN", true
	case arrow.INT64:
		return "BIGINT", true
	case arrow.FLOAT64:
		return "DOUBLE", true
	case arrow.STRING:
		return "VARCHAR", true
	case arrow.DATE32:
		return "DATE", true
	case arrow.TIMESTAMP:
		ts, ok := t.(*arrow.TimestampType)
		return "TIMESTAMP WITH TIME ZONE", ok && ts.Unit == arrow.Microsecond && ts.TimeZone != ""
	}
	return "", false
}

// arrowType is the inverse of sqlType; a type that no load can write to is an
// otherType.
func arrowType(name string) arrow.DataType {
	switch name {
	case "BOOLEAN":
		return arrow.FixedWidthTypes.Boolean
	case "BIGINT":
		return arrow.PrimitiveTypes.Int64
	case "DOUBLE":
		return arrow.PrimitiveTypes.Float64
	case "VARCHAR":
		return arrow.BinaryTypes.String
	case "DATE":
		return arrow.FixedWidthTypes.Date32
	case "TIMESTAMP WITH TIME ZONE":
		return timestampType()
	}
	return otherType{name}
}

func timestampType() arrow.DataType {
	return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
}

// An otherType is a type of DuckDB that the contract has no word for. It only
// describes: there are no arrays of it.
type otherType struct{ name string }

func (otherType) ID() arrow.Type               { return arrow.EXTENSION }
func (t otherType) Name() string               { return t.name }
func (t otherType) String() string             { return t.name }
func (t otherType) Fingerprint() string        { return "duckdb:" + t.name }
func (otherType) Layout() arrow.DataTypeLayout { return arrow.DataTypeLayout{} }

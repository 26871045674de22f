package postgres

import (
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

// A form is how a column's values travel in a binary COPY.
type form int

const (
	formNone    form = iota // no load writes to it
	formBool                // one byte
	formInt                 // eight bytes
	formFloat               // eight bytes, IEEE 754
	formText                // UTF-8
	formDate                // days since 2000-01-01, four bytes
	formStamp               // microseconds since 2000-01-01 UTC, eight bytes
	formNumeric             // digits to the base of 10,000
	formJSONB               // a version, then JSON text
)

// A column is a column of a table as the catalogue has it.
type column struct {
	warehouse.Column
	sql       string // PostgreSQL's words for the type
	form      form
	generated bool // the database computes it
	// Of numeric: digits in all and after the point; precision 0 = any.
	precision, scale int
}

// sqlType is the PostgreSQL type of a Column's type.
func sqlType(t arrow.DataType) string {
	switch t.ID() {
	case arrow.BOOL:
		return "boolean"
	case arrow.INT64:
		return "bigint"
	case arrow.FLOAT64:
		return "double precision"
	case arrow.DATE32:
		return "date"
	case arrow.TIMESTAMP:
		return "timestamp with time zone"
	}
	return "text"
}

func stampType() arrow.DataType {
	return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
}

// columnOf reads what the catalogue says about a type.
func columnOf(name, sql string, modifier int64, source string, generated bool) column {
	c := column{Column: warehouse.Column{Name: name, Type: arrow.BinaryTypes.String, Source: source}, sql: sql, generated: generated}
	base, _, _ := strings.Cut(sql, "(")
	switch {
	case sql == "boolean":
		c.Type, c.form = arrow.FixedWidthTypes.Boolean, formBool
	case sql == "bigint":
		c.Type, c.form = arrow.PrimitiveTypes.Int64, formInt
	case sql == "double precision":
		c.Type, c.form = arrow.PrimitiveTypes.Float64, formFloat
	case sql == "date":
		c.Type, c.form = arrow.FixedWidthTypes.Date32, formDate
	case sql == "timestamp with time zone":
		c.Type, c.form = stampType(), formStamp
	case sql == "text", base == "character varying", sql == "json":
		c.form = formText
	case sql == "jsonb":
		c.form = formJSONB
	case base == "numeric":
		c.form = formNumeric
		if modifier >= 4 { // NUMERIC's typmod: precision above 16 bits of a signed scale of 11
			c.precision = int((modifier - 4) >> 16 & 0xffff)
			c.scale = int((modifier-4)&0x7ff^1024) - 1024
		}
	default:
		c.Type = otherType{sql}
	}
	if sql != sqlType(c.Type) {
		c.Native = sql
	}
	if generated {
		c.form = formNone
	}
	return c
}

// holds reports whether values of type t go into the column. Those that go in
// only if they are exact, are looked at one by one.
func (c column) holds(t arrow.DataType) bool {
	id := t.ID()
	switch c.form {
	case formBool:
		return id == arrow.BOOL
	case formInt:
		return id == arrow.INT64
	case formFloat:
		return id == arrow.FLOAT64 || id == arrow.INT64
	case formText, formJSONB:
		return id == arrow.STRING
	case formDate:
		return id == arrow.DATE32
	case formStamp:
		return id == arrow.TIMESTAMP && warehouse.Storable(t)
	case formNumeric:
		return id == arrow.INT64 || id == arrow.FLOAT64 || id == arrow.STRING
	}
	return false
}

// misfit is the refusal of values of a type.
func (c column) misfit(table string, want arrow.DataType) error {
	e := &warehouse.SchemaError{Table: table, Column: c.Name, Have: warehouse.TypeName(c.Type), Want: warehouse.TypeName(want)}
	switch {
	case c.generated:
		e.Reason = "the database computes it"
	case c.form == formJSONB || c.form == formNumeric:
		e.Have = c.sql
	}
	return e
}

// An otherType is a type of PostgreSQL that the contract has no word for. It
// only describes: there are no arrays of it.
type otherType struct{ name string }

func (otherType) ID() arrow.Type               { return arrow.EXTENSION }
func (t otherType) Name() string               { return t.name }
func (t otherType) String() string             { return t.name }
func (t otherType) Fingerprint() string        { return "postgres:" + t.name }
func (otherType) Layout() arrow.DataTypeLayout { return arrow.DataTypeLayout{} }

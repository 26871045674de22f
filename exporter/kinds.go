package exporter

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
)

// Kinds is the set of kinds of value that the cells of a column held. Sets of
// batches, parts and slices are united with |, which forgets no digit and no
// order: what a column becomes depends on everything it holds and on nothing
// else, neither on batch size nor on where a run was interrupted.
//
// Formats whose numbers are text (CSV) also note how those of kind Float were
// written, because 1.10 is a price in one column and a version in another: the
// text comes back when the column turns out to be text. Formats with numbers of
// their own (JSON) note nothing.
type Kinds uint32

// The kinds of value. A cell that is NULL is of no kind.
const (
	Bool  Kinds = 1 << iota // true, false
	Int                     // an integer that a float64 holds exactly: |v| <= 2^53
	Long                    // any other integer that an int64 holds
	Float                   // a number whose digits a float64 gives back
	Date                    // a calendar day
	Time                    // an instant, microseconds since 1970 UTC
	Text                    // everything else, lists and objects as JSON text included
)

// How cells of kind Float were written. Each that has a fraction is noted under
// the number of its digits, whether or not the others apply.
const (
	Dotted Kinds = 1 << (7 + iota) // a whole number with ".0"
	Padded                         // a fraction that ends in 0 otherwise: 1.50, 2.00
	Odd                            // any other but a plain decimal: 1E7
	Frac1                          // one digit after the point
	Frac2
	Frac3
	Frac4
	Frac5
	Frac6
	FracMany // more than six
)

// Values is the set of all kinds of value, without how they were written.
const Values = Bool | Int | Long | Float | Date | Time | Text

const (
	written = Dotted | Padded | Odd // what the canonical text does not show
	fracs   = Frac1 | Frac2 | Frac3 | Frac4 | Frac5 | Frac6 | FracMany
)

// Frac is the kind of a fraction of n digits, n > 0.
func Frac(n int) Kinds { return Frac1 << (min(n, 7) - 1) }

// Exact is the largest magnitude up to which every integer is a float64.
const Exact = 1 << 53

var (
	utf8Type = arrow.BinaryTypes.String
	timeType = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
)

// Type is the narrowest column type that holds every kind of k and loses no
// digit: bool < int64 < float64 < string, date, timestamp. It is nil for the
// empty set: a column of NULLs has no type yet.
func (k Kinds) Type() arrow.DataType {
	switch k &= Values; {
	case k == 0:
		return nil
	case k == Bool:
		return arrow.FixedWidthTypes.Boolean
	case k&^(Bool|Int|Long) == 0:
		return arrow.PrimitiveTypes.Int64
	case k&^(Bool|Int|Float) == 0:
		return arrow.PrimitiveTypes.Float64
	case k == Date:
		return arrow.FixedWidthTypes.Date32
	case k == Time:
		return timeType
	}
	return utf8Type
}

// Staged is the type in which a batch carries a column of these kinds. It is
// Type, except that a mixture with Bool travels as canonical text (see below),
// because 1 and true must stay apart until the whole column is known, and so do
// numbers whose value does not tell their text: 1.10 beside 1.2.
//
// Canonical text of a cell: true or false; an integer's digits; a float as
// AppendFloat of the column's kinds writes it; 2006-01-02; an instant as
// AppendTime writes it; text as it is, and a number that travels as text as
// the vendor wrote it.
func (k Kinds) Staged() arrow.DataType {
	if k&Bool != 0 && k&Values != Bool || k&Float != 0 && !k.telling() {
		return utf8Type
	}
	return k.Type()
}

// telling reports whether the value of a Float tells how it was written.
func (k Kinds) telling() bool {
	switch {
	case k&written == 0:
		return true
	case k&Odd != 0 || k&(Int|Long) != 0:
		return false
	case k&Padded == 0:
		return true
	}
	return k&FracMany == 0 && bits.OnesCount32(uint32(k&fracs)) == 1
}

// AppendFloat appends the text of a cell of kind Float in a column of these
// kinds whose Staged type is float64: as the vendor wrote it where that was
// noted, else the canonical text.
func (k Kinds) AppendFloat(b []byte, v float64) []byte {
	switch {
	case k&Padded != 0:
		return strconv.AppendFloat(b, v, 'f', bits.TrailingZeros32(uint32(k&fracs/Frac1))+1, 64)
	case k&Dotted != 0 && v == math.Trunc(v) && math.Abs(v) <= Exact:
		return strconv.AppendFloat(b, v, 'f', 1, 64)
	case k&fracs != 0: // of a format that notes, where exponents are Odd
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	}
	return AppendFloat(b, v)
}

var kindNames = [...]string{"bool", "int", "long", "float", "date", "time", "text"}

// String lists the kinds of value, such as "int|text".
func (k Kinds) String() string {
	var names []string
	for i, n := range kindNames {
		if k&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, "|")
}

// AppendFloat appends the canonical text of a float64: an integral value of
// magnitude up to Exact as its digits, so that 12 and 12.0 are one text, and
// every other as the shortest decimal that gives it back.
func AppendFloat(b []byte, v float64) []byte {
	if v == math.Trunc(v) && math.Abs(v) <= Exact && (v != 0 || !math.Signbit(v)) {
		return strconv.AppendInt(b, int64(v), 10)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// AppendTime appends the canonical text of an instant, in microseconds since
// 1970 UTC: RFC 3339 with as many fraction digits as needed.
func AppendTime(b []byte, micros int64) []byte {
	return time.UnixMicro(micros).UTC().AppendFormat(b, "2006-01-02T15:04:05.999999Z07:00")
}

package csv

import (
	"tapline/exporter"
	"tapline/exporter/format"
)

// A typer tells of what kind a cell is, and its value.
type typer struct {
	clock *format.Clock
	i     int64 // of Int, Long and Date, Time; of Bool 0 or 1
	f     float64
}

// The first bytes of cells that can be of another kind than Text.
const (
	maybeNumber byte = 1 << iota // or a date or a time
	maybeBool
	maybeDollar
	maybeQuoted // no class of the table, for the quote is the dialect's
	plainText
)

var classes = func() (t [256]byte) {
	for i := range t {
		t[i] = plainText
	}
	for c := byte('0'); c <= '9'; c++ {
		t[c] = maybeNumber
	}
	t['-'], t['$'] = maybeNumber, maybeDollar
	t['t'], t['f'], t['T'], t['F'] = maybeBool, maybeBool, maybeBool, maybeBool
	return t
}()

// kinds returns the kind of v, which is not empty, and how it was written.
func (t *typer) kinds(v []byte) exporter.Kinds {
	switch classes[v[0]] {
	case maybeNumber:
		if len(v) >= 10 && v[4] == '-' && v[7] == '-' {
			return t.dateOrTime(v)
		}
		return t.number(v)
	case maybeBool:
		switch string(v) {
		case "true", "True", "TRUE":
			t.i = 1
			return exporter.Bool
		case "false", "False", "FALSE":
			t.i = 0
			return exporter.Bool
		}
	case maybeDollar:
		if micros, ok := format.DollarDate(v); ok {
			t.i = micros
			return exporter.Time
		}
	}
	return exporter.Text
}

// put sets the cell that v, which is not empty, is in the row of c's Builder.
func (t *typer) put(c *format.Column, v []byte) {
	switch k := t.kinds(v); k & exporter.Values {
	case exporter.Bool:
		c.Bool(t.i == 1)
	case exporter.Int, exporter.Long:
		c.Int(t.i)
	case exporter.Float:
		c.Number(t.f, v, k)
	case exporter.Date:
		c.Date(int32(t.i))
	case exporter.Time:
		c.Time(t.i)
	default:
		c.Text(v)
	}
}

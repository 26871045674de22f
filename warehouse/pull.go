package warehouse

import (
	"context"
	"errors"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
)

// ErrPull says that the database cannot read an object by itself. Read by
// somebody else and loaded as parts, it may be loaded none the less.
var ErrPull = errors.New("the warehouse cannot read the object itself")

// A Puller reads objects by itself, where they are: no byte of them passes
// through this process. Optional.
//
// The three steps are followed by Load with Load.Pulled. What they make is seen
// by nobody, is left to itself when the process dies, and vanishes within a day.
type Puller interface {
	// Pull has the database read an object, all cells as text, and tells its
	// first record. Errors: ErrPull, ErrUnauthorized.
	Pull(ctx context.Context, o Object) (Pulled, error)
	// Sift gives each record its place, puts those aside that have other fields
	// than the width says, and tells of what kinds the cells are. It may be
	// called once.
	Sift(ctx context.Context, p Pulled, s Sieve) (Pulled, error)
	// Fit puts aside what the columns cannot hold. It may be called again, and
	// then forgets what it did before. Every column of the sieve is named once.
	Fit(ctx context.Context, p Pulled, columns []FitColumn) (Pulled, error)
	// Drop removes what was made of p. It fails silently: all of it vanishes.
	Drop(ctx context.Context, p Pulled)
}

// An Object is where a Puller reads, and how.
type Object struct {
	URL    string // "gs://bucket/name"
	Format string // "csv"
	// Of CSV, as exporter.Location has them.
	Delimiter, Quote byte
	Skip             int
	Header           bool
	Encoding         string
	Null             []string
	Zone             string // of local times
}

// A Sieve says what the records of an object are.
type Sieve struct {
	Load, Slice, Table string // as in Load
	ReadAt             time.Time
	Width              int // fields of a record
	Columns            []PulledColumn
}

// A PulledColumn is a column of the object.
type PulledColumn struct {
	Source string // the vendor's name
	Field  int    // its place in a record, from 0
	As     string // "" = what it says, "text", "compact" or "compact_day", as exporter.Reading
	// Constant says that all cells are Text, or NULL, and there is no field.
	Constant, Null bool
	Text           string
	Hash           bool // the hexadecimal SHA-256 of its text is all that is ever stored
}

// Pulled is what a Puller has of an object, step by step.
type Pulled struct {
	Object Object
	// First is the first record, its cells as they stand; nil = there is none.
	First  []string
	Fields int   // how many a record may have had
	Bytes  int64 // of the object, as stored

	// After Sift: how many records there are, and how many of them were put
	// aside whole; and the kinds of each column's cells.
	Rows, Rejected int64
	Sieve          Sieve
	Kinds          []CellKinds

	// After Fit: cells put aside and how many rows have some or are aside
	// themselves; how often what was the matter; and the columns.
	Cells, Bad int64
	Causes     []Cause
	Columns    []FitColumn

	// Places name what the Puller has made; they are its own business.
	Places map[string]string
}

// A FitColumn says what becomes of a column of the sieve.
type FitColumn struct {
	Source string
	Name   string         // in the table
	Type   arrow.DataType // nil = it is not in the table
	Frozen bool           // it may not come into the table: each value is put aside
}

// A Cause is a reason for which cells, or with no column whole rows, were put aside.
type Cause struct {
	Column, Reason string
	Count          int64
}

// CellKinds is a set of kinds of cells: exporter.Kinds without how numbers are
// written, and cells that cannot be read.
type CellKinds uint16

// The kinds of cells.
const (
	CellBool  CellKinds = 1 << iota
	CellInt             // an integer that a float64 holds exactly
	CellLong            // any other integer that an int64 holds
	CellFloat           // a number whose digits a float64 gives back
	CellDate
	CellTime
	CellText
	CellBroken // is put aside, whatever its column becomes
)

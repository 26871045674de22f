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

// A Puller reads objects by itself, where they are: no row of them passes
// through this process. Optional.
//
// The three steps are followed by Load with Load.Pulled. What they make is seen
// by nobody, is left to itself when the process dies, and vanishes within a day.
type Puller interface {
	// Pullable is ErrPull if it is clear already that the database cannot read the
	// object. It asks nobody.
	Pullable(o Object) error
	// Pull has the database read an object, and tells what shows which columns it
	// has. Errors: ErrPull, ErrUnauthorized.
	Pull(ctx context.Context, o Object) (Pulled, error)
	// Sift gives each record its place, puts those aside that have other fields
	// than it should, and tells of what kinds the cells are. It may be
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
	URL     string // "gs://bucket/name"
	Format  string // "csv", "json", "parquet", ...
	Packing string // "", "gzip", ...
	CSV     ObjectCSV
	// Open says of JSON whether an object at a path of keys is opened: then its
	// values are of columns of their own, and not it. So it does of Parquet's maps.
	Open func(path []string) bool
	Zone string // of local times, an IANA name
}

// ObjectCSV is how CSV is written; 0 = there is no such character.
type ObjectCSV struct {
	Delimiter byte // between fields
	Quote     byte // around fields
	Escape    byte // before a quote within quotes
	Comment   byte // begins lines that are none
	Skip      int  // lines before the first record
	Header    bool // the first record has the names
	Encoding  string
	Null      []string // texts that are NULL beside the empty one
}

// A Sieve says what the records of an object are.
type Sieve struct {
	Load, Slice, Table string // as in Load
	ReadAt             time.Time
	Columns            []PulledColumn
}

// A PulledColumn is a column of the object.
type PulledColumn struct {
	Source string // the vendor's name
	Field  int    // its place in a record of CSV, or of its path in Pulled.Keys, from 0
	As     string // "" = what it says, "text", "compact" or "compact_day", as exporter.Reading
	// Constant says that all cells are Text, or NULL, and there is no field.
	Constant, Null bool
	Text           string
	Hash           bool // the hexadecimal SHA-256 of its text is all that is ever stored
}

// Pulled is what a Puller has of an object, step by step.
type Pulled struct {
	Object Object
	// Records are how many there seem to be; 0 = there are no columns, either.
	Records int64
	Bytes   int64 // of the object, as stored
	// First is the first record of CSV, its cells as they stand, or the first line
	// of JSON if that is no object.
	First []string
	// Keys are the paths of the values in JSON that are to be columns, and of
	// Parquet what exporter.Found says.
	Keys   [][]string
	Fields int // how many a record of CSV may have had

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

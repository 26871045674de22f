package exporter

import (
	"context"
	"strings"
)

// A Locator can say where slices are, for a warehouse that reads them itself:
// then no row of them passes through this process. Optional.
type Locator interface {
	// Locate says where the slice's revision is and how it is to be read. It
	// reads nothing of it. Errors: ErrReplaced when that revision is no longer
	// what is there, ErrContent when nobody can tell how it is to be read, and
	// those of Streams.
	Locate(ctx context.Context, s Slice) (Location, error)
}

// A Location is the content of a slice, to be read by others: those of them who
// can read such content at such a place.
type Location struct {
	URL     string // "gs://bucket/name"
	Format  string // "csv", "json", "parquet" or "xlsx"
	Packing string // how it is compressed, by its name: "", "gzip", "zstd", "zip", ...
	CSV     LocatedCSV
	// Open says of JSON whether an object at a path of keys is opened: then its
	// values are of columns of their own, and not it. So it does of maps in Parquet.
	Open func(path []string) bool
	// Zone is where local times are, an IANA name.
	Zone string
	// Columns says what becomes of the content. Of Parquet it reads the footer.
	// Errors: ErrContent.
	Columns func(ctx context.Context, f Found) ([]LocatedColumn, error)
}

// LocatedCSV is how CSV is written; 0 = there is no such character.
type LocatedCSV struct {
	Delimiter byte // between fields
	Quote     byte // around fields
	Escape    byte // before a quote within quotes
	Comment   byte // begins lines that are none
	Skip      int  // lines before the first record
	Header    bool // the first record has the names
	Encoding  string
	Null      []string // texts that are NULL beside the empty one
}

// Found is what who reads a slice has found in it.
type Found struct {
	// Records are how many there seem to be.
	Records int64
	// First is the first record of CSV as it stands, or the first line of JSON
	// if that is no object.
	First []string
	// Keys are the paths of the values in JSON that are to be columns. Of Parquet
	// they are those of all primitive fields in the order of the schema, as they
	// are named now; and then, of maps that are opened, the path of the field of
	// keys with each key behind it.
	Keys [][]string
}

// A LocatedColumn is a column of the slice, under the vendor's name.
type LocatedColumn struct {
	Name string
	// Field is the place of its field in a record of CSV, or of its path in
	// Found.Keys, from 0.
	Field int
	As    Reading
	// Value, if not nil, is the canonical text of all its cells, in place of a
	// field; nil in it = NULL.
	Value *Constant
	// Kinds are what the column has of its own, whether or not its cells do.
	Kinds Kinds
}

// A Constant is the text of all cells of a column, or NULL.
type Constant struct {
	Text string
	Null bool
}

// A Reading is how the text of a field becomes a cell.
type Reading string

// The readings.
const (
	// ReadFound takes each cell as what its text says, as package csv does.
	ReadFound Reading = ""
	// ReadText takes it as text exactly as written.
	ReadText Reading = "text"
	// ReadCompact takes a local time of 14 digits, YYYYMMDDHHMMSS, as an
	// instant; any other is rejected with reason "value.time".
	ReadCompact Reading = "compact"
	// ReadCompactDay takes the day of such a time; any other is NULL.
	ReadCompactDay Reading = "compact_day"
	// ReadJSON takes a value as package json does, with dates.
	ReadJSON Reading = "json"
	// ReadJSONText takes the canonical text of such a value.
	ReadJSONText Reading = "json_text"
	// ReadJSONName is ReadJSONText, but for strings of dates, which stay as they are.
	ReadJSONName Reading = "json_name"
	// ReadJSONCompact is ReadCompact of a value, which may also be 10 digits of
	// seconds since 1970.
	ReadJSONCompact Reading = "json_compact"
	// ReadJSONCompactDay takes the day of such a time; any other is NULL.
	ReadJSONCompactDay Reading = "json_compact_day"
)

// ReadParquet takes a field of Parquet as package parquet does, given the type
// that it has in the file: who has loaded it may have lost that. A type is one of
// parquet's, "decimal:" and the scale, or "union(", "list(" or "map(", types of
// the members with commas between, and ")". More is how the text of that is read
// then: ReadFound for as it is, ReadCompact, which takes ten digits as seconds
// since 1970 too, and an instant as it is, or ReadCompactDay.
func ReadParquet(typ string, more Reading) Reading {
	return Reading(strings.TrimSpace("parquet " + typ + " " + string(more)))
}

package exporter

import "context"

// A Locator can say where slices are, for a warehouse that reads them itself:
// then no byte of them passes through this process. Optional.
type Locator interface {
	// Via names the kind of warehouse that is to read the stream's slices
	// itself, such as "bigquery"; "" = Read is for them.
	Via(s Stream) string
	// Locate says where the slice's revision is and how it is to be read. It
	// reads nothing of it. Errors: ErrReplaced when that revision is no longer
	// what is there, and those of Streams.
	Locate(ctx context.Context, s Slice) (Location, error)
}

// A Location is the content of a slice, to be read by others.
type Location struct {
	URL    string // "gs://bucket/name"
	Format string // "csv"

	// Of CSV: the one byte between fields and the one around them (0 = none),
	// how many lines are passed over before the first record, whether that has
	// the names, the encoding, and texts that are NULL beside the empty one.
	Delimiter, Quote byte
	Skip             int
	Header           bool
	Encoding         string // "utf-8", "utf-16le", "utf-16be"
	Null             []string

	// Zone is where local times are, an IANA name.
	Zone string
	// Columns says how many fields a record has and what becomes of them, by the
	// first record as it stands. Errors: ErrContent.
	Columns func(first []string) (width int, columns []LocatedColumn, err error)
}

// A LocatedColumn is a column of the slice, under the vendor's name.
type LocatedColumn struct {
	Name string
	// Field is the place of its field in a record, from 0.
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
)

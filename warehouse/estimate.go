package warehouse

import (
	"context"
	"time"
)

// An Estimator tells what loads would have the database do and what it would
// charge, before they are read. Optional; for databases that charge by the job.
type Estimator interface {
	// Estimate changes nothing. The loads are in commit order.
	Estimate(ctx context.Context, loads []Expected) (Estimate, error)
}

// An Expected is a load that is still to be made. What it shares with Load
// means the same.
type Expected struct {
	Pipeline, Table, Stream, Slice string

	Mode        Mode
	Key         []string
	Day         time.Time
	Partitioned bool

	Parts int // how many are staged; 0 = not known before the slice is read
	// Bytes are those of the parts as they are staged, or of the object that is
	// to be read as it is stored; -1 = not known before the slice is read.
	Bytes int64

	// Pull says that the database is to read the slice's object itself; Format
	// and Packing are then that Object's.
	Pull            bool
	Format, Packing string
}

// An Estimate is what loads would have the database do.
type Estimate struct {
	Jobs     []Jobs // by table, in the order in which they come
	Price    float64
	Currency string // of Price: "USD"
	Rate     string // how it is charged, in words for people
}

// Jobs are jobs of one kind that a table needs.
type Jobs struct {
	Table string
	What  string // one of them, in words for people: "load job"
	Count int64
	More  bool // there may be more of them: it depends on what is read
	// Bytes are what they load or read, as far as known; Unknown says of how
	// many slices nothing is known.
	Bytes   int64
	Unknown int64
	// Billed is how many bytes are charged for. Free says that such jobs cost
	// nothing; OnDemand that they run only when somebody asks, and are no part
	// of the price.
	Billed         int64
	Free, OnDemand bool
}

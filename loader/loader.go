// Package loader turns the slices of a source into loads of a warehouse,
// exactly once: it plans from receipts, reads slices in parallel, shapes and
// stages them as Parquet, resumes what an earlier process left, keeps bad rows
// in quarantine, and commits the loads of each table in slice order.
//
// It knows the contracts exporter.Source, warehouse.Warehouse and
// objstore.Store and no implementation of them.
package loader

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"tapline/exporter"
	"tapline/objstore"
	"tapline/warehouse"
)

// Errors of Run and Plan, beside those of the contracts.
var (
	// ErrBusy says that another run holds the pipeline; it comes inside a *BusyError.
	ErrBusy = errors.New("another run holds the pipeline")
	// ErrLimit says that a load holds more quarantined rows than max_quarantined allows.
	ErrLimit = errors.New("too many rows quarantined")
	// ErrHeld says that a load is staged and waits for an earlier slice of its
	// table that failed, because it would change the table's columns first.
	ErrHeld = errors.New("held behind a failed slice")
	// ErrName says that two things would get one name, or a name is reserved.
	ErrName = errors.New("name clash")
)

// A Config holds all a Loader needs. Pipeline, Source, Warehouse and Stage are
// required.
type Config struct {
	Pipeline  string
	Source    exporter.Source
	Warehouse warehouse.Warehouse
	Stage     objstore.Store
	// Targets say where the streams go: Targets[stream.Entry].
	Targets []Target
	// Window are the days to load. A zero Until is the last closed day's end.
	Window exporter.Window
	// Lookback is how many days, back from the window's end, are read again
	// although they are loaded.
	Lookback int
	// Reread reads every slice of the window again, loaded or not (backfill).
	Reread bool
	// Concurrency is how many slices are read at once. 0 = 4.
	Concurrency int
	// Memory bounds, in bytes, what reading and staging hold. 0 = 256 MiB.
	Memory int64
	// Run is the id of this run, unique for ever and safe in an object name.
	Run string
	// Codec compresses parts: "zstd" (the default) or "snappy".
	Codec string
	// Log gets run start, one line per load and the summary at Info. Nil = none.
	Log *slog.Logger
	// Observe is told what happens, one call at a time. It must not block. Nil = none.
	Observe func(Event)
	// Now is the clock. Nil = time.Now.
	Now func() time.Time
}

// A Target says what becomes of the streams of one configured entry.
type Target struct {
	// Table is a name or a template of Stream.Vars: "ev_{event}". Values are
	// made safe for a table name; a fixed name is taken as it is.
	Table string
	Mode  warehouse.Mode // "" = Replace
	// Key names the columns that identify a row for Merge and History, as
	// vendor or column names.
	Key      []string
	Columns  []ColumnRule
	Contract Contract // "" = Evolve
	// MaxQuarantined fails a load that would quarantine more. Zero = no limit.
	MaxQuarantined Limit
	Cluster        []string
	// Pull has the warehouse read the slices itself: the source has to be an
	// exporter.Locator, and the warehouse a warehouse.Puller.
	Pull bool
	// Expect says when the entry's objects should come. Zero = nobody waits.
	Expect Expect
}

// A Contract says what a stream may do to its table.
type Contract string

// The contracts.
const (
	// Evolve adds new columns.
	Evolve Contract = "evolve"
	// Freeze adds none to a table that exists: their values go to quarantine.
	Freeze Contract = "freeze"
)

// A Limit is a number of rows or a share of those read; 0 = none.
type Limit struct {
	Rows  int64
	Share float64 // 0..1
}

// A ColumnRule changes one column, before anything of it is stored.
type ColumnRule struct {
	From   string // the vendor's name
	Rename string // the column's name, instead of the one made from From
	Type   string // pins the type: bool, int64, float64, string, date, timestamp
	Drop   bool
	// Hash replaces every value by a hexadecimal hash of its canonical text:
	// "sha256", or "hmac-sha256" with HashKey.
	Hash    string
	HashKey []byte
}

// A Loader runs one pipeline. Its methods may not be called at the same time.
type Loader struct {
	cfg Config
	state
}

// An Event tells an observer what happened to a slice.
type Event struct {
	Kind                 EventKind
	Stream, Slice, Table string
	Rows                 int64 // read so far in this slice, with what was resumed
	Bytes                int64 // of the vendor, likewise
	Quarantined          int64 // rows and cells so far
	Slices               int   // for Planned: how many slices will be read
	Err                  error
	Receipt              *warehouse.Receipt // for Loaded
}

// EventKind is what happened.
type EventKind string

// The kinds of event, in the order in which a slice meets them.
const (
	Planned  EventKind = "planned"  // once, before all others
	Started  EventKind = "started"  // the slice is being read
	Progress EventKind = "progress" // a part is durable
	Staged   EventKind = "staged"   // all parts are durable
	Loaded   EventKind = "loaded"   // the receipt is there
	Failed   EventKind = "failed"   // final for this run
	Held     EventKind = "held"     // staged, waits for a failed slice
	Noticed  EventKind = "notice"   // the stream gives no rows; Err says why
)

// A Summary is what a run did.
type Summary struct {
	Pipeline string
	Run      string
	Started  time.Time
	Finished time.Time
	Loads    []LoadSummary // in commit order
	Failures []Failure     // by table, in slice order; held loads included
	Notices  []Notice
	Late     []Notice // entries whose objects did not come in time
	Skipped  int      // slices loaded already
	Settling int      // objects that changed so lately that they wait for a later run
	Resumed  int      // loads that an earlier run had begun
	// Time spent, summed over slices that ran side by side.
	ReadTime, StageTime, ShapeTime, LoadTime time.Duration
}

// A LoadSummary is a finished load and how long it took.
type LoadSummary struct {
	Receipt  warehouse.Receipt
	Duration time.Duration // from the first read in this run to the receipt
	Parts    int
	NewTable bool
	Changes  []string // what happened to the table's columns, for people
}

// A Failure is a slice that is not loaded or, without Slice, a stream whose
// slices could not be learned.
type Failure struct {
	Stream, Slice, Table string
	Err                  error
}

// A Notice is something a person should know about a stream that gives no rows.
type Notice struct {
	Stream, Text string
}

// A Plan says what Run would do.
type Plan struct {
	Pipeline string
	Window   exporter.Window
	Tables   []TablePlan
	Notices  []Notice
	Late     []Notice  // as in Summary
	Ignored  int       // objects that match and are never read
	Failures []Failure // streams whose slices could not be learned
	// Loads are what the slices that are due would become, in commit order.
	Loads []warehouse.Expected
}

// A TablePlan is one table and the slices that go into it, in commit order.
type TablePlan struct {
	Table   string
	Mode    warehouse.Mode
	Exists  bool
	Columns []warehouse.Column // as the table is; of a new table, as sampled
	// New are the columns that a sample of each stream would add to the table.
	New    []warehouse.Column
	Slices []SlicePlan
	// Unseen says that some slices are read by the warehouse itself, and which
	// columns they have is known no sooner.
	Unseen bool
}

// A SlicePlan is what would happen to a slice.
type SlicePlan struct {
	Stream, Slice string
	Action        Action
	Why           string // one line for people
}

// Action is what a plan does with a slice.
type Action string

// The actions.
const (
	Read   Action = "read"   // not loaded yet
	Reread Action = "reread" // loaded, and to be read again
	Resume Action = "resume" // begun by an earlier run
	Finish Action = "finish" // staged by an earlier run: only the load is left
	Skip   Action = "skip"   // loaded
	Wait   Action = "wait"   // an object that changed only just now
)

// Due reports whether a run would do something for such a slice.
func (a Action) Due() bool { return a != Skip && a != Wait }

// Pending reports whether a run would do anything.
func (p Plan) Pending() bool {
	for _, t := range p.Tables {
		for _, s := range t.Slices {
			if s.Action.Due() {
				return true
			}
		}
	}
	return false
}

// New returns a Loader, or an error that says what of cfg is wrong.
func New(cfg Config) (*Loader, error) { return newLoader(cfg) }

// Plan says what Run would do. It writes nothing. With sample set it reads the
// first batch of the first slice due of each stream, to tell new columns.
func (l *Loader) Plan(ctx context.Context, sample bool) (Plan, error) {
	return l.planForPeople(ctx, sample)
}

// Run loads what is due. The error is about the run as a whole: what could not
// be planned, a *BusyError, ctx.Err() after work in hand was checkpointed. What
// befell single slices is in Summary.Failures.
func (l *Loader) Run(ctx context.Context) (Summary, error) { return l.run(ctx) }

// Replay decodes and types the quarantined entries that match again, and moves
// what has become readable into its table. It returns how many moved and how
// many stay.
func (l *Loader) Replay(ctx context.Context, f warehouse.Filter) (moved, left int64, err error) {
	return l.replay(ctx, f)
}

// Package warehouse is the contract between tapline and the databases that BI
// tools ask.
//
// A Warehouse makes staged Parquet parts rows of a table, exactly once. It
// knows no source, chooses no name and guesses no type: package loader has done
// that. Every warehouse lives in a folder of its own below this one and passes
// the suite in warehousetest.
package warehouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
)

// Errors a Warehouse owes its callers; test with errors.Is.
var (
	// ErrNotExist says that there is no such table.
	ErrNotExist = errors.New("table does not exist")
	// ErrSchema says that a table cannot hold what it is asked to hold. It
	// comes inside a *SchemaError.
	ErrSchema = errors.New("schema does not fit")
	// ErrConflict says that a newer revision of the slice is loaded already,
	// or that another process changed the table meanwhile.
	ErrConflict = errors.New("conflict")
	// ErrLocked says that another process holds the database; the message
	// names the holder where the database tells.
	ErrLocked = errors.New("locked by another process")
	// ErrUnauthorized says that the credentials or a right is missing.
	ErrUnauthorized = errors.New("not authorized")
	// ErrUnreachable says that the database did not answer or its file cannot
	// be opened.
	ErrUnreachable = errors.New("not reachable")
	// ErrFull says that there is no space left, or a quota is used up.
	ErrFull = errors.New("no space left")
	// ErrCount says that the table took another number of rows than the parts
	// hold. Nothing of the load is visible.
	ErrCount = errors.New("row counts differ")
	// ErrQuery says that the database refused SQL which a user wrote; the
	// message is the database's own.
	ErrQuery = errors.New("the query does not run")
)

// A SchemaError says which column does not fit, and how. It unwraps to ErrSchema.
type SchemaError struct {
	Table, Column string
	Have, Want    string // types in the words of TypeName; "" where not about a type
	Reason        string // one sentence, when types do not say it all
}

func (e *SchemaError) Error() string {
	msg := fmt.Sprintf("table %s", e.Table)
	if e.Column != "" {
		msg += fmt.Sprintf(", column %s", e.Column)
	}
	if e.Have != "" {
		msg += fmt.Sprintf(": is %s, cannot become %s", e.Have, e.Want)
	}
	if e.Reason != "" {
		msg += ": " + e.Reason
	}
	return msg
}

// Unwrap returns ErrSchema.
func (e *SchemaError) Unwrap() error { return ErrSchema }

// A Warehouse is one database (and schema or dataset) that holds tables.
// Implementations are safe for concurrent use.
type Warehouse interface {
	// Table describes a table as it is. Errors: ErrNotExist.
	Table(ctx context.Context, name string) (Table, error)

	// Ensure makes the table able to hold t's columns: it creates the table,
	// adds nullable columns, and widens int64 to float64 where no stored
	// integer would lose a digit. Columns that t does not name stay. Calling
	// it again changes nothing. Errors: *SchemaError for everything else.
	Ensure(ctx context.Context, t Table) error

	// Load makes the load's rows those of its slice. After it returns nil,
	// exactly the rows of l.Parts are in the table for l.Slice; rows and
	// quarantine of an older revision of that slice are gone; a reader saw the
	// old rows or the new ones and never a mixture; and calling it again with
	// the same id changes nothing and returns the same receipt.
	//
	// Columns that a part lacks become NULL. Counts are checked before
	// anything is visible. Errors: ErrConflict, ErrCount, *SchemaError.
	Load(ctx context.Context, l Load) (Receipt, error)

	// Receipts yields the pipeline's loads that are in force: the newest
	// revision of each slice, in no particular order. An empty pipeline means
	// all. A warehouse in which nothing was ever loaded yields none.
	Receipts(ctx context.Context, pipeline string) iter.Seq2[Receipt, error]
}

// A Querier answers read-only SQL. Optional; for previews, checks and reverse
// sync. Records are valid until the next step. Columns come as bool, int64,
// float64, utf8, date32 or timestamp[us, UTC]; any other type as utf8.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) iter.Seq2[arrow.Record, error]
}

// A Verifier proves receipts from the warehouse alone. Optional.
type Verifier interface {
	// Verify yields a proof for each receipt in force, worst news included.
	Verify(ctx context.Context, pipeline string) iter.Seq2[Proof, error]
}

// A Quarantine gives access to the rows and cells kept aside. Optional.
type Quarantine interface {
	// Quarantined yields the entries that match, by load, row and column.
	Quarantined(ctx context.Context, f Filter) iter.Seq2[Entry, error]
	// Purge deletes the entries that match and returns how many there were.
	// Receipts keep their counts of what was once quarantined, and gain in
	// Purged what Purge took away, so that Verify still adds up.
	Purge(ctx context.Context, f Filter) (int64, error)
	// Amend moves entries out of the quarantine into the table, in one
	// transaction: rows of a.Parts are inserted, cells are set, the entries
	// are deleted and the receipt's counts follow. Entries that are no longer
	// there are left alone, so calling it again changes nothing.
	Amend(ctx context.Context, a Amendment) (Receipt, error)
}

// A Publisher makes what is loaded visible to readers outside, after a run.
// Optional.
type Publisher interface {
	Publish(ctx context.Context) error
}

// A Viewer keeps the views that a user has written. Optional.
type Viewer interface {
	// PutView makes the view v, in place of an older one of its name, whatever
	// columns that had; views which stand on it keep working or are dropped,
	// and are to be put after it. Calling it again changes nothing. A table of
	// that name is never replaced. Errors: ErrQuery, ErrSchema for a name that
	// a table has.
	PutView(ctx context.Context, v View) error
}

// A View is a query with a name.
type View struct {
	Name  string
	Query string // one SELECT in the database's dialect, as the user wrote it
	About string // kept as the view's description where there is one
}

// A Files keeps what became of the objects that a pipeline has seen, for people
// and dashboards: what is loaded is said by receipts alone. Optional.
type Files interface {
	// PutFiles writes the entries, each in place of the one with the same
	// pipeline, stream, name and generation, all or none.
	PutFiles(ctx context.Context, files []File) error
	// Files yields the pipeline's entries, in no particular order; "" = all.
	Files(ctx context.Context, pipeline string) iter.Seq2[File, error]
}

// A File is an object that a pipeline has seen, at one generation.
type File struct {
	Pipeline, Stream, Name, Generation string

	Size      int64  // bytes, as stored
	Checksum  string // as objstore tells it; "" = unknown
	UpdatedAt time.Time
	FirstSeen time.Time
	State     FileState
	Reason    string    // why it is ignored, in words for people
	LoadedBy  string    // the run that loaded it, or is loading it
	Load      string    // Receipt.ID of its load; "" = not loaded
	ChangedAt time.Time // when the entry was last written
}

// FileState is what became of an object.
type FileState string

// The states of a file, in the order in which it meets them.
const (
	FileSettling FileState = "settling" // seen, and not yet unchanged for long enough
	FileSettled  FileState = "settled"  // to be loaded by the next run
	FileLoading  FileState = "loading"  // being read or waiting for its commit
	FileLoaded   FileState = "loaded"   // its rows are in the table
	FileReplaced FileState = "replaced" // a newer generation took its place
	FileGone     FileState = "gone"     // deleted at the source; rows stay
	FileIgnored  FileState = "ignored"  // matches, and is never read
)

// A Checker can tell whether its connection works and may write. Optional.
type Checker interface {
	Check(ctx context.Context) error
}

// Names of the columns every row carries, after the data columns.
const (
	ColSlice    = "_tapline_slice"     // utf8: Load.Slice
	ColLoad     = "_tapline_load"      // utf8: Load.ID
	ColRow      = "_tapline_row"       // int64: place among all rows read of the load, from 0
	ColLoadedAt = "_tapline_loaded_at" // timestamp: Load.ReadAt
)

// Names of tapline's own tables and views. No table of a pipeline may start
// with "_tapline_".
const (
	TableReceipts   = "_tapline_receipts"
	TableQuarantine = "_tapline_quarantine"
	TableFiles      = "_tapline_files"
	ViewLoads       = "_tapline_loads"
	ViewFreshness   = "_tapline_freshness"
	ViewRuns        = "_tapline_runs"
)

// MaxColumns is the most columns a table may have in any warehouse.
const MaxColumns = 10000 - 1

// A Table is a table's name and shape. Columns include the four of tapline.
type Table struct {
	Name    string
	About   string // what a row is; kept as the table's description where there is one
	Columns []Column
	// Partition is the column by which the table is partitioned where the
	// database does that; Cluster orders rows within a partition.
	Partition string
	Cluster   []string
}

// A Column is nullable. Type is one of bool, int64, float64, utf8, date32,
// timestamp[us, UTC]; a Table read from a database may also hold others, which
// no load can write to.
type Column struct {
	Name string
	Type arrow.DataType
	// Source is the vendor's name, kept as the column's description.
	Source string
	// Native are the database's own words for a type that is not the one it
	// gives to Type, such as "numeric(18,2)" of a column that is read and
	// written as utf8. For people: no load looks at it. "" = as Type says.
	Native string
}

// Mode says how a load meets the rows that are there.
type Mode string

// The modes. In all of them but History the slice's older revision goes.
const (
	// Replace puts the slice's rows beside those of other slices.
	Replace Mode = "replace"
	// Merge keeps one row for each key: the one read last, that is of the
	// greatest Load.ReadAt, then _tapline_row. Rows whose key has a NULL are
	// all kept.
	Merge Mode = "merge"
	// Snapshot makes the table hold this slice and nothing else of the pipeline.
	Snapshot Mode = "snapshot"
	// History keeps a row for each content that a key had, one after the other:
	// valid from the Load.ReadAt of its load until that of the load which found it
	// otherwise (HistoryColumns). So is_current chooses what Merge would hold,
	// and any moment has at most one row of a key.
	//
	// Of one load, the row of a key with the greatest _tapline_row counts; of
	// several loads with one ReadAt too, then the one with the greatest
	// _tapline_load. A row whose Contents are those of the key's row at its time
	// changes nothing and is not stored; NULL is the same as NULL. A load that
	// was read before others is put between them, and a later row that says the
	// same as the one which thereby comes before it goes. What changed nothing
	// leaves no trace: where a later load had found the row before still so, a
	// change read before that counts from then on.
	//
	// An older revision's rows stay: they are history. A key that a load lacks
	// stays as it is. Rows whose key has a NULL have no history: they are all
	// kept, current, and go with their revision. Rows that came in another mode
	// become the first of their keys' histories.
	History Mode = "history"
)

// A Load is all parts of one revision of one slice, going into one table.
type Load struct {
	ID       string // hash of pipeline, table, stream, slice and revision; never changes
	Pipeline string
	Table    string
	Stream   string // exporter.Stream.Name
	Slice    string // unique in the warehouse: "pipeline/stream/slice"; value of ColSlice
	Revision string
	Run      string // the run that loads it
	ReadAt   time.Time
	Mode     Mode
	Key      []string // column names, for Merge and History
	// Day is the slice's project-local day, zero when it is not a day.
	// Partitioned says that all its rows are in that partition of the table, and
	// that no other stream of the pipeline has rows there; other pipelines may.
	Day         time.Time
	Partitioned bool
	// Columns are the data columns of the parts with their types, tapline's four included.
	Columns []Column
	Parts   []Part
	// Quarantine holds parts with the columns of QuarantineColumns.
	Quarantine []Part
	// Pulled, if not nil, is what a Puller has fitted, in place of all parts.
	Pulled *Pulled

	// More says that another load of the pipeline is ready to follow at once,
	// so that a warehouse may tidy up later.
	More bool

	RowsRead         int64 // = RowsLoaded + RowsQuarantined, or Load refuses with ErrCount
	RowsLoaded       int64
	RowsQuarantined  int64 // whole rows
	CellsQuarantined int64
	BytesRead        int64 // from the vendor, uncompressed
}

// A Part is one immutable Parquet file.
type Part struct {
	Name string
	URL  string // where other programs find it: "file:///...", "gs://..."
	Path string // on this machine, or ""
	Rows int64
	// Size in bytes.
	Size int64
	// Open reads it from the start.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// A Receipt is what the warehouse remembers of a finished load.
type Receipt struct {
	ID, Pipeline, Table, Stream, Slice, Revision, Run string
	Mode                                              Mode
	Day                                               time.Time // zero when the slice is not a day
	ReadAt, CommittedAt                               time.Time
	RowsRead, RowsLoaded, RowsQuarantined             int64
	CellsQuarantined, BytesRead                       int64
	// Purged counts quarantined rows and cells that Purge took away.
	RowsPurged, CellsPurged int64
}

// QuarantineColumns is the shape of TableQuarantine and of Load.Quarantine.
//
//	load utf8, slice utf8, table utf8, row int64 (as ColRow), column utf8 (""
//	= the whole row), source utf8 (the vendor's column name), reason utf8,
//	place utf8, raw utf8, quarantined_at timestamp
func QuarantineColumns() []Column {
	text, ts := arrow.BinaryTypes.String, &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	return []Column{
		{Name: "load", Type: text}, {Name: "slice", Type: text}, {Name: "table", Type: text},
		{Name: "row", Type: arrow.PrimitiveTypes.Int64}, {Name: "column", Type: text}, {Name: "source", Type: text},
		{Name: "reason", Type: text}, {Name: "place", Type: text}, {Name: "raw", Type: text},
		{Name: "quarantined_at", Type: ts},
	}
}

// A Filter chooses quarantine entries; empty fields choose all.
type Filter struct {
	Pipeline, Table, Load, Slice, Column, Reason string
	FromRow                                      int64     // entries of this row and later ones
	Before                                       time.Time // quarantined before
	Limit                                        int64     // 0 = all
}

// An Entry is one quarantined row or cell.
type Entry struct {
	Load, Slice, Table            string
	Row                           int64
	Column, Source, Reason, Place string
	Raw                           string
	QuarantinedAt                 time.Time
}

// An Amendment is what a replay of one load's quarantine has made readable.
type Amendment struct {
	Load    string
	Table   string
	Columns []Column
	// Parts hold whole rows with tapline's four columns as the load had them.
	Parts []Part
	Rows  []int64 // the ColRow values of the rows in Parts
	Cells []Cell
}

// A Cell is a value for one place of the table, of the column's own type: bool,
// int64, float64, string or time.Time.
type Cell struct {
	Row    int64
	Column string
	Value  any
}

// A Proof says whether a receipt's rows are in the warehouse, once each.
type Proof struct {
	Receipt    Receipt
	Found      int64 // rows of the load in the table
	Duplicated int64 // rows whose (load, row) occurs more than once
	Missing    int64 // places among 0..RowsRead-1 neither in the table nor in the quarantine
	Unexpected int64 // rows outside 0..RowsRead-1, or both in the table and the quarantine
	Quarantine int64 // whole rows found in quarantine
	Cells      int64 // cells found in quarantine
}

// OK reports whether the receipt is proven. In Merge mode a row may have given
// way to a newer one of its key, in History it may have changed nothing, so rows
// may be fewer, and never twice. In History Unexpected counts rows, too, which do
// not follow each other: a row between is gone, or a time was changed.
func (p Proof) OK() bool {
	r := p.Receipt
	exact := p.Missing == r.RowsPurged && p.Found == r.RowsLoaded
	if r.Mode.Keyed() {
		exact = p.Found <= r.RowsLoaded
	}
	return exact && p.Duplicated == 0 && p.Unexpected == 0 &&
		p.Quarantine == r.RowsQuarantined-r.RowsPurged && p.Cells == r.CellsQuarantined-r.CellsPurged &&
		r.RowsRead == r.RowsLoaded+r.RowsQuarantined
}

// TypeName is the word for a column type in messages and configuration: bool,
// int64, float64, string, date, timestamp.
func TypeName(t arrow.DataType) string {
	switch t.ID() {
	case arrow.BOOL:
		return "bool"
	case arrow.INT64:
		return "int64"
	case arrow.FLOAT64:
		return "float64"
	case arrow.STRING:
		return "string"
	case arrow.DATE32:
		return "date"
	case arrow.TIMESTAMP:
		return "timestamp"
	}
	return t.String()
}

// ParseType is the inverse of TypeName.
func ParseType(name string) (arrow.DataType, error) {
	switch name {
	case "bool":
		return arrow.FixedWidthTypes.Boolean, nil
	case "int64":
		return arrow.PrimitiveTypes.Int64, nil
	case "float64":
		return arrow.PrimitiveTypes.Float64, nil
	case "string":
		return arrow.BinaryTypes.String, nil
	case "date":
		return arrow.FixedWidthTypes.Date32, nil
	case "timestamp":
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, nil
	}
	return nil, fmt.Errorf("type %q: want bool, int64, float64, string, date or timestamp", name)
}

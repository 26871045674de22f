// Package exporter is the contract between tapline and the systems it reads.
//
// A Source turns what a vendor knows into Arrow batches under the vendor's own
// names. It plans nothing, stages nothing and knows no warehouse: ordering,
// schema, quarantine, staging and resume are written once, in package loader.
//
// Every source lives in a folder of its own below this one, with a faithful
// server to test against, and passes the suite in exportertest.
package exporter

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
)

// Errors a Source owes its callers; test with errors.Is. Everything else is
// final for the slice in this run: retries happen inside the source, under ctx.
var (
	// ErrCursorExpired says that a cursor is no longer good. Whoever holds
	// rows read since the start of the slice drops them and reads it again.
	ErrCursorExpired = errors.New("cursor expired")
	// ErrUnauthorized says that the credentials, the region or a right is wrong.
	ErrUnauthorized = errors.New("not authorized")
	// ErrUnreachable says that no answer came from the system at all.
	ErrUnreachable = errors.New("not reachable")
	// ErrUnknownStream says that the source has nothing of that name.
	ErrUnknownStream = errors.New("unknown stream")
	// ErrNotExportable says that the system lists the stream but never gives
	// its rows. The stream is passed over with a notice; the run goes on.
	ErrNotExportable = errors.New("not exportable")
	// ErrNotReady says that the system has nothing for the slice yet and will
	// have later: a campaign's report before its end. The slice is passed over
	// with a notice, and asked for again by the next run.
	ErrNotReady = errors.New("not ready yet")
	// ErrWindow says that the window cannot be planned, for example because it
	// has no start and the source keeps no list of its own.
	ErrWindow = errors.New("window")
	// ErrContent says that a slice's content is damaged or not of the format
	// it was said to be. Reading it again gives the same; a new revision may not.
	ErrContent = errors.New("content cannot be read")
	// ErrReplaced says that the revision asked for is no longer there: it was
	// replaced or deleted meanwhile. What was read of it is worth nothing; the
	// next plan finds what there is now.
	ErrReplaced = errors.New("content was replaced")
)

// A Source reads one connection. Implementations are safe for concurrent use;
// one sequence belongs to one goroutine. Sequences stop when ctx is done, start
// no goroutine that outlives them, and yield nothing after an error.
type Source interface {
	// Streams lists what the source was asked for, in the order of the
	// configuration, or everything it has when it was asked for nothing in
	// particular. Errors: ErrUnauthorized, ErrUnreachable, ErrUnknownStream.
	Streams(ctx context.Context) ([]Stream, error)

	// Slices cuts the stream into slices within w, oldest first. The same
	// content always gets the same slice name. A slice that is still being
	// filled by the vendor (today) is not among them. Errors: ErrWindow and
	// those of Streams.
	Slices(ctx context.Context, s Stream, w Window) ([]Slice, error)

	// Read yields the slice's batches after the cursor, in an order that is
	// the same for the same content. An empty slice yields nothing. After the
	// last batch's cursor Read yields nothing; the empty cursor is the start.
	// Errors: ErrCursorExpired, ErrNotExportable, ErrNotReady and those of Streams.
	Read(ctx context.Context, s Slice, after Cursor) iter.Seq2[Batch, error]
}

// A Checker can tell whether its connection works, without reading rows.
// Optional. Errors: ErrUnauthorized, ErrUnreachable.
type Checker interface {
	Check(ctx context.Context) error
}

// A Replayer can decode again the raw text of rows that it once rejected.
// Optional; without it such rows can only be read again from the vendor.
//
// Yielded batches hold the rows of raw in order: Batch.Rows counts them all,
// and a row that is still unreadable is a Reject once more. Cursors are empty.
type Replayer interface {
	Replay(ctx context.Context, s Slice, raw []string) iter.Seq2[Batch, error]
}

// A Stream is one kind of record that a source offers.
type Stream struct {
	// Name is unique within the source and stable for ever, for it is hashed
	// into load ids: "events/Order Placed".
	Name string
	// Kind is the word of the configuration: "events".
	Kind string
	// Entry is the index of the configured entry this stream came from; 0 in
	// a source that was asked for nothing in particular.
	Entry int
	// Vars fill the placeholders of a table template: {"event": "Order Placed"}.
	Vars map[string]string
	// About is one line for people: what a row is.
	About string
	// Partition is the vendor name of the column that tables are partitioned
	// by: "event_date". Empty means none.
	Partition string
	// Child names the child table of the entry's table that the rows go into:
	// "platform_info" of "profiles" is "profiles__platform_info". Empty means
	// the entry's table itself.
	Child string
	// ChildKey are the vendor names of the columns that, after the entry's
	// key, tell the rows of a child table apart.
	ChildKey []string
	// Objects says that the stream's slices are objects: Slice.Object is set.
	Objects bool
	// Notice, when not empty, says why the stream will give no rows, in words
	// for people. Such a stream has no slices.
	Notice string
}

// A Window is a half-open range of project-local days: Since <= day < Until.
// A zero Until is the end of the last closed day; a zero Since is as far back
// as the source goes, or ErrWindow where it keeps no end.
type Window struct {
	Since, Until Day
}

// Contains reports whether d lies in the window.
func (w Window) Contains(d Day) bool {
	return !d.Before(w.Since) && (w.Until.IsZero() || d.Before(w.Until))
}

// A Slice is the unit of work, retry and replacement: one stream on one day,
// one object, one report.
type Slice struct {
	Stream Stream
	// Name is unique within the stream and stable for ever: "2026-09-01".
	Name string
	// Revision names the edition of the content, such as an object's
	// generation. Empty means that the vendor does not tell, so that only
	// reading it again can show a change; the run that reads it then names it.
	Revision string
	// Day is the project-local day that all rows of the slice belong to, and
	// holds all rows of the stream that do. Zero when the slice is not a day.
	Day Day
	// Object tells more of a slice that is an object of a store; else nil.
	Object *Object
}

// An Object is what a listing tells of an object that is a slice.
type Object struct {
	Size     int64  // bytes, as stored
	Checksum string // "crc32c:<hex>", "md5:<hex>"; "" = the store does not tell
	Updated  time.Time
	// Settles is when the object will have been unchanged long enough to be
	// read. Zero = it may be read now.
	Settles time.Time
	// Ignored says, in words for people, why the object is never read. Empty =
	// it is.
	Ignored string
	// Format and Packing are those of Location, as far as name and configuration
	// tell of them.
	Format, Packing string
}

// A Cursor is an opaque place inside a slice, made and understood by its source
// alone, at most 64 KiB of UTF-8. Empty is the start.
type Cursor string

// A Batch is a run of consecutive records of a slice.
type Batch struct {
	// Record holds the rows that could be read, under the vendor's names, in
	// the vendor's order. It is valid until the next step of the sequence;
	// whoever keeps it longer calls Retain. Nil when every row was rejected.
	//
	// Column types are those of Kinds.Staged: bool, int64, float64, utf8,
	// date32 and timestamp[us, UTC]. Every column is nullable.
	Record arrow.Record
	// Kinds says, for each column of Record, what its cells held.
	Kinds []Kinds
	// First names the first cell of each kind in each column of Record, by
	// column, then row: the reasons for its type. Optional.
	First []First
	// Rows counts the rows read: those of Record and the wholly rejected.
	Rows int64
	// Rejects are the cells and rows that could not be read or typed, by
	// ascending Row.
	Rejects []Reject
	// Cursor is the place after this batch.
	Cursor Cursor
	// Bytes counts what the vendor sent for it, uncompressed.
	Bytes int64
}

// A First is the first cell of its kind in a column of a batch.
type First struct {
	Column int   // of Batch.Record
	Kind   Kinds // one kind
	Row    int64 // as Reject.Row
	// Text is what the cell said, as the vendor sent it or as its canonical
	// text, cut at 64 bytes.
	Text string
}

// A Reject is a row, or one cell of a row, that could not be read. Its text is
// kept whole.
type Reject struct {
	// Row is the row's index among all rows read of the batch, 0 <= Row < Rows.
	Row int64
	// Column is the vendor's name of the cell's column; the row is in Record
	// with NULL there. Empty when the whole row is rejected, and not in Record.
	Column string
	// Reason is a stable code of the form "family.cause": "value.type".
	Reason string
	// Place says where it was read, for people: "page 3, record 17".
	Place string
	// Raw is the text as the vendor sent it.
	Raw string
}

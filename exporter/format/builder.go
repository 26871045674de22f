package format

import (
	"errors"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/exporter"
)

// ErrFull says that a batch holds more than its Arrow arrays can address: 2 GiB
// of text in one column. Roll back to the last mark, flush, and go on.
var ErrFull = errors.New("batch full")

// A Declared is a column that is always in the record.
type Declared struct {
	Name string
	// Kind is what the column is of even when every cell is NULL; what the
	// cells hold is added to it. 0 = decided by the cells alone, string when
	// there are none.
	Kind exporter.Kinds
}

// A Builder makes batches out of rows whose columns find their own type.
//
// What a batch becomes depends on its committed cells alone: never on the order
// in which they came, nor on rows that were aborted, rejected or rolled back.
// A Builder belongs to one goroutine.
type Builder struct {
	mem memory.Allocator
}

// NewBuilder returns an empty Builder that takes its buffers from mem, best a
// *Pool. The declared columns come first in every record, in this order.
func NewBuilder(mem memory.Allocator, declared ...Declared) *Builder { return &Builder{mem: mem} }

// Column returns the column of that vendor name, made if there is none. It
// stays valid, and the same, for the life of the Builder. A column that no
// committed row has a value in and that is not declared is left out of records.
func (b *Builder) Column(name string) *Column { return &Column{} }

// BeginRow starts a row. It must be ended by EndRow, AbortRow or RejectRow.
func (b *Builder) BeginRow() {}

// EndRow commits the row; columns that were not set in it are NULL.
func (b *Builder) EndRow() {}

// AbortRow undoes everything since BeginRow, rejected cells included. The row
// does not count as read.
func (b *Builder) AbortRow() {}

// RejectRow undoes everything since BeginRow and counts the row as read and
// rejected whole. Row and Column of r are set by the Builder.
func (b *Builder) RejectRow(r exporter.Reject) {}

// RejectCell notes that the value of c in the row begun cannot be held. The
// cell is NULL, and cannot be set any more, unless it was set before. Row and
// Column of r are set by the Builder.
func (b *Builder) RejectCell(c *Column, r exporter.Reject) {}

// A Mark is a place between two rows to which a Builder can be rolled back,
// until the next Flush.
type Mark struct {
	rows, read int64
	rejects    int
}

// Mark returns the present place. No row may be open.
func (b *Builder) Mark() Mark { return Mark{} }

// Rollback undoes all rows and rejects since m, and a row that is still open.
func (b *Builder) Rollback(m Mark) {}

// Rows counts the rows committed since the last Flush.
func (b *Builder) Rows() int { return 0 }

// Read counts the rows committed and the rows rejected since the last Flush.
func (b *Builder) Read() int { return 0 }

// Bytes is about how many bytes of memory a Flush would hand out now.
func (b *Builder) Bytes() int64 { return 0 }

// Err is ErrFull when a column got more text than it can address, else nil.
// The rows since then are incomplete: roll back to a mark before them.
func (b *Builder) Err() error { return nil }

// Flush returns the rows and rejects since the last Flush as a Batch without
// Cursor and Bytes, and starts anew with no rows. Its Record is nil when no row
// was committed; otherwise the caller owns it and releases it. Declared columns
// come first, the others follow sorted by name.
func (b *Builder) Flush() exporter.Batch { return exporter.Batch{} }

// Release gives all buffers back. The Builder must not be used any more;
// records it made stay valid.
func (b *Builder) Release() {}

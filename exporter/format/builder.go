package format

import (
	"errors"
	"math"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/exporter"
)

// ErrFull says that a batch holds more than its Arrow arrays can address: 2 GiB
// of text in one column, or 16,777,216 rows. Roll back to the last mark, flush,
// and go on.
var ErrFull = errors.New("batch full")

// maxRows is such that typed cells that become text stay below 2 GiB.
const maxRows = 1 << 24

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
	mem      memory.Allocator
	cols     []*Column // the declared first
	declared int
	byName   map[string]*Column
	sorted   int // cols[declared:sorted] are in order of name

	rows    int
	read    int
	rejects []exporter.Reject
	row     Mark // the start of the row begun
	block   block

	last    int // rows of the last batch: the best guess for this one
	maxText int // bytes of text that a column can address
	maxRows int
	scratch []byte // for canonical text
	err     error
	errRow  int
}

// NewBuilder returns an empty Builder that takes its buffers from mem, best a
// *Pool. The declared columns come first in every record, in this order.
func NewBuilder(mem memory.Allocator, declared ...Declared) *Builder {
	b := &Builder{
		mem:     mem,
		byName:  make(map[string]*Column),
		scratch: make([]byte, 0, 64),
		maxText: math.MaxInt32,
		maxRows: maxRows,
	}
	for _, d := range declared {
		c := b.Column(d.Name)
		c.base |= d.Kind
		c.reset()
	}
	b.declared = len(b.cols)
	b.sorted = b.declared
	return b
}

// Column returns the column of that vendor name, made if there is none. It
// stays valid, and the same, for the life of the Builder. A column that no
// committed row has a value in and that is not declared is left out of records.
func (b *Builder) Column(name string) *Column {
	c := b.byName[name]
	if c == nil {
		c = &Column{b: b, name: name}
		b.byName[name] = c
		b.cols = append(b.cols, c)
	}
	return c
}

// BeginRow starts a row. It must be ended by EndRow, AbortRow or RejectRow.
func (b *Builder) BeginRow() { b.row = b.Mark() }

// EndRow commits the row; columns that were not set in it are NULL.
func (b *Builder) EndRow() {
	if b.rows >= b.maxRows {
		b.full()
		b.undo(b.row)
		return
	}
	b.rows++
	b.read++
}

// AbortRow undoes everything since BeginRow, rejected cells included. The row
// does not count as read.
func (b *Builder) AbortRow() { b.Rollback(b.row) }

// RejectRow undoes everything since BeginRow and counts the row as read and
// rejected whole. Row and Column of r are set by the Builder.
func (b *Builder) RejectRow(r exporter.Reject) {
	b.AbortRow()
	r.Row, r.Column = int64(b.read), ""
	b.rejects = append(b.rejects, r)
	b.read++
}

// RejectCell notes that the value of c in the row begun cannot be held. The
// cell is NULL, and cannot be set any more, unless it was set before. Row and
// Column of r are set by the Builder.
func (b *Builder) RejectCell(c *Column, r exporter.Reject) {
	c.Null()
	r.Row, r.Column = int64(b.read), c.name
	b.rejects = append(b.rejects, r)
}

// A Mark is a place between two rows to which a Builder can be rolled back,
// until the next Flush.
type Mark struct {
	rows, read, rejects int
}

// Mark returns the present place. No row may be open.
func (b *Builder) Mark() Mark { return Mark{b.rows, b.read, len(b.rejects)} }

// Rollback undoes all rows and rejects since m, and a row that is still open.
func (b *Builder) Rollback(m Mark) {
	if b.err != nil && m.rows <= b.errRow {
		b.err = nil
	}
	b.undo(m)
}

func (b *Builder) undo(m Mark) {
	b.rows, b.read = m.rows, m.read
	clear(b.rejects[m.rejects:])
	b.rejects = b.rejects[:m.rejects]
	for _, c := range b.cols {
		c.truncate(m.rows)
	}
}

// Rows counts the rows committed since the last Flush.
func (b *Builder) Rows() int { return b.rows }

// Read counts the rows committed and the rows rejected since the last Flush. It
// is the measure of when to flush: a batch of nothing but rejects has no Rows.
func (b *Builder) Read() int { return b.read }

// Bytes is about how many bytes of memory a Flush would hand out now.
func (b *Builder) Bytes() int64 {
	var n int64
	for _, c := range b.cols {
		if c.rep != none {
			n += int64(b.rows)*int64(width[c.rep])/8 + int64(b.rows/8) + int64(c.text)
		}
	}
	for i := range b.rejects {
		n += int64(len(b.rejects[i].Raw))
	}
	return n
}

// Err is ErrFull when the batch got more than it can address, else nil. The
// rows since then are incomplete: roll back to a mark before them.
func (b *Builder) Err() error { return b.err }

func (b *Builder) full() {
	if b.err == nil {
		b.err, b.errRow = ErrFull, b.rows
	}
}

// Release gives all buffers back. The Builder must not be used any more;
// records it made stay valid.
func (b *Builder) Release() {
	for _, c := range b.cols {
		c.drop()
	}
}

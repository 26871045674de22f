package bucket

import (
	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/exporter"
)

// A finisher adds to the batches of one member what their format does not know:
// the layout of the vendor, facts about the file. It belongs to one goroutine.
type finisher struct {
	layout    *layout // nil = plain
	constants []*constant
	rows      int64 // of the member, so far
}

func newFinisher(l *layout, of []fact, f file, mem memory.Allocator, rows int64) *finisher {
	return &finisher{layout: l, constants: newConstants(of, f, mem), rows: rows}
}

// finish returns the batch with everything added. The caller releases its
// record; that of b stays whose it is.
func (f *finisher) finish(b exporter.Batch) (exporter.Batch, error) {
	before := f.rows
	f.rows += b.Rows
	if b.Record == nil {
		return b, nil
	}
	s := newSheet(b)
	if f.layout != nil {
		f.layout.rows = before
		if err := f.layout.apply(s); err != nil {
			s.release()
			return exporter.Batch{}, err
		}
	}
	for _, c := range f.constants {
		// What the vendor sent under that name is worth more.
		if s.find(c.column) < 0 {
			s.insert(len(s.names), c.column, c.kind, c.cells(s.rows))
		}
	}
	return s.done(), nil
}

func (f *finisher) release() {
	for _, c := range f.constants {
		c.release()
	}
}

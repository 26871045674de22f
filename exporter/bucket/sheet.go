package bucket

import (
	"cmp"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"tapline/exporter"
)

// A sheet is a batch taken apart, so that columns can be added and changed. It
// owns a reference to each of its columns.
type sheet struct {
	batch exporter.Batch
	names []string
	kinds []exporter.Kinds
	cells []arrow.Array
	rows  int
	// rejects are those made here, on top of the batch's own.
	rejects []exporter.Reject
}

// newSheet takes a batch with a record apart, which stays its owner's.
func newSheet(b exporter.Batch) *sheet {
	s := &sheet{batch: b, kinds: slices.Clone(b.Kinds), rows: int(b.Record.NumRows())}
	for i, f := range b.Record.Schema().Fields() {
		s.names = append(s.names, f.Name)
		c := b.Record.Column(i)
		c.Retain()
		s.cells = append(s.cells, c)
	}
	return s
}

// find returns the column of that name, or -1.
func (s *sheet) find(name string) int { return slices.Index(s.names, name) }

// insert adds a column before column i and takes its cells over.
func (s *sheet) insert(i int, name string, k exporter.Kinds, cells arrow.Array) {
	s.names = slices.Insert(s.names, i, name)
	s.kinds = slices.Insert(s.kinds, i, k)
	s.cells = slices.Insert(s.cells, i, cells)
	first := slices.Clone(s.batch.First)
	for j := range first {
		if first[j].Column >= i {
			first[j].Column++
		}
	}
	s.batch.First = first
}

// set changes the cells of column i and takes the new ones over. What was said
// of the reasons for its type no longer holds.
func (s *sheet) set(i int, k exporter.Kinds, cells arrow.Array) {
	s.cells[i].Release()
	s.kinds[i], s.cells[i] = k, cells
	s.batch.First = slices.DeleteFunc(slices.Clone(s.batch.First), func(f exporter.First) bool { return f.Column == i })
}

// done puts the batch together; the caller releases its record.
func (s *sheet) done() exporter.Batch {
	fields := make([]arrow.Field, len(s.names))
	for i, name := range s.names {
		fields[i] = arrow.Field{Name: name, Type: s.cells[i].DataType(), Nullable: true}
	}
	b := s.batch
	if len(s.rejects) > 0 {
		b.Rejects = slices.Concat(b.Rejects, s.rejects)
		slices.SortStableFunc(b.Rejects, func(x, y exporter.Reject) int { return cmp.Compare(x.Row, y.Row) })
	}
	b.Record = array.NewRecord(arrow.NewSchema(fields, nil), s.cells, int64(s.rows))
	b.Kinds = s.kinds
	s.release()
	return b
}

// release gives the columns up.
func (s *sheet) release() {
	for _, c := range s.cells {
		c.Release()
	}
}

// places returns, for each row of the record, its index among all rows read.
func (s *sheet) places() []int64 {
	out := make([]int64, 0, s.rows)
	var whole []int64
	for _, r := range s.batch.Rejects {
		if r.Column == "" {
			whole = append(whole, r.Row)
		}
	}
	for i := range s.batch.Rows {
		if len(whole) > 0 && whole[0] == i {
			whole = whole[1:]
			continue
		}
		out = append(out, i)
	}
	return out
}

// reject notes that a cell cannot be held.
func (s *sheet) reject(r exporter.Reject) { s.rejects = append(s.rejects, r) }

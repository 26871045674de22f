package parquet

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"tapline/exporter"
)

// A joint puts the vectors and what the Builder made into one record.
type joint struct {
	out, slow exporter.Batch
	fields    []arrow.Field
	arrays    []arrow.Array
	moved     []int // where the columns of the Builder went
}

// add appends a column, whose array it takes over.
func (j *joint) add(name string, a arrow.Array, k exporter.Kinds) {
	j.fields = append(j.fields, arrow.Field{Name: name, Type: a.DataType(), Nullable: true})
	j.arrays = append(j.arrays, a)
	j.out.Kinds = append(j.out.Kinds, k)
}

// vector appends a vector.
func (j *joint) vector(c column) {
	v := c.vector
	for _, f := range v.first {
		f.Column = len(j.arrays)
		j.out.First = append(j.out.First, f)
	}
	for _, bad := range v.bad {
		j.out.Rejects = append(j.out.Rejects, exporter.Reject{Row: int64(bad.row), Column: c.name, Reason: bad.reason, Raw: storable(bad.text)})
	}
	v.first, v.bad = nil, nil
	j.add(c.name, v.array(), v.kinds|v.base)
}

// next appends the next column of the Builder.
func (j *joint) next() {
	i := len(j.moved)
	j.moved = append(j.moved, len(j.arrays))
	a := j.slow.Record.Column(i)
	a.Retain()
	j.add(j.slow.Record.ColumnName(i), a, j.slow.Kinds[i])
}

// batch appends what else the Builder has, and ends the batch.
func (j *joint) batch(n int64) *exporter.Batch {
	if rec := j.slow.Record; rec != nil {
		for len(j.moved) < int(rec.NumCols()) {
			j.next()
		}
		rec.Release()
	}
	for _, f := range j.slow.First {
		f.Column = j.moved[f.Column]
		j.out.First = append(j.out.First, f)
	}
	j.out.Record = array.NewRecord(arrow.NewSchema(j.fields, nil), j.arrays, n)
	for _, a := range j.arrays {
		a.Release()
	}
	return &j.out
}

package bigquery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/metadata"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"tapline/warehouse"
)

const (
	// proofRows is how many rows are looked at at a time.
	proofRows = 64 << 10
	// mostPlaces is how many places of a load are counted one by one, a bit
	// each; of a greater load only those below.
	mostPlaces = 1 << 28
)

// proveLocal reads tapline's own columns of a part on this machine and makes
// sure that its rows are those of the load, once each, and of the load's types.
func (x *loading) proveLocal(ctx context.Context, path string) error {
	in, err := file.OpenParquetFile(path, false)
	if err != nil {
		return fmt.Errorf("part %s: %w", x.l.Parts[0].Name, err)
	}
	defer in.Close()
	r, err := pqarrow.NewFileReader(in, pqarrow.ArrowReadProperties{BatchSize: proofRows}, memory.DefaultAllocator)
	if err != nil {
		return fmt.Errorf("part %s: %w", x.l.Parts[0].Name, err)
	}
	schema, err := r.Schema()
	if err != nil {
		return fmt.Errorf("part %s: %w", x.l.Parts[0].Name, err)
	}
	if err := x.checkSchema(schema); err != nil {
		return err
	}
	if n := in.NumRows(); n != x.l.RowsLoaded {
		return countError([]int64{n}, x.l.RowsLoaded, x.l.RowsRead)
	}
	return x.proveRows(ctx, in, r, schema)
}

// constant reports whether the file's statistics say that a text column is this
// value in every row.
func constant(in *file.Reader, column int, value string) bool {
	for i := range in.NumRowGroups() {
		chunk, err := in.MetaData().RowGroup(i).ColumnChunk(column)
		if err != nil {
			return false
		}
		found, err := chunk.Statistics()
		if err != nil || found == nil {
			return false
		}
		s, ok := found.(*metadata.ByteArrayStatistics)
		if !ok || !s.HasMinMax() || !s.HasNullCount() || s.NullCount() > 0 || string(s.Min()) != value || string(s.Max()) != value {
			return false
		}
	}
	return true
}

// checkSchema refuses columns of a part that the load does not name, or names
// with another type.
func (x *loading) checkSchema(schema *arrow.Schema) error {
	index := make(map[string]arrow.DataType, len(x.l.Columns))
	for _, c := range x.l.Columns {
		index[c.Name] = c.Type
	}
	for _, f := range schema.Fields() {
		want, ok := index[f.Name]
		switch {
		case !ok:
			return &warehouse.SchemaError{Table: x.l.Table, Column: f.Name, Reason: "a part has it, and the load does not name it"}
		case want.ID() != f.Type.ID():
			return misfit(x.l.Table, f.Name, want, f.Type)
		}
	}
	return nil
}

// A proof counts what is seen of a load's rows.
type proof struct {
	load                     warehouse.Load
	micros                   int64
	rows, foreigners, places int64
	seen                     []uint64 // a bit for each place
}

func (x *loading) proveRows(ctx context.Context, in *file.Reader, r *pqarrow.FileReader, schema *arrow.Schema) error {
	var columns []int
	said := map[string]string{warehouse.ColSlice: x.l.Slice, warehouse.ColLoad: x.l.ID}
	for _, own := range taplineColumns() {
		i := slices.IndexFunc(schema.Fields(), func(f arrow.Field) bool { return f.Name == own.Name })
		if i < 0 {
			return &warehouse.SchemaError{Table: x.l.Table, Column: own.Name, Reason: "the parts do not have it"}
		}
		if value, ok := said[own.Name]; ok && constant(in, i, value) {
			continue
		}
		columns = append(columns, i)
	}
	records, err := r.GetRecordReader(ctx, columns, nil)
	if err != nil {
		return err
	}
	defer records.Release()
	places := min(max(x.l.RowsRead, 1), mostPlaces)
	p := &proof{load: x.l, micros: warehouse.Micros(x.l.ReadAt).UnixMicro(), seen: make([]uint64, (places+63)/64)}
	for {
		rec, err := records.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("part %s: %w", x.l.Parts[0].Name, err)
		}
		if err := p.add(rec); err != nil {
			return err
		}
	}
	for _, word := range p.seen {
		p.places += int64(bits.OnesCount64(word))
	}
	if p.rows != x.l.RowsLoaded || p.foreigners > 0 || p.places != p.rows && x.l.RowsRead <= mostPlaces {
		return countError([]int64{p.rows, p.foreigners, p.places}, x.l.RowsLoaded, x.l.RowsRead)
	}
	return nil
}

// add looks at the rows of a record with tapline's columns.
func (p *proof) add(rec arrow.Record) error {
	column := func(name string) arrow.Array {
		if i := rec.Schema().FieldIndices(name); len(i) == 1 {
			return rec.Column(i[0])
		}
		return nil // every row has the value it should have
	}
	sliceOf, ok1 := textsOf(column(warehouse.ColSlice))
	loadOf, ok2 := textsOf(column(warehouse.ColLoad))
	place, ok3 := column(warehouse.ColRow).(*array.Int64)
	at, ok4 := column(warehouse.ColLoadedAt).(*array.Timestamp)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return &warehouse.SchemaError{Table: p.load.Table, Reason: "tapline's columns of the parts are of other types than they should be"}
	}
	scale := int64(1)
	if t, ok := at.DataType().(*arrow.TimestampType); ok && t.Unit == arrow.Nanosecond {
		scale = 1000
	}
	p.rows += rec.NumRows()
	for i := range int(rec.NumRows()) {
		if differs(sliceOf, i, p.load.Slice) || differs(loadOf, i, p.load.ID) || at.IsNull(i) || int64(at.Value(i)) != p.micros*scale {
			p.foreigners++
		}
		if v := place.Value(i); !place.IsNull(i) && v >= 0 && v < p.load.RowsRead && v/64 < int64(len(p.seen)) {
			p.seen[v/64] |= 1 << (v % 64)
		}
	}
	return nil
}

// textsOf is a text column; nil stays nil.
func textsOf(a arrow.Array) (*array.String, bool) {
	if a == nil {
		return nil, true
	}
	texts, ok := a.(*array.String)
	return texts, ok
}

func differs(a *array.String, i int, want string) bool {
	return a != nil && (a.IsNull(i) || a.Value(i) != want)
}

package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"tapline/warehouse"
)

// Bounds of a record that is read: rows, and about how many bytes.
const (
	recordRows  = 8192
	recordBytes = 8 << 20
)

// A partReader reads the records of one part.
type partReader struct {
	file    *file.Reader
	schema  *arrow.Schema
	records pqarrow.RecordReader
}

// openPart reads some columns of the part by name, nil = all.
func openPart(ctx context.Context, p warehouse.LocalPart, columns ...string) (_ *partReader, err error) {
	defer func() {
		damaged(recover(), &err)
		if err != nil {
			err = fmt.Errorf("part %s: %w", p.Name, err)
		}
	}()
	in, err := os.Open(p.Path)
	if err != nil {
		return nil, err
	}
	f, err := file.NewParquetReader(in, file.WithReadProps(parquet.NewReaderProperties(memory.DefaultAllocator)))
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	r := &partReader{file: f}
	reader, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: batchRows(f)}, memory.DefaultAllocator)
	if err == nil {
		r.schema, err = reader.Schema()
	}
	var leaves []int
	for _, name := range columns {
		if i := f.MetaData().Schema.ColumnIndexByName(name); i >= 0 {
			leaves = append(leaves, i)
		}
	}
	if err == nil && (columns == nil || leaves != nil) {
		r.records, err = reader.GetRecordReader(ctx, leaves, nil)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

// batchRows is how many rows to read at a time, so that they take about
// recordBytes.
func batchRows(f *file.Reader) int64 {
	rows := int64(recordRows)
	for i := range f.NumRowGroups() {
		g := f.MetaData().RowGroup(i)
		if n := g.NumRows(); n > 0 && g.TotalByteSize() > 0 {
			rows = min(rows, recordBytes/(g.TotalByteSize()/n+1))
		}
	}
	return max(rows, 1)
}

// next returns the next record, valid until the call after, or io.EOF.
func (r *partReader) next() (rec arrow.Record, err error) {
	defer func() { damaged(recover(), &err) }()
	if r.records == nil || !r.records.Next() {
		if r.records != nil && r.records.Err() != nil && !errors.Is(r.records.Err(), io.EOF) {
			return nil, r.records.Err()
		}
		return nil, io.EOF
	}
	return r.records.Record(), nil
}

// damaged makes an error of a panic: Arrow's reader panics on pages that cannot
// be decoded.
func damaged(panicked any, err *error) {
	if panicked != nil {
		*err = fmt.Errorf("the file is damaged: %v", panicked)
	}
}

func (r *partReader) close() error {
	if r.records != nil {
		r.records.Release()
	}
	return r.file.Close()
}

// days calls each with the days, counted from 1970 in UTC, of a column of dates
// or times; not once for each row where many are of one day.
func days(ctx context.Context, p warehouse.LocalPart, name string, each func(day int)) error {
	r, err := openPart(ctx, p, name)
	if err != nil {
		return err
	}
	defer r.close()
	for {
		rec, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("part %s: %w", p.Name, err)
		}
		last := -1 << 62
		for i := range int(rec.NumRows()) {
			if day, ok := dayOf(rec.Column(0), i); ok && day != last {
				last = day
				each(day)
			}
		}
	}
}

func dayOf(a arrow.Array, i int) (int, bool) {
	if a.IsNull(i) {
		return 0, false
	}
	switch a := a.(type) {
	case *array.Date32:
		return int(a.Value(i)), true
	case *array.Timestamp:
		const day = 86400 * 1_000_000
		v := int64(a.Value(i))
		d := v / day
		if v%day < 0 {
			d--
		}
		return int(d), true
	}
	return 0, false
}

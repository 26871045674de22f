// Package parts reads staged parts as Arrow records, for databases that take
// rows from this process.
//
// Parts that tapline wrote have one flat layout (package loader/parquet writes
// it), and are decoded here: a page at a time into memory that is used again,
// its checksum compared, and texts that stand in a dictionary are left there,
// so that whoever sends them encodes each once. Parquet files of any other
// layout are read by arrow/go, which takes several times as long.
package parts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"
)

// Bounds of a record: rows, and about how many bytes.
const (
	recordRows  = 4096
	recordBytes = 8 << 20
)

// A Reader reads parts one after the other, and keeps its memory between them:
// that of the pages at hand, one a column. The zero value is ready. It belongs
// to one goroutine.
type Reader struct {
	in      *os.File
	file    *file.Reader
	schema  *arrow.Schema
	chosen  []int                // columns that are read, by their places in the file
	records pqarrow.RecordReader // where arrow reads
	flat    flat
	mine    bool // the layout is tapline's own, and flat reads
}

// Open begins a part: the columns of these names, nil = all; names that it does
// not have are left out, and without a column there are no records. The part
// before must be closed.
func (r *Reader) Open(ctx context.Context, path string, columns ...string) (err error) {
	defer func() {
		damaged(recover(), &err)
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	if r.in, err = os.Open(path); err != nil {
		return err
	}
	if r.file, err = file.NewParquetReader(r.in, file.WithReadProps(parquet.NewReaderProperties(memory.DefaultAllocator))); err != nil {
		return err
	}
	reader, err := pqarrow.NewFileReader(r.file, pqarrow.ArrowReadProperties{BatchSize: batchRows(r.file)}, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	if r.schema, err = reader.Schema(); err != nil {
		return err
	}
	r.choose(columns)
	if r.mine = isOwn(r.file, r.schema); r.mine {
		return r.flat.open(r.in, r.file, r.schema, r.chosen)
	}
	if len(r.chosen) > 0 {
		r.records, err = reader.GetRecordReader(ctx, r.chosen, nil)
	}
	return err
}

func (r *Reader) choose(columns []string) {
	r.chosen = r.chosen[:0]
	if columns == nil {
		for i := range r.file.MetaData().Schema.NumColumns() {
			r.chosen = append(r.chosen, i)
		}
	}
	for _, name := range columns {
		if i := r.file.MetaData().Schema.ColumnIndexByName(name); i >= 0 {
			r.chosen = append(r.chosen, i)
		}
	}
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

// Schema is that of the part, with all its columns.
func (r *Reader) Schema() *arrow.Schema { return r.schema }

// Next returns the next record, valid until the call after, or io.EOF. Columns
// have the types of Schema, but for texts: these may also be
// dictionary<uint32, utf8>, which is the same array from record to record while
// the dictionary is.
func (r *Reader) Next() (rec arrow.Record, err error) {
	defer func() { damaged(recover(), &err) }()
	if r.mine {
		return r.flat.next()
	}
	if r.records == nil || !r.records.Next() {
		if r.records != nil && r.records.Err() != nil && !errors.Is(r.records.Err(), io.EOF) {
			return nil, r.records.Err()
		}
		return nil, io.EOF
	}
	return r.records.Record(), nil
}

// damaged makes an error of a panic: Arrow's reader panics on footers and pages
// that cannot be decoded.
func damaged(panicked any, err *error) {
	if panicked != nil {
		*err = fmt.Errorf("the file is damaged: %v", panicked)
	}
}

// Close ends the part. Another one may be opened.
func (r *Reader) Close() error {
	if r.records != nil {
		r.records.Release()
	}
	in := r.in
	r.in, r.file, r.records, r.mine = nil, nil, nil, false
	if in == nil {
		return nil
	}
	return in.Close()
}

package bigquery

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"tapline/warehouse"
)

// A written part is rows that tapline itself has to tell BigQuery: entries of
// files, amendments. Fill appends rows first to last.
func writtenPart(columns []warehouse.Column, first, last int, fill func(b *array.RecordBuilder, i int) error) warehouse.Part {
	return warehouse.Part{
		Name: fmt.Sprintf("rows %d to %d", first, last), Rows: int64(last - first),
		Open: func(context.Context) (io.ReadCloser, error) {
			var out bytes.Buffer
			if err := writeParquet(&out, columns, first, last, fill); err != nil {
				return nil, err
			}
			return io.NopCloser(&out), nil
		},
	}
}

func writeParquet(out io.Writer, columns []warehouse.Column, first, last int, fill func(*array.RecordBuilder, int) error) error {
	list := make([]arrow.Field, len(columns))
	for i, c := range columns {
		list[i] = arrow.Field{Name: c.Name, Type: c.Type, Nullable: true}
	}
	schema := arrow.NewSchema(list, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := first; i < last; i++ {
		if err := fill(b, i); err != nil {
			return err
		}
	}
	rec := b.NewRecord()
	defer rec.Release()
	w, err := pqarrow.NewFileWriter(schema, out, parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Snappy)), pqarrow.DefaultWriterProps())
	if err != nil {
		return err
	}
	if err := w.Write(rec); err != nil {
		return err
	}
	return w.Close()
}

// writtenParts cuts n rows into parts of a size that memory bears.
func writtenParts(columns []warehouse.Column, n int, fill func(*array.RecordBuilder, int) error) []warehouse.Part {
	const most = 50_000
	var parts []warehouse.Part
	for first := 0; first < n; first += most {
		parts = append(parts, writtenPart(columns, first, min(first+most, n), fill))
	}
	return parts
}

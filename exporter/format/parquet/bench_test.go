package parquet

import (
	"bytes"
	"context"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	pqfile "github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	ours "tapline/loader/parquet"

	"tapline/exporter/format"
)

const benchRows = 245760

// flat is a file of the flat columns, as tapline itself writes it.
func flat(b *testing.B) []byte {
	rec, _ := random(9, benchRows)
	rec = array.NewRecord(arrow.NewSchema(rec.Schema().Fields()[:5], nil), rec.Columns()[:5], benchRows)
	var out bytes.Buffer
	w, err := ours.NewWriter(&out, rec.Schema(), ours.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for i := int64(0); i < benchRows; i += format.DefaultRows {
		if err := w.Write(rec.NewSlice(i, i+format.DefaultRows)); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

// BenchmarkRead reads flat columns, and BenchmarkArrow the same by pqarrow, as
// it is meant to be used.
func BenchmarkRead(b *testing.B) {
	doc := flat(b)
	pool := format.NewPool(0)
	dir := b.TempDir()
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		rows := int64(0)
		for batch, err := range Read(context.Background(), input(doc), Options{TempDir: dir}, format.Batching{Mem: pool}, "") {
			if err != nil {
				b.Fatal(err)
			}
			rows += batch.Rows
		}
		if rows != benchRows {
			b.Fatal(rows)
		}
	}
}

func BenchmarkArrow(b *testing.B) {
	doc := flat(b)
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		r, err := pqfile.NewParquetReader(bytes.NewReader(doc))
		if err != nil {
			b.Fatal(err)
		}
		p, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{BatchSize: format.DefaultRows}, memory.DefaultAllocator)
		if err != nil {
			b.Fatal(err)
		}
		recs, err := p.GetRecordReader(context.Background(), nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		for recs.Next() {
		}
		recs.Release()
	}
}

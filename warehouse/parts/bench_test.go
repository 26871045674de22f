package parts

import (
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"tapline/loader/parquet"
)

// BenchmarkRead reads a part of 122,880 rows of 54 columns, and in the same run
// lets arrow/go read it; "of-arrow" is the time that the first takes of the
// other's.
func BenchmarkRead(b *testing.B) {
	const rows = 122_880
	rec := testRecord(rand.New(rand.NewPCG(1, 1)), rows)
	defer rec.Release()
	path := write(b, parquet.Snappy, rec)
	var r Reader
	var mine, arrows time.Duration
	for b.Loop() {
		began := time.Now()
		readAll(b, &r, path)
		mine += time.Since(began)
		began = time.Now()
		readWithArrow(b, path)
		arrows += time.Since(began)
	}
	b.ReportMetric(rows*float64(b.N)/mine.Seconds(), "rows/s")
	b.ReportMetric(mine.Seconds()/arrows.Seconds(), "of-arrow")
}

func readAll(b *testing.B, r *Reader, path string) {
	b.Helper()
	if err := r.Open(b.Context(), path); err != nil {
		b.Fatal(err)
	}
	for {
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			b.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		b.Fatal(err)
	}
}

func readWithArrow(b *testing.B, path string) {
	b.Helper()
	f, err := file.OpenParquetFile(path, false)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	reader, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: recordRows}, memory.DefaultAllocator)
	if err != nil {
		b.Fatal(err)
	}
	records, err := reader.GetRecordReader(b.Context(), nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer records.Release()
	for records.Next() {
	}
	if err := records.Err(); err != nil && !errors.Is(err, io.EOF) {
		b.Fatal(err)
	}
}

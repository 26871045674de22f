package parts

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"tapline/loader/parquet"
)

// testSchema has a column of each type for each way that values repeat.
func testSchema() *arrow.Schema {
	var fields []arrow.Field
	for _, t := range []arrow.DataType{
		arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64, arrow.BinaryTypes.String,
		arrow.FixedWidthTypes.Date32, &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
	} {
		for _, way := range []string{"distinct", "few", "one"} {
			for _, nulls := range []string{"never", "often", "always"} {
				fields = append(fields, arrow.Field{Name: fmt.Sprint(t.Name(), " ", way, " ", nulls), Type: t, Nullable: true})
			}
		}
	}
	return arrow.NewSchema(fields, nil)
}

func testRecord(r *rand.Rand, rows int) arrow.Record {
	b := array.NewRecordBuilder(memory.DefaultAllocator, testSchema())
	defer b.Release()
	for i, f := range b.Schema().Fields() {
		for range rows {
			v := r.Int64()
			switch {
			case strings.Contains(f.Name, " one "):
				v = 7
			case strings.Contains(f.Name, " few "):
				v %= 100
			}
			if strings.HasSuffix(f.Name, "always") || strings.HasSuffix(f.Name, "often") && r.IntN(3) == 0 {
				b.Field(i).AppendNull()
				continue
			}
			appendTest(b.Field(i), v)
		}
	}
	return b.NewRecord()
}

func appendTest(b array.Builder, v int64) {
	switch b := b.(type) {
	case *array.BooleanBuilder:
		b.Append(v&1 == 1)
	case *array.Int64Builder:
		b.Append(v)
	case *array.Float64Builder:
		b.Append(float64(v) / 8)
	case *array.Date32Builder:
		b.Append(arrow.Date32(v))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(v))
	case *array.StringBuilder:
		b.Append(strings.Repeat("é", int(v)&7) + fmt.Sprint(v))
	}
}

// write writes records as a part of tapline's own layout.
func write(t testing.TB, codec parquet.Codec, records ...arrow.Record) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "0.parquet")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := parquet.NewWriter(f, records[0].Schema(), parquet.Options{Codec: codec})
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range records {
		err = errors.Join(err, w.Write(rec))
	}
	if err := errors.Join(err, w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// rows reads what is left as text, a line a row.
func rows(t testing.TB, next func() (arrow.Record, error)) (lines []string) {
	t.Helper()
	for {
		rec, err := next()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range int(rec.NumRows()) {
			var line strings.Builder
			for _, a := range rec.Columns() {
				line.WriteString(a.ValueStr(i) + "|")
			}
			lines = append(lines, line.String())
		}
	}
}

func theirs(t testing.TB, path string) []string {
	t.Helper()
	f, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	reader, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: 1000}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	records, err := reader.GetRecordReader(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer records.Release()
	return rows(t, func() (arrow.Record, error) {
		if !records.Next() {
			return nil, io.EOF
		}
		return records.Record(), nil
	})
}

// A part reads as Arrow reads it.
func TestReadsAsArrowDoes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var reader Reader // the same for all
	for _, codec := range []parquet.Codec{parquet.Snappy, parquet.Zstd, parquet.Uncompressed} {
		for _, sizes := range [][]int{{1}, {7, 8, 9}, {recordRows}, {recordRows + 1, 3}} {
			var records []arrow.Record
			for _, n := range sizes {
				records = append(records, testRecord(r, n))
			}
			path := write(t, codec, records...)
			if err := reader.Open(t.Context(), path); err != nil {
				t.Fatal(err)
			}
			if !reader.mine {
				t.Fatal("the layout was not known")
			}
			have, want := rows(t, reader.Next), theirs(t, path)
			if err := reader.Close(); err != nil {
				t.Fatal(err)
			}
			if len(have) != len(want) {
				t.Fatalf("%s %v: %d rows, want %d", codec, sizes, len(have), len(want))
			}
			for i := range want {
				if have[i] != want[i] {
					t.Fatalf("%s %v: row %d is\n%s\nwant\n%s", codec, sizes, i, have[i], want[i])
				}
			}
		}
	}
}

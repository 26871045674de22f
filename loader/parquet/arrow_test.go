package parquet

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/metadata"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"
)

func TestReadByArrow(t *testing.T) {
	for _, c := range contents() {
		for _, codec := range c.codecs() {
			t.Run(c.name+"/"+string(codec), func(t *testing.T) {
				var b bytes.Buffer
				stats := write(t, &b, c.batches, Options{Codec: codec})
				got, err := readByArrow(b.Bytes())
				if err != nil {
					t.Fatal(err)
				}
				if diff := diff(tableOf(c.batches), got); diff != "" {
					t.Errorf("written, read back:\n%s", diff)
				}
				want := Stats{Bytes: int64(b.Len())}
				for _, rec := range c.batches {
					if want.Rows += rec.NumRows(); rec.NumRows() > 0 {
						want.RowGroups++
					}
				}
				if diff := cmp.Diff(want, stats); diff != "" {
					t.Errorf("stats:\n%s", diff)
				}
			})
		}
	}
}

func TestReadManyRowGroupsByArrow(t *testing.T) {
	rec := record(eachType(700, func(i int) int { return i % 50 })...)
	var batches []arrow.Record
	for i := range int64(600) {
		batches = append(batches, rec.NewSlice(i, i+1+i%100))
	}
	var b bytes.Buffer
	write(t, &b, batches, Options{})
	got, err := readByArrow(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := diff(tableOf(batches), got); diff != "" {
		t.Errorf("written, read back:\n%s", diff)
	}
}

// TestSchemaInArrow holds that names and types come back as they were.
func TestSchemaInArrow(t *testing.T) {
	rec := record(append(eachType(1, func(int) int { return 1 }), col{"größe.日本", intType, []any{nil}})...)
	var b bytes.Buffer
	write(t, &b, []arrow.Record{rec}, Options{})
	r := openByArrow(t, b.Bytes())
	pr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := pr.Schema()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range rec.Schema().Fields() {
		got := schema.Field(i)
		if got.Name != want.Name || !arrow.TypeEqual(got.Type, want.Type) || !got.Nullable {
			t.Errorf("field %d is %s, want %s", i, got, want)
		}
	}
	var logical []string
	for i := range rec.Columns() {
		logical = append(logical, r.MetaData().Schema.Column(i).LogicalType().String())
	}
	want := "None None None String Date " +
		"Timestamp(isAdjustedToUTC=true, timeUnit=microseconds, is_from_converted_type=false, force_set_converted_type=false) None"
	if diff := cmp.Diff(want, strings.Join(logical, " ")); diff != "" {
		t.Error(diff)
	}
	if got := r.MetaData().GetCreatedBy(); got != "tapline" {
		t.Errorf("created by %q", got)
	}
}

// TestStatisticsInArrow reads the bounds as another reader understands them.
func TestStatisticsInArrow(t *testing.T) {
	rec := record(
		col{"int64", intType, []any{int64(3), int64(math.MinInt64), nil}},
		col{"float64", floatType, []any{0.0, 0.5, nil}},
		col{"nan", floatType, []any{math.NaN(), 0.5, 0.75}},
		col{"text", textType, []any{"é", "z", "a"}},
		col{"null", textType, []any{nil, nil, nil}},
	)
	var b bytes.Buffer
	write(t, &b, []arrow.Record{rec}, Options{})
	rg := openByArrow(t, b.Bytes()).MetaData().RowGroup(0)
	var got []string
	for i := range rec.Columns() {
		chunk, err := rg.ColumnChunk(i)
		if err != nil {
			t.Fatal(err)
		}
		stats, err := chunk.Statistics()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s nulls=%d %s", chunk.PathInSchema(), stats.NullCount(), bounds(stats)))
	}
	want := []string{
		"int64 nulls=1 -9223372036854775808..3",
		"float64 nulls=1 -0..0.5",
		"nan nulls=0 none",
		"text nulls=0 a..é",
		"null nulls=3 none",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func bounds(stats metadata.TypedStatistics) string {
	if !stats.HasMinMax() {
		return "none"
	}
	switch s := stats.(type) {
	case *metadata.Int64Statistics:
		return fmt.Sprintf("%d..%d", s.Min(), s.Max())
	case *metadata.Float64Statistics:
		return fmt.Sprintf("%v..%v", s.Min(), s.Max())
	case *metadata.ByteArrayStatistics:
		return fmt.Sprintf("%s..%s", s.Min(), s.Max())
	}
	return fmt.Sprintf("%T", stats)
}

func openByArrow(tb testing.TB, b []byte) *file.Reader {
	tb.Helper()
	r, err := file.NewParquetReader(bytes.NewReader(b))
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func readByArrow(b []byte) (table, error) {
	mem := memory.DefaultAllocator
	t, err := pqarrow.ReadTable(context.Background(), bytes.NewReader(b), nil, pqarrow.ArrowReadProperties{}, mem)
	if err != nil {
		return nil, err
	}
	defer t.Release()
	out := make(table, t.NumCols())
	for i := range out {
		for _, arr := range t.Column(i).Data().Chunks() {
			for row := range arr.Len() {
				out[i] = append(out[i], cell(arr, row))
			}
		}
	}
	return out, nil
}

package parquet

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	pq "github.com/apache/arrow/go/v15/parquet/schema"
	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/format"
)

// physical writes a file of one optional column of the logical type, whose
// values write gives to the column's writer.
func physical(t *testing.T, logical pq.LogicalType, phys parquet.Type, length int, write func(file.ColumnChunkWriter) error) []byte {
	t.Helper()
	n, err := pq.NewPrimitiveNodeLogical("c", parquet.Repetitions.Optional, logical, phys, length, -1)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := file.NewParquetWriter(struct{ io.Writer }{&b}, pq.MustGroup(pq.NewGroupNode("root", parquet.Repetitions.Required, pq.FieldList{n}, -1)))
	rg := w.AppendRowGroup()
	col, err := rg.NextColumn()
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{write(col), col.Close(), rg.Close(), w.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// TestPhysical is of types that Arrow does not write.
func TestPhysical(t *testing.T) {
	int64s := func(v ...int64) func(file.ColumnChunkWriter) error {
		return func(w file.ColumnChunkWriter) error {
			_, err := w.(*file.Int64ColumnChunkWriter).WriteBatch(v, []int16{1, 0, 1}[:max(len(v), 1)], nil)
			return err
		}
	}
	fixed := func(v ...string) func(file.ColumnChunkWriter) error {
		return func(w file.ColumnChunkWriter) error {
			var vals []parquet.FixedLenByteArray
			var defs []int16
			for _, s := range v {
				vals, defs = append(vals, parquet.FixedLenByteArray(s)), append(defs, 1)
			}
			_, err := w.(*file.FixedLenByteArrayColumnChunkWriter).WriteBatch(vals, defs, nil)
			return err
		}
	}
	half := []byte{0, 0x3e}
	int96 := func(w file.ColumnChunkWriter) error {
		var a, b parquet.Int96
		copy(a[:], []byte{0, 0, 0, 0, 0, 0, 0, 0, 0x8c, 0x3d, 0x25, 0})
		copy(b[:], []byte{1, 0, 0, 0, 0, 0, 0, 0, 0x8d, 0x3d, 0x25, 0})
		_, err := w.(*file.Int96ColumnChunkWriter).WriteBatch([]parquet.Int96{a, b}, []int16{1, 0, 1}, nil)
		return err
	}
	kolkata, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		doc   []byte
		want  []string
		kinds string
	}{
		{"local us", physical(t, pq.NewTimestampLogicalType(false, pq.TimeUnitMicros), parquet.Types.Int64, 0, int64s(1, 2)), []string{"1969-12-31T18:30:00.000001Z", null}, "time"},
		{"local ms", physical(t, pq.NewTimestampLogicalType(false, pq.TimeUnitMillis), parquet.Types.Int64, 0, int64s(1)), []string{"1969-12-31T18:30:00.001Z"}, "time"},
		{"ms beyond", physical(t, pq.NewTimestampLogicalType(true, pq.TimeUnitMillis), parquet.Types.Int64, 0, int64s(math.MaxInt64)), []string{null}, "time"},
		{"us beyond", physical(t, pq.NewTimestampLogicalType(true, pq.TimeUnitMicros), parquet.Types.Int64, 0, int64s(math.MaxInt64)), []string{null}, "time"},
		{"decimal", physical(t, pq.NewDecimalLogicalType(18, 3), parquet.Types.Int64, 0, int64s(-5)), []string{"-0.005"}, "float"},
		{"time ns", physical(t, pq.NewTimeLogicalType(true, pq.TimeUnitNanos), parquet.Types.Int64, 0, int64s(5)), []string{"00:00:00.000000005"}, "text"},
		{"decimal bytes", physical(t, pq.NewDecimalLogicalType(5, 1), parquet.Types.FixedLenByteArray, 3, fixed("\xff\xff\xf6", "\x00\x00\x0b")), []string{"-1", "1.1"}, "float"},
		{"uuid", physical(t, pq.UUIDLogicalType{}, parquet.Types.FixedLenByteArray, 16, fixed("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff")), []string{"00112233-4455-6677-8899-aabbccddeeff"}, "text"},
		{"half", physical(t, pq.Float16LogicalType{}, parquet.Types.FixedLenByteArray, 2, fixed(string(half))), []string{"1.5"}, "float"},
		{"int96", physical(t, pq.NoLogicalType{}, parquet.Types.Int96, 0, int96), []string{"1970-01-01T00:00:00Z", null, "1970-01-02T00:00:00.000000001Z"}, "time|text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := readAll(t, c.doc, Options{}, format.Batching{Zone: kolkata}, "")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Cells["c"]); diff != "" || got.Kinds["c"].String() != c.kinds {
				t.Errorf("kinds %v, want %s:\n%s", got.Kinds["c"], c.kinds, diff)
			}
		})
	}
}

// TestRepeated is of a list in the way of protocol buffers: no group around it.
func TestRepeated(t *testing.T) {
	id := pq.NewInt64Node("id", parquet.Repetitions.Required, -1)
	list := pq.NewInt64Node("list", parquet.Repetitions.Repeated, -1)
	var b bytes.Buffer
	w := file.NewParquetWriter(struct{ io.Writer }{&b}, pq.MustGroup(pq.NewGroupNode("root", parquet.Repetitions.Required, pq.FieldList{id, list}, -1)))
	rg := w.AppendRowGroup()
	write := func(vals []int64, defs, reps []int16) {
		col, err := rg.NextColumn()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := col.(*file.Int64ColumnChunkWriter).WriteBatch(vals, defs, reps); err != nil {
			t.Fatal(err)
		}
		if err := col.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write([]int64{1, 2, 3}, nil, nil)
	write([]int64{7, 8, 9}, []int16{1, 1, 0, 1}, []int16{0, 1, 0, 0})
	if err := errors.Join(rg.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	for _, after := range []struct {
		cursor exporter.Cursor
		rows   int
	}{{"", 0}, {"0:1", 1}, {"0:2", 2}} {
		got, err := readAll(t, b.Bytes(), Options{}, format.Batching{Rows: 1}, after.cursor)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]string{"id": []string{"1", "2", "3"}[after.rows:], "list": []string{"[7,8]", "[]", "[9]"}[after.rows:]}
		if diff := cmp.Diff(want, got.Cells); diff != "" {
			t.Errorf("after %q:\n%s", after.cursor, diff)
		}
	}
}

// TestRequired is of columns without definition levels.
func TestRequired(t *testing.T) {
	required := func(name string, typ arrow.DataType) arrow.Field { return arrow.Field{Name: name, Type: typ} }
	rec := record(t, `[{"i":1,"s":"a","b":true,"g":{"x":1.5,"l":["p","q"]}},{"i":2,"s":"b","b":false,"g":{"x":2,"l":[]}}]`,
		required("i", arrow.PrimitiveTypes.Int64), required("s", arrow.BinaryTypes.String), required("b", arrow.FixedWidthTypes.Boolean),
		required("g", arrow.StructOf(required("x", arrow.PrimitiveTypes.Float64), required("l", arrow.ListOfNonNullable(arrow.BinaryTypes.String)))))
	for _, c := range []struct {
		o    Options
		want map[string][]string
	}{
		{Options{}, map[string][]string{"i": {"1", "2"}, "s": {"a", "b"}, "b": {"true", "false"}, "g": {`{"x":1.5,"l":["p","q"]}`, `{"x":2,"l":[]}`}}},
		{Options{Flatten: true}, map[string][]string{"i": {"1", "2"}, "s": {"a", "b"}, "b": {"true", "false"}, "g.x": {"1.5", "2"}, "g.l": {`["p","q"]`, `[]`}}},
	} {
		got, err := readAll(t, fileOf(t, []arrow.Record{rec}), c.o, format.Batching{}, "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got.Cells); diff != "" {
			t.Error(diff)
		}
	}
}

package parquet

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"tapline/exporter"
	"tapline/exporter/format"
)

// stream is content in memory.
type stream struct{ *bytes.Reader }

func (stream) Close() error                    { return nil }
func (stream) Place(offset int64) format.Place { return format.Place{Offset: offset} }

func input(b []byte) format.Input {
	return format.Input{Name: "a.parquet", Size: int64(len(b)), Open: func(context.Context, format.Place) (format.Stream, error) {
		return stream{bytes.NewReader(b)}, nil
	}}
}

// A table is what was read, by canonical text.
type table struct {
	Names   []string
	Kinds   map[string]exporter.Kinds
	Cells   map[string][]string
	Rejects []exporter.Reject
	Cursors []exporter.Cursor
	Rows    int64
	Bytes   int64
}

func readAll(t testing.TB, b []byte, o Options, bt format.Batching, after exporter.Cursor) (*table, error) {
	t.Helper()
	if o.TempDir == "" {
		o.TempDir = t.TempDir()
	}
	checked := memory.NewCheckedAllocator(memory.DefaultAllocator)
	bt.Mem = checked
	defer checked.AssertSize(t, 0)
	out := &table{Kinds: map[string]exporter.Kinds{}, Cells: map[string][]string{}}
	for batch, err := range Read(context.Background(), input(b), o, bt, after) {
		if err != nil {
			return out, err
		}
		out.add(t, batch)
	}
	return out, nil
}

func (out *table) add(t testing.TB, b exporter.Batch) {
	if b.Rows != b.Record.NumRows() || len(b.Kinds) != int(b.Record.NumCols()) {
		t.Errorf("%d rows, %d kinds for %v", b.Rows, len(b.Kinds), b.Record)
	}
	for i, col := range b.Record.Columns() {
		name := b.Record.ColumnName(i)
		if want := b.Kinds[i].Staged(); want != nil && !arrow.TypeEqual(want, col.DataType()) {
			t.Errorf("column %q is %v for %v", name, col.DataType(), b.Kinds[i])
		}
		if _, met := out.Cells[name]; !met {
			out.Names = append(out.Names, name)
			for range out.Rows {
				out.Cells[name] = append(out.Cells[name], null)
			}
		}
		out.Kinds[name] |= b.Kinds[i]
		for r := range col.Len() {
			out.Cells[name] = append(out.Cells[name], show(col, r))
		}
	}
	for _, r := range b.Rejects {
		r.Row += out.Rows
		out.Rejects = append(out.Rejects, r)
	}
	for _, f := range b.First {
		cell := show(b.Record.Column(f.Column), int(f.Row))
		if !strings.HasPrefix(cell, strings.TrimSuffix(f.Text, "...")) || b.Kinds[f.Column]&f.Kind == 0 {
			t.Errorf("first %v of a column of %v whose cell is %s", f, b.Kinds[f.Column], cell)
		}
	}
	out.Rows += b.Rows
	out.Bytes += b.Bytes
	out.Cursors = append(out.Cursors, b.Cursor)
}

const null = "<null>"

func show(col arrow.Array, r int) string {
	if col.IsNull(r) {
		return null
	}
	switch a := col.(type) {
	case *array.Boolean:
		return strconv.FormatBool(a.Value(r))
	case *array.Int64:
		return strconv.FormatInt(a.Value(r), 10)
	case *array.Float64:
		return string(exporter.AppendFloat(nil, a.Value(r)))
	case *array.Date32:
		return string(appendDay(nil, int64(a.Value(r))))
	case *array.Timestamp:
		return string(exporter.AppendTime(nil, int64(a.Value(r))))
	}
	return col.(*array.String).Value(r)
}

// record makes a record of JSON.
func record(t testing.TB, doc string, fields ...arrow.Field) arrow.Record {
	t.Helper()
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema(fields, nil), strings.NewReader(doc), array.WithUseNumber())
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// fileOf writes records as a Parquet file, a row group each.
func fileOf(t testing.TB, recs []arrow.Record, options ...parquet.WriterProperty) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := pqarrow.NewFileWriter(recs[0].Schema(), struct{ io.Writer }{&b}, parquet.NewWriterProperties(options...),
		pqarrow.NewArrowWriterProperties(pqarrow.WithDeprecatedInt96Timestamps(false)))
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range recs {
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func fieldOf(name string, typ arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: typ, Nullable: true}
}

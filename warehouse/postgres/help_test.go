package postgres

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
	"tapline/warehouse/warehousetest"
)

// Types, for short.
var (
	boolean = arrow.FixedWidthTypes.Boolean
	integr  = arrow.PrimitiveTypes.Int64
	float   = arrow.PrimitiveTypes.Float64
	text    = arrow.BinaryTypes.String
	date    = arrow.FixedWidthTypes.Date32
)

// columnsOf makes columns of names and types in turn, tapline's four after them.
func columnsOf(namesAndTypes ...any) []warehouse.Column {
	var c []warehouse.Column
	for i := 0; i < len(namesAndTypes); i += 2 {
		c = append(c, warehouse.Column{Name: namesAndTypes[i].(string), Type: namesAndTypes[i+1].(arrow.DataType)})
	}
	return append(c, ownColumns()...)
}

// loadOf is a load of rows of data values into table, as revision rev of a slice.
func loadOf(t testing.TB, table, slice string, rev int, columns []warehouse.Column, rows ...[]any) warehouse.Load {
	t.Helper()
	l := warehouse.Load{
		Pipeline: "p", Table: table, Stream: "s", Slice: "p/s/" + slice, Revision: fmt.Sprint(rev), Run: "run-1",
		ReadAt: moment().Add(time.Duration(rev) * time.Second), Mode: warehouse.Replace, Columns: columns,
		RowsRead: int64(len(rows)), RowsLoaded: int64(len(rows)),
	}
	l.ID = fmt.Sprintf("%s|%s|%d", table, slice, rev)
	all := make([][]any, len(rows))
	for i, row := range rows {
		all[i] = append(slices.Clone(row), l.Slice, l.ID, int64(i), l.ReadAt)
	}
	if len(all) > 0 {
		l.Parts = []warehouse.Part{warehousetest.WritePart(t, filepath.Join(t.TempDir(), "0.parquet"), columns, all)}
	}
	return l
}

// numbered are n rows of an id and a text.
func numbered(n int, v string) [][]any {
	rows := make([][]any, n)
	for i := range rows {
		rows[i] = []any{int64(i), v}
	}
	return rows
}

// put makes the table able to hold the load and loads it.
func put(t testing.TB, w *Warehouse, l warehouse.Load) warehouse.Receipt {
	t.Helper()
	if err := w.Ensure(t.Context(), warehouse.Table{Name: l.Table, Columns: l.Columns}); err != nil {
		t.Fatal(err)
	}
	r, err := w.Load(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// proven fails the test unless every receipt is.
func proven(t testing.TB, w *Warehouse, want int) {
	t.Helper()
	n := 0
	for p, err := range w.Verify(t.Context(), "") {
		if err != nil || !p.OK() {
			t.Fatalf("proof %+v, %v", p, err)
		}
		n++
	}
	if n != want {
		t.Fatalf("%d proofs, want %d", n, want)
	}
}

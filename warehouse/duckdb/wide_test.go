//go:build cgo

package duckdb

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/google/go-cmp/cmp"

	"tapline/warehouse"
	"tapline/warehouse/warehousetest"
)

// A table of so many columns that their names do not fit into comments, and that
// take more memory than Config.MemoryLimit; it grows to that.
func TestWideTable(t *testing.T) {
	dir := t.TempDir()
	w := open(t, Config{Path: filepath.Join(dir, "bi.duckdb")})
	var columns []warehouse.Column
	var row []any
	for i := range 1500 {
		columns = append(columns, warehouse.Column{Name: fmt.Sprint("c", i), Type: arrowType("BIGINT"), Source: fmt.Sprint("vendor's ", i)})
		row = append(row, int64(i))
	}
	columns = append(columns, taplineColumns()...)
	few := append(columns[60:len(columns):len(columns)], columns[:60]...)
	for _, list := range [][]warehouse.Column{columns[60:], columns} {
		if err := w.Ensure(t.Context(), warehouse.Table{Name: "t", Columns: list}); err != nil {
			t.Fatal(err)
		}
	}
	have, err := w.Table(t.Context(), "t")
	if err != nil {
		t.Fatal(err)
	}
	types := cmp.Comparer(func(a, b arrow.DataType) bool { return arrow.TypeEqual(a, b) })
	if d := cmp.Diff(few, have.Columns, types); d != "" {
		t.Fatalf("columns differ (- want, + have):\n%s", d)
	}
	l := revision(childLoad{Rev: 1, Rows: 1})
	l.Columns = columns
	path := filepath.Join(dir, "wide.parquet")
	l.Parts = []warehouse.Part{warehousetest.WritePart(t, path, columns, [][]any{append(row, l.Slice, l.ID, int64(0), l.ReadAt)})}
	if _, err := w.Load(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if n := scalar(t, w, "SELECT concat_ws(' ', c0, c59, c60, c1499) FROM t"); n != "0 59 60 1499" {
		t.Errorf("values = %s", n)
	}
}

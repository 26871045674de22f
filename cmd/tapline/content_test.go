package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/sql"
	"tapline/warehouse"
)

// loadedContent is what a BI tool would see in any warehouse, without what
// differs from load to load: every row of every table, the quarantine, and the
// receipts' counts. It asks through the contract alone, so that the same rows
// give the same text whatever the database.
func loadedContent(t testing.TB, w warehouse.Warehouse, dialect string) string {
	t.Helper()
	var out strings.Builder
	var receipts []string
	tables := map[string]bool{}
	for r, err := range w.Receipts(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		tables[r.Table] = true
		receipts = append(receipts, fmt.Sprintf(" %s %s %s read=%d loaded=%d quarantined=%d cells=%d",
			r.Table, r.Slice, r.Mode, r.RowsRead, r.RowsLoaded, r.RowsQuarantined, r.CellsQuarantined))
	}
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		tableContent(t, &out, w, dialect, name)
	}
	fmt.Fprintln(&out, "-- receipts")
	writeSorted(&out, receipts)
	fmt.Fprintln(&out, "-- quarantine")
	var kept []string
	for e, err := range w.(warehouse.Quarantine).Quarantined(t.Context(), warehouse.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, fmt.Sprintf(" %s %s row=%d column=%s source=%s reason=%s raw=%q", e.Table, e.Slice, e.Row, e.Column, e.Source, e.Reason, e.Raw))
	}
	writeSorted(&out, kept)
	return out.String()
}

// tableContent writes a table's columns and rows.
func tableContent(t testing.TB, out *strings.Builder, w warehouse.Warehouse, dialect, name string) {
	t.Helper()
	table, err := w.Table(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(out, "-- table", name)
	var columns []string
	for _, c := range table.Columns {
		if c.Name == warehouse.ColLoad || c.Name == warehouse.ColLoadedAt {
			continue
		}
		fmt.Fprintf(out, " %s %s\n", c.Name, warehouse.TypeName(c.Type))
		columns = append(columns, sql.Quote(dialect, c.Name))
	}
	query := fmt.Sprintf("SELECT %s FROM %s ORDER BY %s, %s", strings.Join(columns, ", "), sql.Quote(dialect, name), warehouse.ColSlice, warehouse.ColRow)
	for rec, err := range w.(warehouse.Querier).Query(t.Context(), query) {
		if err != nil {
			t.Fatal(err)
		}
		for row := range int(rec.NumRows()) {
			writeRow(out, rec, row)
		}
	}
}

func writeRow(out *strings.Builder, rec arrow.Record, row int) {
	for i, f := range rec.Schema().Fields() {
		if c := rec.Column(i); c.IsValid(row) {
			fmt.Fprintf(out, " %s=%s", f.Name, c.ValueStr(row))
		}
	}
	out.WriteByte('\n')
}

func writeSorted(out *strings.Builder, lines []string) {
	slices.Sort(lines)
	for _, l := range lines {
		fmt.Fprintln(out, l)
	}
}

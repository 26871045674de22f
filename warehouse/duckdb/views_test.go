//go:build cgo

package duckdb

import (
	"path/filepath"
	"testing"
	"time"

	"tapline/warehouse"
)

func TestFreshness(t *testing.T) {
	dir := t.TempDir()
	clock := time.Now().Add(-48 * time.Hour)
	w := open(t, Config{Path: filepath.Join(dir, "bi.duckdb"), Now: func() time.Time { return clock }})
	ask := func(columns string) string {
		t.Helper()
		return scalar(t, w, "SELECT string_agg(concat_ws(' ', "+columns+"), '; ' ORDER BY table_name) FROM _tapline_freshness")
	}
	load := func(rev, rows int) {
		t.Helper()
		if _, err := w.Load(t.Context(), revision(writeRevision(t, dir, rev, rows))); err != nil {
			t.Fatal(err)
		}
	}
	prepare(t, w)
	load(1, 7)
	if have := ask("table_name, rows_today, rows_total, coalesce(newest_event::VARCHAR, 'never')"); have != "t 0 7 never" {
		t.Errorf("loaded two days ago: %s", have)
	}
	clock = time.Now()
	load(2, 5)
	if have := ask("table_name, rows_today, rows_total, epoch_us(last_load)"); have != scalar(t, w, "SELECT 't 5 5 ' || epoch_us(max(committed_at)) FROM _tapline_receipts") {
		t.Errorf("loaded again today: %s", have)
	}

	// Tables with ts, or else event_date, tell how new their events are.
	day := warehouse.Column{Name: "event_date", Type: arrowType("DATE")}
	for name, column := range map[string]warehouse.Column{"days": day, "stamps": {Name: "ts", Type: timestampType()}, "texts": {Name: "ts", Type: arrowType("VARCHAR")}} {
		columns := append([]warehouse.Column{column}, taplineColumns()...)
		if err := w.Ensure(t.Context(), warehouse.Table{Name: name, Columns: columns}); err != nil {
			t.Fatal(err)
		}
		value := "'2026-03-29 12:34:56.789+00'"
		if name == "days" {
			value = "'2026-03-29'"
		}
		if err := execRaw(t.Context(), w, "INSERT INTO "+name+" ("+column.Name+") VALUES ("+value+")"); err != nil {
			t.Fatal(err)
		}
	}
	want := "days 1774742400000000; stamps 1774787696789000; t never; texts never"
	if have := ask("table_name, coalesce(epoch_us(newest_event)::VARCHAR, 'never')"); have != want {
		t.Errorf("newest events = %s, want %s", have, want)
	}

	// The view follows its tables.
	for _, text := range []string{"DROP TABLE texts", "DROP VIEW _tapline_loads"} {
		if err := execRaw(t.Context(), w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Ensure(t.Context(), warehouse.Table{Name: "t", Columns: []warehouse.Column{day}}); err != nil {
		t.Fatal(err)
	}
	if have := ask("table_name"); have != "days; stamps; t" {
		t.Errorf("tables = %s", have)
	}
	have := scalar(t, w, "SELECT string_agg(concat_ws(' ', table_name, status, rows_loaded), '; ') FROM _tapline_loads")
	if have != "t in force 5; t superseded 7" {
		t.Errorf("loads = %s", have)
	}
}

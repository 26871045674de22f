//go:build cgo

package duckdb

import (
	"os"
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

func TestRuns(t *testing.T) {
	dir := t.TempDir()
	clock := moment().AddDate(0, 0, 9)
	w := open(t, Config{Path: filepath.Join(dir, "bi.duckdb"), Now: func() time.Time { return clock }})
	prepare(t, w)
	for i, run := range []string{"a", "b", "b"} {
		l := revision(writeRevision(t, dir, i+1, 5+i))
		l.Run, l.BytesRead = run, 100
		if i == 2 {
			l.ID, l.Slice = "of another slice", "p/s/other"
			l.Revision = "other"
			l.Parts = nil
			l.RowsRead, l.RowsLoaded = 0, 0
		}
		if _, err := w.Load(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		clock = clock.Add(time.Hour)
	}
	have := scalar(t, w, `SELECT string_agg(concat_ws(' ', run, pipeline, loads, tables, rows_read, rows_loaded,
		rows_quarantined, cells_quarantined, bytes_read, epoch_us(first_read_at) < epoch_us(loaded_at)), '; ') FROM _tapline_runs`)
	if want := "b p 2 1 6 6 0 0 200 true; a p 1 1 5 5 0 0 100 true"; have != want {
		t.Errorf("runs = %s, want %s", have, want)
	}
}

// A view that is there as it should be is left alone, so that programs which
// read the file are not in the way, and the file stays as it is.
func TestPutViewUnchanged(t *testing.T) {
	w := open(t, Config{Path: filepath.Join(t.TempDir(), "bi.duckdb"), LockWait: time.Millisecond})
	prepare(t, w)
	v := warehouse.View{Name: "daily", Query: "select * from t -- all", About: "it's all"}
	state := func() string {
		t.Helper()
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(w.cfg.Path)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	put := func(want bool) {
		t.Helper()
		before := state()
		if err := w.PutView(t.Context(), v); err != nil {
			t.Fatal(err)
		}
		if changed := state() != before; changed != want {
			t.Errorf("the file changed: %t, want %t", changed, want)
		}
	}
	put(true)
	put(false)
	v.Query = "SELECT *\nFROM t"
	put(false) // in DuckDB's writing it is the same
	v.About = "all"
	put(true)
	if err := execRaw(t.Context(), w, "ALTER TABLE t ADD COLUMN later INTEGER"); err != nil {
		t.Fatal(err)
	}
	put(true)
	put(false)
	if have := scalar(t, w, "SELECT comment FROM duckdb_views() WHERE view_name = 'daily'"); have != "all" {
		t.Errorf("comment = %s", have)
	}
}

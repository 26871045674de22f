package postgres

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tapline/warehouse"
	"tapline/warehouse/postgres/pgtest"
)

func TestOwnViews(t *testing.T) {
	address := pgtest.NewDatabase(t)
	clock := time.Now().Add(-48 * time.Hour)
	w := open(t, Config{URL: address, Schema: `odd "one"`, Now: func() time.Time { return clock }})
	columns := columnsOf("id", integr, "ts", stampType())
	event := time.Date(2026, 3, 29, 12, 34, 56, 0, time.UTC)
	merge := func(slice string, rev int, rows ...[]any) warehouse.Load {
		l := loadOf(t, "m", slice, rev, columns, rows...)
		l.Mode, l.Key, l.Run = warehouse.Merge, []string{"id"}, "run-2"
		return l
	}
	put(t, w, loadOf(t, "t", "d1", 1, columnsOf("id", integr, "v", text), numbered(7, "a")...))
	put(t, w, merge("d1", 1, []any{int64(1), event}, []any{int64(2), event.Add(time.Hour)}))
	clock = time.Now()
	put(t, w, loadOf(t, "t", "d1", 2, columnsOf("id", integr, "v", text), numbered(5, "b")...))
	put(t, w, merge("d2", 2, []any{int64(2), event}, []any{int64(3), nil}, []any{int64(3), event}))
	ask := func(sql string) []string { return pgtest.Rows(t, address, `SET search_path = "odd ""one"""; `+sql) }
	for _, c := range []struct {
		sql  string
		want []string
	}{
		{"SELECT table_name, rows_today, rows_total, newest_event AT TIME ZONE 'UTC' FROM _tapline_freshness", []string{"m|3|3|2026-03-29 13:34:56", "t|5|5|NULL"}},
		{"SELECT (SELECT count(*) FROM m), (SELECT count(*) FROM t)", []string{"3|5"}},
		{"SELECT run, pipeline, loads, tables, rows_read, rows_loaded FROM _tapline_runs", []string{"run-1|p|2|1|12|12", "run-2|p|2|1|5|5"}},
		{"SELECT table_name, status, rows_loaded FROM _tapline_loads ORDER BY table_name, status, rows_loaded", []string{"m|in force|2", "m|in force|3", "t|in force|5", "t|superseded|7"}},
	} {
		if d := cmp.Diff(c.want, ask(c.sql)); d != "" {
			t.Errorf("%s differs (- want, + have):\n%s", c.sql, d)
		}
	}
	pgtest.Exec(t, address, `DROP TABLE "odd ""one""".t; DROP VIEW "odd ""one"""._tapline_loads`) // no view stands on a table
	if have := ask("SELECT table_name FROM _tapline_freshness"); len(have) != 1 || have[0] != "m" {
		t.Errorf("freshness after a drop: %v", have)
	}
	w = open(t, Config{URL: address, Schema: `odd "one"`})
	put(t, w, merge("d3", 3))
	if have := ask("SELECT count(*) FROM _tapline_loads"); have[0] != "5" {
		t.Errorf("the view that was dropped: %v", have)
	}
	for rec, err := range w.Query(t.Context(), "SELECT count(*) FROM m") {
		if err != nil || rec.Column(0).ValueStr(0) != "3" {
			t.Errorf("a query finds the schema's tables: %v, %v", rec, err)
		}
	}
}

// Views keep their descriptions and rights, and others that stand on them, when
// they are made again; what is no view keeps them from that.
func TestViewsMadeAgain(t *testing.T) {
	address := pgtest.NewDatabase(t)
	w := open(t, Config{URL: address})
	role := "reader_of_" + mustParse(t, address).Path[1:]
	pgtest.Exec(t, address, "CREATE ROLE "+role)
	put(t, w, loadOf(t, "t", "d1", 1, columnsOf("id", integr, "v", text), numbered(3, "a")...))
	view := func(name, query string) error {
		return w.PutView(t.Context(), warehouse.View{Name: name, Query: query, About: "about " + name})
	}
	if err := errors.Join(view("low", "SELECT id, v FROM t;"), view("high", "SELECT id FROM low"), view("gone", "SELECT v FROM low")); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, address, "GRANT SELECT ON low, high, gone TO "+role)
	rights := func() []string {
		return pgtest.Rows(t, address, "SELECT relname, obj_description(oid), has_table_privilege('"+role+"', oid, 'SELECT') FROM pg_class WHERE relname IN ('low', 'high', 'gone') ORDER BY 1")
	}
	if err := view("low", "SELECT id FROM t"); err != nil { // v is gone, and so is the view of it
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"high|about high|t", "low|about low|t"}, rights()); d != "" {
		t.Errorf("a view put anew (- want, + have):\n%s", d)
	}
	// A column that widens under them.
	put(t, w, loadOf(t, "t", "d2", 1, columnsOf("id", float), []any{0.5}))
	if d := cmp.Diff([]string{"high|about high|t", "low|about low|t"}, rights()); d != "" {
		t.Errorf("after widening (- want, + have):\n%s", d)
	}
	if have := pgtest.Rows(t, address, "SELECT max(id), min(id), count(*) FROM high"); have[0] != "2|0|4" {
		t.Errorf("rows = %v", have)
	}
	pgtest.Exec(t, address, "CREATE MATERIALIZED VIEW kept AS SELECT id FROM low")
	if err := view("low", "SELECT 1 AS other"); !errors.Is(err, warehouse.ErrSchema) || !strings.Contains(err.Error(), "kept") {
		t.Errorf("under a materialized view: %v", err)
	}
	if err := view("kept", "SELECT 1 AS a"); !errors.Is(err, warehouse.ErrSchema) {
		t.Errorf("in place of a materialized view: %v", err)
	}
}

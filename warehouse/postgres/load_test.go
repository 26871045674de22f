package postgres

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tapline/warehouse"
	"tapline/warehouse/postgres/pgtest"
)

// The rows of an older revision are found by the index, never by a scan.
func TestRemovalByIndex(t *testing.T) {
	for name, unit := range map[string]Unit{"plain": "", "partitioned": Month} {
		t.Run(name, func(t *testing.T) {
			address := pgtest.NewDatabase(t)
			w := open(t, Config{URL: address, Partition: unit})
			columns := columnsOf("id", integr, "event_date", date)
			if err := w.Ensure(t.Context(), warehouse.Table{Name: "t", Columns: columns, Partition: "event_date"}); err != nil {
				t.Fatal(err)
			}
			for day := range 20 {
				rows := make([][]any, 500)
				for i := range rows {
					rows[i] = []any{int64(i), moment().AddDate(0, day-10, 0)}
				}
				put(t, w, loadOf(t, "t", fmt.Sprint("d", day), 1, columns, rows...))
			}
			pgtest.Exec(t, address, "ANALYZE")
			plan := strings.Join(pgtest.Rows(t, address, "EXPLAIN DELETE FROM t WHERE _tapline_slice = 'p/s/d7'"), "\n")
			if !strings.Contains(plan, "Index") || unit == "" && strings.Contains(plan, "Seq Scan") {
				t.Errorf("the plan does not use the index:\n%s", plan)
			}
		})
	}
}

func TestPartitions(t *testing.T) {
	address := pgtest.NewDatabase(t)
	w := open(t, Config{URL: address, Partition: Month})
	name := "events_of_" + strings.Repeat("é", 25) // partitions' names have to be cut
	columns := columnsOf("id", integr, "ts", stampType())
	at := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 23, 59, 59, 0, time.UTC) }
	if err := w.Ensure(t.Context(), warehouse.Table{Name: name, Columns: columns, Partition: "ts"}); err != nil {
		t.Fatal(err)
	}
	put(t, w, loadOf(t, name, "d1", 1, columns, []any{int64(1), at(9, 30)}, []any{int64(2), at(10, 1)}, []any{int64(3), nil}, []any{int64(4), at(9, 1)}))
	put(t, w, loadOf(t, name, "d2", 1, columns, []any{int64(5), at(9, 2)}, []any{int64(6), at(11, 2)}))
	put(t, w, loadOf(t, name, "d1", 2, columns, []any{int64(7), at(8, 30)}))
	proven(t, w, 2)
	have := pgtest.Rows(t, address, "SELECT right(tableoid::regclass::text, 7), id FROM \""+name+"\" ORDER BY id")
	for i := range have {
		have[i] = strings.Trim(have[i], `"`)
	}
	want := []string{"202609\"|5", "202611\"|6", "202608\"|7"}
	if d := cmp.Diff(want, have); d != "" {
		t.Errorf("rows lie elsewhere (- want, + have):\n%s", d)
	}
	if table, err := w.Table(t.Context(), name); err != nil || table.Partition != "ts" {
		t.Errorf("Table = %+v, %v", table, err)
	}
	// A name that is taken, or a month whose rows lie in the rest, is no failure.
	pgtest.Exec(t, address, `CREATE TABLE plain_202601 (); CREATE TABLE plain_202602 ()`)
	if err := w.Ensure(t.Context(), warehouse.Table{Name: "plain", Columns: columns, Partition: "ts"}); err != nil {
		t.Fatal(err)
	}
	put(t, w, loadOf(t, "plain", "d3", 1, columns, []any{int64(1), at(1, 5)}))
	pgtest.Exec(t, address, `DROP TABLE plain_202601`)
	put(t, w, loadOf(t, "plain", "d4", 1, columns, []any{int64(2), at(1, 6)}, []any{int64(3), at(2, 6)}, []any{int64(4), at(3, 6)}))
	have = pgtest.Rows(t, address, "SELECT tableoid::regclass, id FROM plain ORDER BY id")
	if d := cmp.Diff([]string{"plain_rest|1", "plain_rest|2", "plain_rest|3", "plain_202603|4"}, have); d != "" {
		t.Errorf("rows lie elsewhere (- want, + have):\n%s", d)
	}
}

// Each unit has partitions of its own, and a table keeps the unit that it has.
func TestPartitionUnits(t *testing.T) {
	at := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	for unit, want := range map[Unit][]string{
		Day:   {"t_20240229|1", "t_20240301|2", "t_20251231|3", "t_20260101|4", "t_rest|5", "t_20240302|6"},
		Month: {"t_202402|1", "t_202403|2", "t_202512|3", "t_202601|4", "t_rest|5", "t_202403|6"},
		Year:  {"t_2024|1", "t_2024|2", "t_2025|3", "t_2026|4", "t_rest|5", "t_2024|6"},
	} {
		t.Run(string(unit), func(t *testing.T) {
			address := pgtest.NewDatabase(t)
			w := open(t, Config{URL: address, Partition: unit})
			columns := columnsOf("id", integr, "event_date", date)
			if err := w.Ensure(t.Context(), warehouse.Table{Name: "t", Columns: columns, Partition: "event_date"}); err != nil {
				t.Fatal(err)
			}
			put(t, w, loadOf(t, "t", "d1", 1, columns, []any{int64(1), at(2024, 2, 29)}, []any{int64(2), at(2024, 3, 1)},
				[]any{int64(3), at(2025, 12, 31)}, []any{int64(4), at(2026, 1, 1)}, []any{int64(5), nil}))
			for i, other := range append(units(), "") {
				w := open(t, Config{URL: address, Partition: other})
				put(t, w, loadOf(t, "t", "d2", 1+i, columns, []any{int64(6), at(2024, 3, 2)}))
				proven(t, w, 2)
			}
			if d := cmp.Diff(want, pgtest.Rows(t, address, "SELECT tableoid::regclass, id FROM t ORDER BY id")); d != "" {
				t.Errorf("rows lie elsewhere (- want, + have):\n%s", d)
			}
		})
	}
	if _, err := New(t.Context(), Config{URL: "postgres://localhost/x", Partition: "week"}); err == nil {
		t.Error("partitioned by week")
	}
}

// A table that a user made has types of its own.
func TestUsersTable(t *testing.T) {
	address := pgtest.NewDatabase(t)
	w := open(t, Config{URL: address})
	pgtest.Exec(t, address, `CREATE TABLE t (a numeric(6,2), b numeric, c jsonb, d varchar(5), e json, u uuid, g text GENERATED ALWAYS AS (d || '!') STORED,
		k bigint NOT NULL DEFAULT 7, _tapline_slice text, _tapline_load text, _tapline_row bigint, _tapline_loaded_at timestamptz)`)
	have, err := w.Table(t.Context(), "t")
	if err != nil {
		t.Fatal(err)
	}
	var shape []string
	for _, c := range have.Columns[:8] {
		shape = append(shape, strings.TrimSpace(c.Name+" "+warehouse.TypeName(c.Type)+" "+c.Native))
	}
	if d := cmp.Diff([]string{"a string numeric(6,2)", "b string numeric", "c string jsonb", "d string character varying(5)", "e string json",
		"u uuid uuid", "g string", "k int64"}, shape); d != "" {
		t.Errorf("shape differs (- want, + have):\n%s", d)
	}
	columns := columnsOf("a", text, "b", float, "c", text, "d", text, "e", text)
	put(t, w, loadOf(t, "t", "d1", 1, columns, []any{"12.5", 0.1, `{"x": [1, "é"]}`, "short", `[1]`}, []any{nil, nil, nil, nil, nil}))
	put(t, w, loadOf(t, "t", "d2", 1, columnsOf("a", integr), []any{int64(9999)}))
	want := []string{`12.50|0.1|{"x": [1, "é"]}|short|[1]|short!|7`, "NULL|NULL|NULL|NULL|NULL|NULL|7", "9999.00|NULL|NULL|NULL|NULL|NULL|7"}
	if d := cmp.Diff(want, pgtest.Rows(t, address, "SELECT a, b, c, d, e, g, k FROM t ORDER BY _tapline_slice, _tapline_row")); d != "" {
		t.Errorf("rows differ (- want, + have):\n%s", d)
	}
	for name, c := range map[string]struct {
		column string
		value  string
	}{
		"no number": {"a", "abc"}, "rounded": {"a", "1.234"}, "too great": {"a", "123456"}, "no json": {"c", "{"},
		"json that jsonb cannot hold": {"c", `"\u0000"`}, "too long": {"d", "longer than five"}, "another type": {"u", "x"}, "computed": {"g", "x"}, "nul": {"d", "a\x00b"},
	} {
		l := loadOf(t, "t", "d3", 1, columnsOf(c.column, text), []any{c.value})
		_, err := w.Load(t.Context(), l)
		if !errors.Is(err, warehouse.ErrSchema) {
			t.Errorf("%s: error = %v, want ErrSchema", name, err)
		}
	}
	l := loadOf(t, "t", "d3", 1, columnsOf("k", integr), []any{nil})
	if _, err := w.Load(t.Context(), l); !errors.Is(err, warehouse.ErrSchema) || !strings.Contains(err.Error(), "k") {
		t.Errorf("NOT NULL: %v", err)
	}
	proven(t, w, 2)
}

func TestBeyondCalendar(t *testing.T) {
	w := open(t, Config{URL: pgtest.NewDatabase(t)})
	columns := columnsOf("d", date, "t", stampType())
	put(t, w, loadOf(t, "t", "d1", 1, columns))
	for _, c := range []struct {
		column string
		year   int
		fits   bool
	}{{"d", -4700, true}, {"d", -4800, false}, {"d", 9999, true}, {"t", -4700, true}, {"t", -4800, false}, {"t", 294000, true}, {"t", 294278, false}} {
		row := []any{nil, nil}
		row[map[string]int{"d": 0, "t": 1}[c.column]] = time.Date(c.year, 1, 1, 0, 0, 0, 0, time.UTC)
		_, err := w.Load(t.Context(), loadOf(t, "t", fmt.Sprint(c.column, c.year), 1, columns, row))
		var s *warehouse.SchemaError
		if c.fits && err != nil || !c.fits && (!errors.As(err, &s) || s.Column != c.column) {
			t.Errorf("%s of year %d: %v", c.column, c.year, err)
		}
	}
}

func TestShapes(t *testing.T) {
	w := open(t, Config{URL: pgtest.NewDatabase(t)})
	var many []any
	for i := range maxColumns - 4 {
		many = append(many, fmt.Sprint("c", i), boolean)
	}
	if err := w.Ensure(t.Context(), warehouse.Table{Name: "wide", Columns: columnsOf(many...)}); err != nil {
		t.Errorf("as many columns as there may be: %v", err)
	}
	row := make([]any, maxColumns-4)
	put(t, w, loadOf(t, "wide", "d1", 1, columnsOf(many...), row))
	one := append(slices.Clone(many), "one more", boolean)
	for name, table := range map[string]warehouse.Table{
		"1601 columns": {Name: "wider", Columns: columnsOf(one...)},
		"one more":     {Name: "wide", Columns: columnsOf(one...)},
		"long name":    {Name: strings.Repeat("x", 64), Columns: columnsOf("a", text)},
		"long column":  {Name: "t", Columns: columnsOf(strings.Repeat("é", 32), text)},
	} {
		err := w.Ensure(t.Context(), table)
		if !errors.Is(err, warehouse.ErrSchema) || !strings.Contains(err.Error(), "drop") && !strings.Contains(err.Error(), "shorten") {
			t.Errorf("%s: error = %v, want ErrSchema with a remedy", name, err)
		}
	}
	// A row that is too great for a page, although its columns are not too many.
	texts, values := []any{}, []any{}
	for i := range 1500 {
		texts, values = append(texts, fmt.Sprint("c", i), integr), append(values, int64(i))
	}
	l := loadOf(t, "broad", "d1", 1, columnsOf(texts...), values)
	if err := w.Ensure(t.Context(), warehouse.Table{Name: "broad", Columns: l.Columns}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Load(t.Context(), l); !errors.Is(err, warehouse.ErrSchema) || !strings.Contains(err.Error(), "drop") {
		t.Errorf("a row greater than a page: error = %v", err)
	}
}

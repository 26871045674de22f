package warehousetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tapline/warehouse"
)

// runViews tests a Viewer: what is made of a view, what is refused, and that a
// refusal changes nothing.
func runViews(t *testing.T, s Subject) {
	for _, c := range []struct {
		name string
		test func(*env)
	}{
		{"Made", testViewMade},
		{"Replaced", testViewReplaced},
		{"NewColumn", testViewNewColumn},
		{"OnView", testViewOnView},
		{"ErrQuery", testViewErrQuery},
		{"ErrSchema", testViewErrSchema},
		{"OddNames", testViewOddNames},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(newEnv(t, s))
		})
	}
}

func (e *env) view(name, query string) {
	e.Helper()
	e.must(e.Warehouse.(warehouse.Viewer).PutView(e.ctx, warehouse.View{Name: name, Query: query, About: "what " + name + " is"}))
}

// from is how a view's query names a table.
func (e *env) from(name string) string {
	if e.From != nil {
		return e.From(name)
	}
	return e.q(name)
}

// refused puts a view that must not be made, and returns why it was not.
func (e *env) refused(name, query string, want error) error {
	e.Helper()
	err := e.Warehouse.(warehouse.Viewer).PutView(e.ctx, warehouse.View{Name: name, Query: query})
	if !errors.Is(err, want) {
		e.Errorf("view %q of %q: error = %v, want %v", name, query, err, want)
	}
	return err
}

func testViewMade(e *env) {
	e.put(spec{rows: [][]any{{int64(1), "a"}, {int64(2), "b"}}})
	for name, query := range map[string]string{
		"plain":    "SELECT id, v FROM " + e.from("t"),
		"comments": "/* all */ SELECT id, v -- of it\nFROM " + e.from("t") + " -- every row",
		"with":     "WITH c AS (SELECT id, v FROM " + e.from("t") + ") SELECT * FROM c",
		"lines":    "\n  SELECT id,\n\n\tv FROM " + e.from("t") + "\n",
		"union":    "SELECT id, v FROM " + e.from("t") + " WHERE id = 1 UNION ALL SELECT id, v FROM " + e.from("t") + " WHERE id = 2",
	} {
		for range 2 { // the same once more changes nothing
			e.view(name, query)
			e.same(name, e.sql("SELECT id, v FROM "+e.from(name)+" ORDER BY id"), []string{"1|a", "2|b"})
		}
	}
	// A view is no table of a pipeline's, and is seen by others.
	if _, err := e.Warehouse.Table(e.ctx, "plain"); !errors.Is(err, warehouse.ErrNotExist) {
		e.Errorf("Table of a view: error = %v, want ErrNotExist", err)
	}
	other := e.Reopen(e.T).(warehouse.Viewer)
	e.must(other.PutView(e.ctx, warehouse.View{Name: "plain", Query: "SELECT id FROM " + e.from("t") + " WHERE id > 1"}))
	e.same("put by another", e.sql("SELECT * FROM "+e.from("plain")), []string{"2"})
	e.put(spec{slice: "d2", rows: [][]any{{int64(3), "c"}}})
	e.same("rows that came later", e.sql("SELECT id FROM "+e.from("plain")+" ORDER BY id"), []string{"2", "3"})
}

// A view takes another's place whatever columns that had.
func testViewReplaced(e *env) {
	e.put(spec{rows: [][]any{{int64(7), "a"}}})
	for _, c := range []struct{ columns, want string }{
		{"id, v", "7|a"}, {"v, id", "a|7"}, {"v", "a"}, {"v AS id, id AS v, 1 AS one", "a|7|1"}, {"id AS x", "7"},
	} {
		e.view("w", "SELECT "+c.columns+" FROM "+e.from("t"))
		e.same(c.columns, e.sql("SELECT * FROM "+e.from("w")), []string{c.want})
	}
}

func testViewNewColumn(e *env) {
	e.put(spec{rows: [][]any{{int64(1), "a"}}})
	query := "SELECT * FROM " + e.from("t")
	e.view("w", query)
	e.put(spec{slice: "d2", columns: cols("id", _int, "v", _text, "added", _int), rows: [][]any{{int64(2), "b", int64(20)}}})
	e.view("w", query)
	e.same("the new column", e.sql("SELECT id, added FROM "+e.from("w")+" ORDER BY id"), []string{"1|NULL", "2|20"})
	// Nor does a view stand in the way of the table.
	e.put(spec{slice: "d3", columns: cols("id", _float), rows: [][]any{{2.5}}})
	e.view("w", query)
	e.same("a wider one", e.sql("SELECT id FROM "+e.from("w")+" ORDER BY id"), []string{"1", "2", "2.5"})
}

// Views are put in the order in which they stand on each other, each time.
func testViewOnView(e *env) {
	e.put(spec{rows: [][]any{{int64(1), "a"}, {int64(2), "b"}}})
	for _, c := range []struct{ low, want string }{
		{"SELECT id FROM " + e.from("t"), "2"},
		{"SELECT v, id FROM " + e.from("t") + " WHERE id = 2", "1"},
		{"SELECT v AS id FROM " + e.from("t"), "2"},
	} {
		e.view("low", c.low)
		e.view("high", "SELECT count(id) AS n FROM "+e.from("low"))
		e.view("top", "SELECT n FROM "+e.from("high"))
		e.same(c.low, e.sql("SELECT n FROM "+e.from("top")), []string{c.want})
	}
}

// What the database refuses changes nothing, and the reason is its own.
func testViewErrQuery(e *env) {
	e.put(spec{rows: [][]any{{int64(1), "a"}}})
	e.view("w", "SELECT id FROM "+e.from("t"))
	for _, query := range []string{
		"SELECT no_such_column FROM " + e.from("t"), "SELECT id FROM " + e.from("no_such_table"), "SELEKT id", "",
		"SELECT id FROM " + e.from("t") + "; DROP TABLE " + e.from("t"), "DROP TABLE " + e.from("t"),
		"SELECT id FROM " + e.from("t") + " AS", "SELECT (id FROM " + e.from("t"), "SELECT id FROM " + e.from("t") + " )",
		"DELETE FROM " + e.from("t"), "SELECT id FROM " + e.from("t") + " /* no end",
	} {
		for _, name := range []string{"w", "fresh"} {
			err := e.refused(name, query, warehouse.ErrQuery)
			if err != nil && strings.Contains(query, "no_such_") && !strings.Contains(err.Error(), "no_such_") {
				e.Errorf("%s: error = %v, want the database's own words", query, err)
			}
		}
		e.same("the view before", e.sql("SELECT * FROM "+e.from("w")), []string{"1"})
	}
	e.same("the table", e.rows("t", "id", "v"), []string{"1|a"})
	e.view("fresh", "SELECT v FROM "+e.from("t")) // its name was left free
	e.same("made at last", e.sql("SELECT * FROM "+e.from("fresh")), []string{"a"})
}

// Names of tables and names of tapline's own are not for views.
func testViewErrSchema(e *env) {
	e.put(spec{rows: [][]any{{int64(1), "a"}}})
	for _, name := range []string{"t", "", "nul\x00", warehouse.ViewFreshness, warehouse.TableReceipts, "_tapline_mine", "_TAPLINE_Mine"} {
		e.refused(name, "SELECT 1 AS a", warehouse.ErrSchema)
	}
	e.same("the table", e.rows("t", "id", "v"), []string{"1|a"})
}

// A name is taken as it is, or refused as a name: it never becomes SQL.
func testViewOddNames(e *env) {
	e.put(spec{table: "base", rows: [][]any{{int64(1), "a"}}})
	made := 0
	for i, name := range oddNames() {
		query := fmt.Sprintf("SELECT id + %d AS n FROM %s", i, e.from("base"))
		err := e.Warehouse.(warehouse.Viewer).PutView(e.ctx, warehouse.View{Name: name, Query: query, About: name})
		if errors.Is(err, warehouse.ErrSchema) {
			continue
		}
		if err != nil {
			e.Errorf("view %q: %v", name, err)
			continue
		}
		made++
		e.same(fmt.Sprintf("view %q", name), e.sql("SELECT n FROM "+e.from(name)), []string{fmt.Sprint(1 + i)})
	}
	if made < 5 {
		e.Errorf("%d views of odd names are made, want some at least", made)
	}
	e.same("the table", e.rows("base", "id", "v"), []string{"1|a"})
}

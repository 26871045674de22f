package warehousetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

func (e *env) shape(table string) []string {
	e.Helper()
	t, err := e.Warehouse.Table(e.ctx, table)
	if err != nil {
		e.Fatal(err)
	}
	out := []string{}
	for _, c := range t.Columns {
		if !strings.HasPrefix(c.Name, "_tapline_") {
			out = append(out, c.Name+" "+warehouse.TypeName(c.Type))
		}
	}
	return out
}

func testTable(e *env) {
	if _, err := e.Warehouse.Table(e.ctx, "t"); !errors.Is(err, warehouse.ErrNotExist) {
		e.Fatalf("no table: error = %v, want ErrNotExist", err)
	}
	want := warehouse.Table{Name: "t", About: "one row for each 'event'; of \"a\"", Columns: append([]warehouse.Column{
		{Name: "b", Type: _bool, Source: "B's \"name\""}, {Name: "i", Type: _int, Source: "I"}, {Name: "f", Type: _float},
		{Name: "s", Type: _text}, {Name: "d", Type: _date}, {Name: "t", Type: stamp(), Source: "eventProps.時"},
	}, own()...)}
	for range 2 { // the second time changes nothing
		if err := e.Warehouse.Ensure(e.ctx, want); err != nil {
			e.Fatal(err)
		}
		have, err := e.Warehouse.Table(e.ctx, "t")
		if err != nil {
			e.Fatal(err)
		}
		have.Partition, have.Cluster = "", nil
		e.same("table", have, want)
	}
	if _, err := e.Warehouse.Table(e.ctx, "u"); !errors.Is(err, warehouse.ErrNotExist) {
		e.Errorf("another table: error = %v, want ErrNotExist", err)
	}
}

func testNewColumns(e *env) {
	e.put(spec{slice: "d1", rows: [][]any{{int64(1), "a"}}})
	e.put(spec{slice: "d2", columns: cols("id", _int, "new", _float), rows: [][]any{{int64(2), 2.5}}})
	e.same("shape", e.shape("t"), []string{"id int64", "v string", "new float64"})
	e.same("rows", e.rows("t", "id", "v", "new"), []string{"1|a|NULL", "2|NULL|2.5"})
	// Parts of one load may lack columns of each other, and the load may name some that none has.
	l := e.load(spec{slice: "d3", columns: cols("id", _int), rows: [][]any{{int64(3)}, {int64(4)}}, split: 1})
	more := append(cols("v", _text), own()...)
	l.Parts[1] = e.part(more, [][]any{{"only v", l.Slice, l.ID, int64(1), l.ReadAt}})
	l.Columns = append(l.Columns, cols("v", _text, "new", _float)...)
	if _, err := e.Warehouse.Load(e.ctx, l); err != nil {
		e.Fatal(err)
	}
	e.same("rows", e.rows("t", "id", "v", "new")[2:], []string{"3|NULL|NULL", "NULL|only v|NULL"})
}

func testWiden(e *env) {
	e.put(spec{slice: "d1", columns: cols("n", _int), rows: [][]any{{int64(1) << 53}, {-(int64(1) << 53)}, {nil}}})
	e.put(spec{slice: "d2", columns: cols("n", _float), rows: [][]any{{0.5}}})
	e.same("shape", e.shape("t"), []string{"n float64"})
	e.same("rows", e.sql(fmt.Sprintf("SELECT n = 9007199254740992, n = -9007199254740992, n = 0.5 FROM %s ORDER BY %s, %s",
		e.q("t"), e.q(warehouse.ColSlice), e.q(warehouse.ColRow))),
		[]string{"true|false|false", "false|true|false", "NULL|NULL|NULL", "false|false|true"})
}

func testWidenRefused(e *env) {
	for i, n := range []int64{1<<53 + 1, -(1<<53 + 1)} {
		table := fmt.Sprint("t", i)
		e.put(spec{table: table, columns: cols("n", _int), rows: [][]any{{n}}})
		err := e.Warehouse.Ensure(e.ctx, warehouse.Table{Name: table, Columns: append(cols("n", _float, "other", _text), own()...)})
		e.schemaError(err, table, "n")
		e.same("shape", e.shape(table), []string{"n int64"}) // not even "other" came
		e.same("rows", e.rows(table, "n"), []string{fmt.Sprint(n)})
	}
}

// schemaError checks that err is a SchemaError about the column.
func (e *env) schemaError(err error, table, column string) {
	e.Helper()
	var s *warehouse.SchemaError
	if !errors.As(err, &s) || !errors.Is(err, warehouse.ErrSchema) {
		e.Errorf("error = %v, want a SchemaError", err)
		return
	}
	if s.Table != table || s.Column != column {
		e.Errorf("SchemaError is about table %q, column %q; want %q, %q (%v)", s.Table, s.Column, table, column, err)
	}
}

func testErrSchema(e *env) {
	have := cols("b", _bool, "i", _int, "f", _float, "s", _text, "d", _date, "t", stamp())
	e.ensure("t", append(have, own()...))
	for _, c := range have {
		for _, kind := range []arrow.DataType{_bool, _int, _float, _text, _date, stamp()} {
			fits := kind.ID() == c.Type.ID() || c.Type.ID() == arrow.INT64 && kind.ID() == arrow.FLOAT64 ||
				c.Type.ID() == arrow.FLOAT64 && kind.ID() == arrow.INT64 // a warehouse may take integers there
			if fits {
				continue
			}
			err := e.Warehouse.Ensure(e.ctx, warehouse.Table{Name: "t", Columns: append(cols(c.Name, kind), own()...)})
			e.schemaError(err, "t", c.Name)
		}
	}
	for name, columns := range map[string][]warehouse.Column{
		"B": append(cols("B", _bool), own()...),                             // differs from b in case
		"N": append(cols("n", _int, "N", _int), own()...),                   // from each other
		"":  append(cols("", _int), own()...),                               // no name
		"l": append(cols("l", arrow.ListOf(_int)), own()...),                // no type of the contract
		"u": append(cols("u", arrow.FixedWidthTypes.Timestamp_s), own()...), // nor this one
	} {
		e.schemaError(e.Warehouse.Ensure(e.ctx, warehouse.Table{Name: "t", Columns: columns}), "t", name)
	}
	e.schemaError(e.Warehouse.Ensure(e.ctx, warehouse.Table{Name: "_tapline_x", Columns: own()}), "_tapline_x", "")
	e.same("shape", e.shape("t"), []string{"b bool", "i int64", "f float64", "s string", "d date", "t timestamp"})
}

// Load checks types once more: what Ensure was told may have changed since.
func testErrSchemaLoad(e *env) {
	e.ensure("t", append(cols("id", _int, "v", _text), own()...))
	l := e.load(spec{columns: cols("id", _text), rows: [][]any{{"1"}}})
	_, err := e.Warehouse.Load(e.ctx, l)
	e.schemaError(err, "t", "id")

	l = e.load(spec{columns: cols("id", _int, "gone", _int), rows: [][]any{{int64(1), int64(1)}}})
	_, err = e.Warehouse.Load(e.ctx, l)
	e.schemaError(err, "t", "gone")

	l = e.load(spec{columns: cols("id", _int, "v", _text), rows: [][]any{{int64(1), "a"}}})
	l.Columns = append(cols("id", _int), own()...) // the part has more than the load names
	_, err = e.Warehouse.Load(e.ctx, l)
	e.schemaError(err, "t", "v")
	e.same("rows", e.rows("t", "id"), []string{})

	l = e.load(spec{table: "nowhere", rows: [][]any{{int64(1), "a"}}})
	if _, err := e.Warehouse.Load(e.ctx, l); err == nil {
		e.Error("a load into no table: no error")
	}
	if n := len(e.receipts("")); n != 0 {
		e.Errorf("%d receipts of refused loads", n)
	}
}

func testTooManyColumns(e *env) {
	var many []warehouse.Column
	for i := range warehouse.MaxColumns + 1 - len(own()) {
		many = append(many, warehouse.Column{Name: fmt.Sprint("c", i), Type: _int})
	}
	err := e.Warehouse.Ensure(e.ctx, warehouse.Table{Name: "t", Columns: append(many, own()...)})
	e.schemaError(err, "t", "")
	if err != nil && !strings.Contains(err.Error(), fmt.Sprint(warehouse.MaxColumns)) {
		e.Errorf("error = %v, want one that says how many a table may have", err)
	}
	if _, err := e.Warehouse.Table(e.ctx, "t"); !errors.Is(err, warehouse.ErrNotExist) {
		e.Errorf("the refused table: error = %v, want ErrNotExist", err)
	}
	// One more than fits beside those that are there.
	e.ensure("u", append(cols("a", _int, "b", _int), own()...))
	err = e.Warehouse.Ensure(e.ctx, warehouse.Table{Name: "u", Columns: append(many[:len(many)-1:len(many)-1], own()...)})
	e.schemaError(err, "u", "")
}

// Tables and views that tapline did not make are left alone.
func testForeign(e *env) {
	e.put(spec{table: "ours", rows: [][]any{{int64(1), "a"}}})
	e.exec(fmt.Sprintf("CREATE TABLE %s AS SELECT id FROM %s", e.q("theirs"), e.q("ours")))
	e.exec(fmt.Sprintf("CREATE VIEW %s AS SELECT * FROM %s", e.q("seen"), e.from("ours")))
	for _, name := range []string{"theirs", "seen"} {
		l := e.load(spec{table: name, rows: [][]any{{int64(2), "b"}}})
		err := e.Warehouse.Ensure(e.ctx, warehouse.Table{Name: name, Columns: l.Columns})
		e.schemaError(err, name, "")
		_, err = e.Warehouse.Load(e.ctx, l)
		e.schemaError(err, name, "")
	}
	e.same("their rows", e.sql("SELECT id FROM "+e.q("theirs")), []string{"1"})
}

// oddNames break out of quotes, mean something in SQL, or are what an
// implementation may call its own.
func oddNames() []string {
	return []string{
		"select", "TABLE", "a b", `quo"te`, "quo'te", "back`tick", `"; drop table x; --`, "dash-ed", "dot.ted", "1st",
		"ünïcode_列", "rowid", "$1", "{{ident}}", "%s", strings.Repeat("long_", 20), "tab\tand\nline", " ",
		"load", "place", "value", "t", "main", "temp", "id", "row",
	}
}

// takes leaves out the names that the database does not take.
func (e *env) takes(names []string) []string {
	if e.Takes == nil {
		return names
	}
	return slices.DeleteFunc(names, func(name string) bool { return !e.Takes(name) })
}

func testOddNames(e *env) {
	names := e.takes(oddNames())
	var columns []warehouse.Column
	var row []any
	for _, name := range names {
		columns = append(columns, warehouse.Column{Name: name, Type: _text, Source: "vendor's " + name})
		row = append(row, "value of "+name)
	}
	e.put(spec{table: "plain", columns: columns, rows: [][]any{row, row}}.keyed(names))
	t, err := e.Warehouse.Table(e.ctx, "plain")
	if err != nil {
		e.Fatal(err)
	}
	e.same("columns", t.Columns[:len(columns)], columns)
	for j, have := range strings.Split(e.rows("plain", names...)[0], "|") {
		if have != row[j] {
			e.Errorf("column %q = %q", names[j], have)
		}
	}
	// The same row from other slices is one row still.
	for i, slice := range []string{"d2", "d3"} {
		e.put(spec{table: "plain", slice: slice, rev: i, columns: columns, rows: [][]any{row}}.keyed(names))
	}
	e.same("rows", e.sql("SELECT count(*) FROM "+e.q("plain")), []string{"1"})
}

// keyed is s for Merge by these columns.
func (s spec) keyed(key []string) spec {
	s.mode, s.key = warehouse.Merge, key
	return s
}

func testOddTables(e *env) {
	names := append(oddNames(), "receipts", "places", "aside", "newest", "loaded", "amended", "purged", "sqlite_master", "pg_class")
	for i, name := range e.takes(names) {
		columns := append(cols("id", _int), own()...)
		if err := e.Warehouse.Ensure(e.ctx, warehouse.Table{Name: name, About: name, Columns: columns}); err != nil {
			e.Fatalf("table %q: %v", name, err)
		}
		l := e.load(spec{table: name, slice: fmt.Sprint("d", i), columns: cols("id", _int), rows: [][]any{{int64(i)}}})
		if _, err := e.Warehouse.Load(e.ctx, l); err != nil {
			e.Fatalf("table %q: %v", name, err)
		}
		e.same(fmt.Sprintf("rows of %q", name), e.rows(name, "id"), []string{fmt.Sprint(i)})
	}
	if v, ok := e.Warehouse.(warehouse.Verifier); ok {
		e.proven(v, "")
	}
}

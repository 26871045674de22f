package warehousetest

import (
	"fmt"
	"testing"

	"tapline/warehouse"
)

func runQuarantine(t *testing.T, s Subject) {
	for _, c := range []struct {
		name string
		test func(*env, warehouse.Quarantine)
	}{
		{"List", testQuarantineList},
		{"NewRevision", testQuarantineRevision},
		{"Purge", testPurge},
		{"AmendRows", testAmendRows},
		{"AmendCells", testAmendCells},
		{"AmendMerge", testAmendMerge},
		{"AmendRefused", testAmendRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, s)
			c.test(e, e.Warehouse.(warehouse.Quarantine))
		})
	}
}

// entries lists what matches as "load row column raw".
func (e *env) entries(q warehouse.Quarantine, f warehouse.Filter) []string {
	e.Helper()
	out := []string{}
	for x, err := range q.Quarantined(e.ctx, f) {
		if err != nil {
			e.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s %d %s", x.Slice, x.Row, x.Column))
	}
	return out
}

// mixed is a load of five rows: 1 and 3 are kept aside, and of 0 and 4 the cell v.
func mixed() spec {
	return spec{
		rows:  [][]any{{int64(0), nil}, nil, {int64(2), "c"}, nil, {int64(4), nil}},
		cells: map[int]string{0: "v", 4: "v"},
	}
}

func testQuarantineList(e *env, q warehouse.Quarantine) {
	e.same("entries of a new warehouse", e.entries(q, warehouse.Filter{}), []string{})
	r := e.put(mixed())
	other := e.put(spec{pipeline: "q", table: "u", slice: "d2", rows: [][]any{nil}})
	one, two := []string{"p/stream/d1 0 v", "p/stream/d1 1 ", "p/stream/d1 3 ", "p/stream/d1 4 v"}, []string{"q/stream/d2 0 "}
	for _, c := range []struct {
		f    warehouse.Filter
		want []string
	}{
		{warehouse.Filter{}, append(one[:4:4], two...)},
		{warehouse.Filter{Limit: 3}, one[:3]},
		{warehouse.Filter{Pipeline: "p"}, one},
		{warehouse.Filter{Table: "u"}, two},
		{warehouse.Filter{Load: r.ID}, one},
		{warehouse.Filter{Load: other.ID, Table: "t"}, []string{}},
		{warehouse.Filter{Slice: "q/stream/d2"}, two},
		{warehouse.Filter{Column: "v"}, []string{one[0], one[3]}},
		{warehouse.Filter{Reason: "type"}, append(one[:4:4], two...)},
		{warehouse.Filter{Reason: "other"}, []string{}},
		{warehouse.Filter{Before: at(0)}, []string{}},
		{warehouse.Filter{Before: at(1)}, append(one[:4:4], two...)},
		{warehouse.Filter{Load: r.ID, FromRow: 3}, one[2:]},
		{warehouse.Filter{Load: r.ID, FromRow: 5}, []string{}},
	} {
		e.same(fmt.Sprintf("%+v", c.f), e.entries(q, c.f), c.want)
	}
	for x, err := range q.Quarantined(e.ctx, warehouse.Filter{Load: r.ID, Limit: 1}) {
		if err != nil {
			e.Fatal(err)
		}
		e.same("entry", x, warehouse.Entry{
			Load: r.ID, Slice: r.Slice, Table: "t", Row: 0, Column: "v", Source: "src:v", Reason: "type",
			Place: "page 1, record 0", Raw: "raw'\"0", QuarantinedAt: at(0),
		})
	}
	// Many entries come in order and once each, and the loop may amend and purge.
	var rows [][]any
	for range 2500 {
		rows = append(rows, nil)
	}
	e.put(spec{slice: "many", rows: rows})
	n := int64(0)
	for x, err := range q.Quarantined(e.ctx, warehouse.Filter{Slice: "p/stream/many"}) {
		if err != nil {
			e.Fatal(err)
		}
		if x.Row != n {
			e.Fatalf("entry %d is of row %d", n, x.Row)
		}
		if n == 10 {
			if _, err := q.Purge(e.ctx, warehouse.Filter{Load: other.ID}); err != nil {
				e.Fatal(err)
			}
		}
		n++
	}
	e.same("entries", n, int64(2500))
}

// The quarantine changes with the rows, in the same commit.
func testQuarantineRevision(e *env, q warehouse.Quarantine) {
	s := mixed()
	s.rev = 1
	e.put(s)
	e.put(spec{slice: "d2", rows: [][]any{nil}})
	e.put(spec{rev: 2, rows: [][]any{{int64(0), "a"}, nil}})
	e.same("entries", e.entries(q, warehouse.Filter{}), []string{"p/stream/d1 1 ", "p/stream/d2 0 "})
	e.put(spec{rev: 3})
	e.same("entries", e.entries(q, warehouse.Filter{}), []string{"p/stream/d2 0 "})
}

func testPurge(e *env, q warehouse.Quarantine) {
	if n, err := q.Purge(e.ctx, warehouse.Filter{}); n != 0 || err != nil {
		e.Fatalf("a new warehouse: %d, %v", n, err)
	}
	r := e.put(mixed())
	e.put(spec{slice: "d2", rows: [][]any{nil}})
	for _, c := range []struct {
		f           warehouse.Filter
		n           int64
		rows, cells int64 // purged so far, by the receipt
	}{
		{warehouse.Filter{Load: "nobody's"}, 0, 0, 0},
		{warehouse.Filter{Load: r.ID, Limit: 2}, 2, 1, 1},
		{warehouse.Filter{Column: "v"}, 1, 1, 2},
		{warehouse.Filter{Column: "v"}, 0, 1, 2},
		{warehouse.Filter{Slice: r.Slice}, 1, 2, 2},
	} {
		n, err := q.Purge(e.ctx, c.f)
		if err != nil {
			e.Fatal(err)
		}
		got := e.receipts("")[r.ID]
		if n != c.n || got.RowsPurged != c.rows || got.CellsPurged != c.cells {
			e.Fatalf("%+v: purged %d, by the receipt %d rows and %d cells; want %d, %d, %d", c.f, n, got.RowsPurged, got.CellsPurged, c.n, c.rows, c.cells)
		}
		if got.RowsQuarantined != 2 || got.CellsQuarantined != 2 {
			e.Fatalf("receipt = %+v, want the counts as they once were", got)
		}
		if v, ok := e.Warehouse.(warehouse.Verifier); ok {
			e.proven(v, "")
		}
	}
	e.same("entries", e.entries(q, warehouse.Filter{}), []string{"p/stream/d2 0 "})
}

// amendment makes rows of the load readable: place -> data values.
func (e *env) amendment(r warehouse.Receipt, columns []warehouse.Column, rows map[int64][]any) warehouse.Amendment {
	e.Helper()
	a := warehouse.Amendment{Load: r.ID, Table: r.Table, Columns: append(columns, own()...)}
	var data [][]any
	for place := range r.RowsRead {
		if row, ok := rows[place]; ok {
			data = append(data, append(row[:len(row):len(row)], r.Slice, r.ID, place, r.ReadAt))
			a.Rows = append(a.Rows, place)
		}
	}
	if len(data) > 0 {
		a.Parts = []warehouse.Part{e.part(a.Columns, data)}
	}
	return a
}

func (e *env) amend(q warehouse.Quarantine, a warehouse.Amendment) warehouse.Receipt {
	e.Helper()
	r, err := q.Amend(e.ctx, a)
	if err != nil {
		e.Fatal(err)
	}
	e.same("receipt", e.receipts("")[r.ID], r)
	if v, ok := e.Warehouse.(warehouse.Verifier); ok {
		e.proven(v, "")
	}
	return r
}

func testAmendRows(e *env, q warehouse.Quarantine) {
	first := e.put(mixed())
	e.put(spec{slice: "d2", rows: [][]any{{int64(9), "z"}, nil}})
	a := e.amendment(first, cols("id", _int, "v", _text), map[int64][]any{1: {int64(1), "b"}})
	for range 2 { // the second time changes nothing
		r := e.amend(q, a)
		if r.RowsLoaded != 4 || r.RowsQuarantined != 1 || r.CellsQuarantined != 2 || r.RowsRead != 5 {
			e.Fatalf("receipt = %+v", r)
		}
		e.same("rows", e.rows("t", "id", "v"), []string{"0|NULL", "1|b", "2|c", "4|NULL", "9|z"})
		e.same("entries", e.entries(q, warehouse.Filter{Load: first.ID}), []string{"p/stream/d1 0 v", "p/stream/d1 3 ", "p/stream/d1 4 v"})
	}
	// Of two rows one is there already; the part lacks a column.
	e.amend(q, e.amendment(first, cols("id", _int), map[int64][]any{1: {int64(1)}, 3: {int64(3)}}))
	e.same("rows", e.rows("t", "id", "v"), []string{"0|NULL", "1|b", "2|c", "3|NULL", "4|NULL", "9|z"})
}

func testAmendCells(e *env, q warehouse.Quarantine) {
	columns := cols("b", _bool, "i", _int, "f", _float, "s", _text, "d", _date, "t", stamp())
	var rows [][]any
	cells := make(map[int]string)
	var set []warehouse.Cell
	values := []any{true, int64(1) << 62, 0.1, "it's", at(0).Truncate(24 * 3600e9), at(7)}
	for i, c := range columns {
		rows = append(rows, make([]any, len(columns)))
		cells[i] = c.Name
		set = append(set, warehouse.Cell{Row: int64(i), Column: c.Name, Value: values[i]})
	}
	first := e.put(spec{columns: columns, rows: rows, cells: cells})
	a := e.amendment(first, nil, nil)
	a.Cells = set[:2]
	r := e.amend(q, a)
	if r.CellsQuarantined != 4 || r.RowsLoaded != 6 {
		e.Fatalf("receipt = %+v", r)
	}
	e.exec(fmt.Sprintf("UPDATE %s SET b = NULL WHERE %s = 0", e.q("t"), e.q(warehouse.ColRow)))
	a.Cells = set
	for range 2 {
		if r := e.amend(q, a); r.CellsQuarantined != 0 {
			e.Fatalf("receipt = %+v", r)
		}
	}
	e.same("rows", e.rows("t", "b", "i", "f", "s", "d", "t"), []string{
		"NULL|NULL|NULL|NULL|NULL|NULL", // b was amended before, and is left alone
		"NULL|4611686018427387904|NULL|NULL|NULL|NULL",
		"NULL|NULL|0.1|NULL|NULL|NULL",
		"NULL|NULL|NULL|it's|NULL|NULL",
		"NULL|NULL|NULL|NULL|2026-09-01|NULL",
		"NULL|NULL|NULL|NULL|NULL|2026-09-01T12:00:07.123456Z",
	})
}

// An amended row gives way to a newer one of its key, as any other row.
func testAmendMerge(e *env, q warehouse.Quarantine) {
	old := e.put(merged(spec{slice: "d1", rev: 1, rows: [][]any{nil, nil, {nil, "c"}}, cells: map[int]string{2: "id"}}))
	e.put(merged(spec{slice: "d2", rev: 2, rows: [][]any{{int64(1), "new"}, {int64(3), "new"}}}))
	a := e.amendment(old, cols("id", _int, "v", _text), map[int64][]any{0: {int64(1), "old"}, 1: {int64(2), "old"}})
	e.amend(q, a)
	e.same("rows", e.rows("t", "id", "v"), []string{"2|old", "NULL|c", "1|new", "3|new"})
	a = e.amendment(old, nil, nil)
	a.Cells = []warehouse.Cell{{Row: 2, Column: "id", Value: int64(3)}} // now it has a key, and a newer rival
	e.amend(q, a)
	e.same("rows", e.rows("t", "id", "v"), []string{"2|old", "1|new", "3|new"})
}

func testAmendRefused(e *env, q warehouse.Quarantine) {
	r := e.put(mixed())
	good := e.amendment(r, cols("id", _int, "v", _text), map[int64][]any{1: {int64(1), "b"}})
	for name, spoil := range map[string]func(*warehouse.Amendment){
		"no receipt":            func(a *warehouse.Amendment) { a.Load = "nobody's" },
		"another table":         func(a *warehouse.Amendment) { a.Table = "u" },
		"rows and parts differ": func(a *warehouse.Amendment) { a.Rows = []int64{3} },
		"more rows than parts":  func(a *warehouse.Amendment) { a.Rows = []int64{1, 3} },
		"cell of another type": func(a *warehouse.Amendment) {
			a.Cells = []warehouse.Cell{{Row: 0, Column: "v", Value: int64(1)}}
		},
		"no such column": func(a *warehouse.Amendment) {
			a.Cells = []warehouse.Cell{{Row: 0, Column: "w", Value: "x"}}
		},
	} {
		a := good
		spoil(&a)
		if _, err := q.Amend(e.ctx, a); err == nil {
			e.Errorf("%s: no error", name)
		}
	}
	e.same("rows", e.rows("t", "id", "v"), []string{"0|NULL", "2|c", "4|NULL"})
	e.same("receipt", e.receipts("")[r.ID], r)
	if n := len(e.entries(q, warehouse.Filter{})); n != 4 {
		e.Errorf("%d entries, want 4", n)
	}
}

package warehousetest

import (
	"fmt"
	"math/rand/v2"

	"tapline/warehouse"
)

// merged is a spec for Merge by id.
func merged(s spec) spec {
	s.mode, s.key = warehouse.Merge, []string{"id"}
	return s
}

func testMergeOneLoad(e *env) {
	e.put(merged(spec{split: 2, rows: [][]any{{int64(1), "a"}, {int64(2), "b"}, {int64(1), "c"}, {int64(1), "d"}, {int64(3), "e"}}}))
	e.same("rows", e.rows("t", "id", "v"), []string{"2|b", "1|d", "3|e"})
}

func testMergeLoads(e *env) {
	e.put(merged(spec{slice: "d1", rev: 1, rows: [][]any{{int64(1), "a1"}, {int64(2), "a2"}, {int64(3), "a3"}}}))
	r := e.put(merged(spec{slice: "d2", rev: 2, rows: [][]any{{int64(2), "b2"}, {int64(4), "b4"}}}))
	e.same("rows", e.rows("t", "id", "v"), []string{"1|a1", "3|a3", "2|b2", "4|b4"})
	if r.RowsLoaded != 2 {
		e.Errorf("RowsLoaded = %d, want 2", r.RowsLoaded)
	}
	again := e.put(merged(spec{slice: "d2", rev: 2, rows: [][]any{{int64(2), "b2"}, {int64(4), "b4"}}}))
	e.same("receipt", again, r)
	// A newer revision of d2 without 2: its row goes, and the one it beat is gone for good.
	e.put(merged(spec{slice: "d2", rev: 3, rows: [][]any{{int64(5), "b5"}}}))
	e.same("rows", e.rows("t", "id", "v"), []string{"1|a1", "3|a3", "5|b5"})
	// So do those of a slice that has none any more.
	e.put(merged(spec{slice: "d2", rev: 4}))
	e.same("rows", e.rows("t", "id", "v"), []string{"1|a1", "3|a3"})
}

// A slice that is loaded late does not override what was read after it.
func testMergeStale(e *env) {
	e.put(merged(spec{slice: "d2", rev: 5, rows: [][]any{{int64(1), "new"}, {int64(2), "new"}}}))
	e.put(merged(spec{slice: "d1", rev: 2, rows: [][]any{{int64(2), "old"}, {int64(3), "old"}}}))
	e.same("rows", e.rows("t", "id", "v"), []string{"3|old", "1|new", "2|new"})
	e.put(merged(spec{slice: "d1", rev: 3, rows: [][]any{{int64(1), "old"}, {int64(3), "old"}, {int64(4), "old"}}}))
	e.same("rows", e.rows("t", "id", "v"), []string{"3|old", "4|old", "1|new", "2|new"})
}

func testMergeNull(e *env) {
	two := []string{"a", "b"}
	columns := cols("a", _text, "b", _int, "v", _text)
	put := func(slice string, rev int, rows ...[]any) {
		e.put(spec{slice: slice, rev: rev, mode: warehouse.Merge, key: two, columns: columns, rows: rows})
	}
	put("d1", 1, []any{"x", int64(1), "1"}, []any{nil, int64(1), "2"}, []any{nil, int64(1), "3"}, []any{"x", nil, "4"}, []any{nil, nil, "5"})
	put("d2", 2, []any{"x", int64(2), "6"}, []any{nil, int64(1), "7"}, []any{"x", int64(1), "8"}, []any{nil, nil, "9"})
	e.same("rows", e.rows("t", "v"), []string{"2", "3", "4", "5", "6", "7", "8", "9"})
}

// Whatever the order in which slices come, the table ends up the same.
func testMergeOrder(e *env) {
	random := rand.New(rand.NewPCG(1, 2))
	specs := make([]spec, 4)
	for i := range specs {
		rows := make([][]any, 30)
		for j := range rows {
			rows[j] = []any{random.Int64N(20), fmt.Sprintf("%d-%d", i, j)}
		}
		specs[i] = merged(spec{slice: fmt.Sprint("d", i), rev: i / 2, rows: rows}) // two and two read at one moment
	}
	var want []string
	for trial := range 3 {
		table := fmt.Sprint("t", trial)
		for _, i := range random.Perm(len(specs)) {
			s := specs[i]
			s.table = table
			e.put(s)
		}
		have := e.rows(table, "id", "v")
		if trial == 0 {
			want = have
		}
		e.same("rows", have, want)
		e.same("keys", e.sql(fmt.Sprintf("SELECT count(*) - count(DISTINCT id) FROM %s", e.q(table))), []string{"0"})
	}
}

func testSnapshot(e *env) {
	snap := func(s spec) spec { s.mode = warehouse.Snapshot; return s }
	e.put(spec{pipeline: "other", slice: "d1", rows: [][]any{{int64(9), "other"}}})
	first := e.put(snap(spec{slice: "d1", rev: 1, rows: [][]any{{int64(1), "a"}, nil}}))
	second := e.put(snap(spec{slice: "d2", rev: 2, rows: [][]any{{int64(2), "b"}}}))
	e.same("rows", e.rows("t", "id", "v"), []string{"9|other", "2|b"})
	e.same("quarantine", e.sql("SELECT count(*) FROM "+e.q(warehouse.TableQuarantine)), []string{"0"})
	// What was loaded stays known, or it would be read again in each run.
	in := e.receipts("p")
	if len(in) != 2 || in[first.ID].ID == "" || in[second.ID].ID == "" {
		e.Errorf("receipts in force = %v, want those of d1 and d2", in)
	}
	e.put(snap(spec{slice: "d2", rev: 3, rows: [][]any{{int64(3), "c"}}}))
	e.same("rows", e.rows("t", "id", "v"), []string{"9|other", "3|c"})
	e.put(snap(spec{slice: "d2", rev: 4}))
	e.same("rows of an empty snapshot", e.rows("t", "id", "v"), []string{"9|other"})
	if v, ok := e.Warehouse.(warehouse.Verifier); ok {
		e.proven(v, "")
	}
}

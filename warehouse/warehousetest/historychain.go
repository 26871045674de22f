package warehousetest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"tapline/warehouse"
)

// A version is a row of the model: what a table with history has to hold.
type version struct {
	value     string
	at, place int
	load      string
}

// testHistoryModel has loads come in any order and compares the table with what
// the contract says, worked out a key at a time.
func testHistoryModel(e *env) {
	random := rand.New(rand.NewPCG(3, 4))
	model := map[int64][]version{}
	for i := range 8 {
		s := spec{slice: fmt.Sprintf("d%02d", i), rev: 1 + random.IntN(9)}
		for range 8 {
			s.rows = append(s.rows, []any{random.Int64N(6), string(rune('a' + random.IntN(3)))})
		}
		e.keep(s)
		last := map[int64]version{}
		for place, row := range s.rows {
			last[row[0].(int64)] = version{value: row[1].(string), at: s.rev, place: place, load: s.slice}
		}
		for key, v := range last {
			model[key] = follow(model[key], v)
		}
		e.same("history", e.history("t"), chains(model))
	}
	e.chained("t", chains(model)...)
}

// follow puts a row among those of its key.
func follow(chain []version, v version) []version {
	for i, old := range chain {
		if old.at <= v.at && (i+1 == len(chain) || chain[i+1].at > v.at) && old.value == v.value {
			return chain
		}
	}
	chain = append(chain, v)
	slices.SortFunc(chain, func(a, b version) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.place, a.place), cmp.Compare(b.load, a.load))
	})
	chain = slices.CompactFunc(chain, func(a, b version) bool { return a.at == b.at })
	return slices.CompactFunc(chain, func(a, b version) bool { return a.value == b.value })
}

// chains are the model's rows as history lists them.
func chains(model map[int64][]version) []string {
	var rows []string
	for key, chain := range model {
		for i, v := range chain {
			until := ""
			if i+1 < len(chain) {
				until = fmt.Sprintf("%02d", chain[i+1].at)
			}
			rows = append(rows, fmt.Sprintf("%d %s %02d-%s", key, v.value, v.at, until))
		}
	}
	slices.Sort(rows)
	return rows
}

// Verify proves the counts as it does of a merge, and that each key's rows follow
// each other.
func testHistoryVerify(e *env) {
	v, ok := e.Warehouse.(warehouse.Verifier)
	if !ok {
		return
	}
	e.keep(spec{slice: "d1", rev: 1, rows: [][]any{{int64(1), "a"}, {int64(2), "a"}, {nil, "n"}}})
	e.keep(spec{slice: "d2", rev: 2, rows: [][]any{{int64(1), "b"}, {int64(2), "a"}}})
	e.keep(spec{slice: "d1", rev: 3, rows: [][]any{{int64(1), "c"}, {int64(2), "a"}, {nil, "n"}}})
	e.proven(v, "")
	e.exec(fmt.Sprintf("CREATE TABLE %s AS SELECT * FROM %s", e.q("spare"), e.q("t")))
	for name, tampering := range map[string]string{
		"the row between is gone": "DELETE FROM {t} WHERE id = 1 AND v = 'b'",
		"the current one is gone": "DELETE FROM {t} WHERE id = 1 AND v = 'c'",
		"a row twice":             "INSERT INTO {t} SELECT * FROM {t} WHERE id = 2",
		"a time":                  "UPDATE {t} SET valid_from = valid_to WHERE id = 1 AND v = 'a'",
		"an end":                  "UPDATE {t} SET valid_to = NULL WHERE id = 1 AND v = 'a'",
		"is_current of no key":    "UPDATE {t} SET is_current = NULL WHERE id IS NULL",
		"a row of nobody":         "UPDATE {t} SET {load} = 'x' WHERE id = 2",
		"a key":                   "UPDATE {t} SET id = 2 WHERE id = 1 AND v = 'c'",
	} {
		e.exec(e.named(tampering))
		failed := 0
		for _, p := range e.proofs(v, "") {
			if !p.OK() {
				failed++
			}
		}
		if failed == 0 {
			e.Errorf("%s: everything is proven", name)
		}
		e.exec(fmt.Sprintf("DELETE FROM %s WHERE TRUE", e.q("t")))
		e.exec(fmt.Sprintf("INSERT INTO %s SELECT * FROM %s", e.q("t"), e.q("spare")))
	}
	e.proven(v, "")
}

// A row or a cell that has become readable takes its place in the history.
func testHistoryAmend(e *env) {
	q, ok := e.Warehouse.(warehouse.Quarantine)
	if !ok {
		return
	}
	old := e.keep(spec{slice: "d2", rev: 2, rows: [][]any{nil, nil, {nil, "c"}, {int64(5), nil}, {int64(6), nil}},
		cells: map[int]string{2: "id", 3: "v", 4: "v"}})
	e.keep(spec{slice: "d1", rev: 1, rows: [][]any{{int64(1), "a"}, {int64(2), "same"}, {int64(5), "x"}}})
	e.keep(spec{slice: "d3", rev: 3, rows: [][]any{{int64(1), "b"}, {int64(3), "b"}, {int64(6), "y"}}})
	e.chained("t", "1 a 01-03", "1 b 03-", "2 same 01-", "3 b 03-", "5 NULL 02-", "5 x 01-02", "6 NULL 02-03", "6 y 03-", "NULL c 02-")
	a := e.amendment(old, cols("id", _int, "v", _text), map[int64][]any{0: {int64(1), "m"}, 1: {int64(2), "same"}})
	for range 2 {
		r := e.amend(q, a)
		if r.RowsLoaded != 5 || r.RowsQuarantined != 0 {
			e.Fatalf("receipt = %+v", r)
		}
		e.same("history", e.history("t"), []string{"1 a 01-02", "1 b 03-", "1 m 02-03", "2 same 01-", "3 b 03-", "5 NULL 02-", "5 x 01-02",
			"6 NULL 02-03", "6 y 03-", "NULL c 02-"})
	}
	a = e.amendment(old, nil, nil)
	a.Cells = []warehouse.Cell{
		{Row: 2, Column: "id", Value: int64(3)}, // now it has a key, and comes before another
		{Row: 3, Column: "v", Value: "x"},       // now it says what the one before says
		{Row: 4, Column: "v", Value: "y"},       // now the next says what it says
	}
	for range 2 {
		if r := e.amend(q, a); r.CellsQuarantined != 0 {
			e.Fatalf("receipt = %+v", r)
		}
		e.same("history", e.history("t"), []string{"1 a 01-02", "1 b 03-", "1 m 02-03", "2 same 01-", "3 b 03-", "3 c 02-03", "5 x 01-", "6 y 02-"})
	}
}

// Of rows of one load the last counts, whenever they became readable.
func testHistoryAmendOrder(e *env) {
	q, ok := e.Warehouse.(warehouse.Quarantine)
	if !ok {
		return
	}
	e.keep(spec{slice: "d1", rev: 1, rows: [][]any{{int64(1), "a"}, {int64(2), "a"}}})
	r := e.keep(spec{slice: "d2", rev: 2, rows: [][]any{nil, {int64(1), "b"}, {int64(2), "b"}, nil}})
	e.amend(q, e.amendment(r, cols("id", _int, "v", _text), map[int64][]any{0: {int64(1), "early"}, 3: {int64(2), "a"}}))
	e.chained("t", "1 a 01-02", "1 b 02-", "2 a 01-")
}

package warehousetest

import (
	"fmt"
	"strings"
	"testing"

	"tapline/warehouse"
)

// proofs returns the proofs by slice.
func (e *env) proofs(v warehouse.Verifier, pipeline string) map[string]warehouse.Proof {
	e.Helper()
	out := make(map[string]warehouse.Proof)
	for p, err := range v.Verify(e.ctx, pipeline) {
		if err != nil {
			e.Fatal(err)
		}
		out[p.Receipt.Slice] = p
	}
	return out
}

// proven fails the test unless all receipts are proven.
func (e *env) proven(v warehouse.Verifier, pipeline string) {
	e.Helper()
	for slice, p := range e.proofs(v, pipeline) {
		if !p.OK() {
			e.Fatalf("slice %s is not proven: %+v", slice, p)
		}
	}
}

func runVerify(t *testing.T, s Subject) {
	t.Run("OK", func(t *testing.T) { testVerifyOK(newEnv(t, s)) })
	for name, c := range map[string]tampering{
		"RowDeleted": {"DELETE FROM {t} WHERE {row} = 2 AND {slice} = 'p/stream/d1'",
			warehouse.Proof{Found: 2, Missing: 1, Quarantine: 2, Cells: 2}},
		"RowDoubled": {"INSERT INTO {t} SELECT * FROM {t} WHERE {row} = 2 AND {slice} = 'p/stream/d1'",
			warehouse.Proof{Found: 4, Duplicated: 2, Quarantine: 2, Cells: 2}},
		"RowMoved": {"UPDATE {t} SET {row} = 17 WHERE {row} = 2 AND {slice} = 'p/stream/d1'",
			warehouse.Proof{Found: 3, Missing: 1, Unexpected: 1, Quarantine: 2, Cells: 2}},
		"RowInBoth": {"UPDATE {t} SET {row} = 1 WHERE {row} = 2 AND {slice} = 'p/stream/d1'",
			warehouse.Proof{Found: 3, Missing: 1, Unexpected: 1, Quarantine: 2, Cells: 2}},
		"RowOfNobody": {"UPDATE {t} SET {load} = 'x' WHERE {row} = 2 AND {slice} = 'p/stream/d1'",
			warehouse.Proof{Found: 2, Missing: 1, Unexpected: 1, Quarantine: 2, Cells: 2}},
		"RowWithoutPlace": {"UPDATE {t} SET {row} = NULL WHERE {row} = 2 AND {slice} = 'p/stream/d1'",
			warehouse.Proof{Found: 3, Missing: 1, Unexpected: 1, Quarantine: 2, Cells: 2}},
		"QuarantineDeleted": {"DELETE FROM {q} WHERE {qslice} = 'p/stream/d1'",
			warehouse.Proof{Found: 3, Missing: 2}},
		"TableGone": {"DROP TABLE {t}",
			warehouse.Proof{Missing: 3, Quarantine: 2, Cells: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testTampering(newEnv(t, s), c)
		})
	}
	t.Run("Merge", func(t *testing.T) { testVerifyMerge(newEnv(t, s)) })
}

func testVerifyOK(e *env) {
	v := e.Warehouse.(warehouse.Verifier)
	e.same("proofs of a new warehouse", e.proofs(v, ""), map[string]warehouse.Proof{})
	r := e.put(mixed())
	e.put(spec{slice: "d2", rev: 1, rows: [][]any{{int64(1), "a"}}})
	e.put(spec{slice: "d2", rev: 2})
	e.put(spec{pipeline: "q", table: "u", rows: [][]any{{int64(1), "a"}}})
	e.proven(v, "")
	p := e.proofs(v, "p")
	if len(p) != 2 || len(e.proofs(v, "")) != 3 || len(e.proofs(v, "nobody")) != 0 {
		e.Fatalf("proofs of p = %v", p)
	}
	e.same("proof", p[r.Slice], warehouse.Proof{Receipt: r, Found: 3, Quarantine: 2, Cells: 2})
}

// A tampering is SQL that changes a table, and the proof it has to lead to.
type tampering struct {
	sql  string
	want warehouse.Proof
}

func testTampering(e *env, c tampering) {
	v := e.Warehouse.(warehouse.Verifier)
	r := e.put(mixed())
	e.put(spec{slice: "d2", table: "other", rows: [][]any{{int64(1), "a"}}})
	e.proven(v, "")
	e.exec(e.named(c.sql))
	proofs := e.proofs(v, "")
	c.want.Receipt = r
	e.same("proof", proofs[r.Slice], c.want)
	if proofs[r.Slice].OK() || !proofs["p/stream/d2"].OK() {
		e.Error("the slice that was changed has to fail, and it alone")
	}
	for p, err := range v.Verify(e.ctx, "") { // bad news first
		if err != nil || p.OK() {
			e.Errorf("the first proof is %+v, %v", p, err)
		}
		break
	}
}

// named replaces {t} and its like by quoted names.
func (e *env) named(text string) string {
	for mark, name := range map[string]string{
		"{t}": "t", "{q}": warehouse.TableQuarantine, "{row}": warehouse.ColRow, "{slice}": warehouse.ColSlice,
		"{load}": warehouse.ColLoad, "{qslice}": "slice",
	} {
		text = strings.ReplaceAll(text, mark, e.q(name))
	}
	return text
}

func testVerifyMerge(e *env) {
	v := e.Warehouse.(warehouse.Verifier)
	e.put(merged(spec{slice: "d1", rev: 1, rows: [][]any{{int64(1), "a"}, {int64(2), "a"}, {int64(1), "b"}}}))
	e.put(merged(spec{slice: "d2", rev: 2, rows: [][]any{{int64(1), "c"}}}))
	e.proven(v, "")
	e.same("found", e.proofs(v, "")["p/stream/d1"].Found, int64(1))
	e.exec(fmt.Sprintf("INSERT INTO %s SELECT * FROM %s", e.q("t"), e.q("t")))
	for slice, p := range e.proofs(v, "") {
		if p.OK() {
			e.Errorf("slice %s is proven although its rows are there twice", slice)
		}
	}
}

package warehousetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

func runPull(t *testing.T, s Subject) {
	for _, c := range []struct {
		name string
		test func(*env, warehouse.Puller)
	}{
		{"Load", testPullLoad},
		{"NewRevision", testPullRevision},
		{"Left", testPullLeft},
		{"WrongCounts", testPullCounts},
		{"Drop", testPullDrop},
		{"Empty", testPullEmpty},
		{"Refused", testPullRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, s)
			c.test(e, e.Warehouse.(warehouse.Puller))
		})
	}
}

// dropped is a file of seven records below its header: of one a field is
// missing, of one the id is no number, and one is a blank line and so is none.
const dropped = "id,v\n1,a\n2\nx,c\n\n4,\"d,\n\"\"d\"\"\"\n5,\n5,\n"

// What dropped gives, in the order of ids, and how often what is wrong.
func droppedRows() []string { return []string{"1|a", "4|d,\n\"d\"", "5|NULL", "5|NULL", "NULL|c"} }
func droppedCauses() []warehouse.Cause {
	return []warehouse.Cause{{Column: "", Reason: "csv.fields", Count: 1}, {Column: "id", Reason: "value.type", Count: 1}}
}

// object is how the Puller is told to read.
func (e *env) object(name, text string) warehouse.Object {
	e.Helper()
	return warehouse.Object{
		URL: e.Object(e.T, name, text), Format: "csv", Zone: "UTC",
		CSV: warehouse.ObjectCSV{Delimiter: ',', Quote: '"', Escape: '"', Header: true, Encoding: "utf-8"},
	}
}

// pull takes an object of the columns id and v through all steps, and returns
// the load that they are for.
func (e *env) pull(p warehouse.Puller, text string, s spec) warehouse.Load {
	e.Helper()
	s = s.filled()
	l := e.load(s)
	l.Day = time.Time{} // a file is of no day
	o := e.object(fmt.Sprintf("%s-%d.csv", s.slice, s.rev), text)
	if err := p.Pullable(o); err != nil {
		e.Fatal(err)
	}
	got, err := p.Pull(e.ctx, o)
	if err != nil {
		e.Fatal(err)
	}
	e.same("the first record", got.First, []string{"id", "v"})
	got, err = p.Sift(e.ctx, got, warehouse.Sieve{
		Load: l.ID, Slice: l.Slice, Table: l.Table, ReadAt: l.ReadAt,
		Columns: []warehouse.PulledColumn{{Source: "src:id"}, {Source: "src:v", Field: 1}},
	})
	if err != nil {
		e.Fatal(err)
	}
	return e.fit(p, l, got, _int)
}

// fit fits what was sifted to columns, id as of a type, and makes it the load's.
func (e *env) fit(p warehouse.Puller, l warehouse.Load, got warehouse.Pulled, id arrow.DataType) warehouse.Load {
	e.Helper()
	got, err := p.Fit(e.ctx, got, []warehouse.FitColumn{{Source: "src:id", Name: "id", Type: id}, {Source: "src:v", Name: "v", Type: _text}})
	if err != nil {
		e.Fatal(err)
	}
	l.Columns = append(cols("id", id, "v", _text), own()...)
	l.Pulled, l.BytesRead = &got, got.Bytes
	l.RowsRead, l.RowsQuarantined, l.CellsQuarantined = got.Rows, got.Rejected, got.Cells
	l.RowsLoaded = got.Rows - got.Rejected
	return l
}

// take loads what was pulled.
func (e *env) take(l warehouse.Load) warehouse.Receipt {
	e.Helper()
	e.ensure(l.Table, l.Columns)
	r, err := e.Warehouse.Load(e.ctx, l)
	if err != nil {
		e.Fatal(err)
	}
	if v, ok := e.Warehouse.(warehouse.Verifier); ok {
		e.proven(v, "")
	}
	return r
}

// inAnyOrder is the table's rows by what they hold: places in a file are not known.
func (e *env) inAnyOrder(table string) []string {
	e.Helper()
	rows := e.rows(table, "id", "v")
	slices.Sort(rows)
	return rows
}

// aside is the load's quarantine as "column reason raw", where there is any.
func (e *env) aside(load string) []string {
	e.Helper()
	return e.sql(fmt.Sprintf("SELECT %s FROM %s WHERE %s = '%s' ORDER BY 1, 2", e.q("column", "reason", "raw"), e.q(warehouse.TableQuarantine), e.q("load"), load))
}

func testPullLoad(e *env, p warehouse.Puller) {
	l := e.pull(p, dropped, spec{})
	text := e.fit(p, l, *l.Pulled, _text)
	e.same("cells that a column of text cannot hold", text.CellsQuarantined, int64(0))
	l = e.fit(p, l, *text.Pulled, _int) // what Fit did before is forgotten
	e.same("what was the matter", l.Pulled.Causes, droppedCauses())
	e.same("counts", []int64{l.RowsRead, l.RowsQuarantined, l.CellsQuarantined, l.Pulled.Bad}, []int64{6, 1, 1, 2})
	first := e.take(l)
	e.same("counts of the receipt", []int64{first.RowsRead, first.RowsLoaded, first.RowsQuarantined, first.CellsQuarantined, first.BytesRead},
		[]int64{6, 5, 1, 1, int64(len(dropped))})
	again := func(what string, w warehouse.Warehouse, l warehouse.Load) {
		r, err := w.Load(e.ctx, l)
		if err != nil {
			e.Fatal(err)
		}
		e.same("receipt "+what, r, first)
		e.same("rows "+what, e.inAnyOrder("t"), droppedRows())
		e.same("quarantine "+what, e.aside(l.ID), []string{"|csv.fields|2", "id|value.type|x"})
	}
	again("of the load", e.Warehouse, l)
	again("of another process", e.Reopen(e.T), l)
	p.Drop(e.ctx, *l.Pulled)
	again("when that is dropped", e.Warehouse, l)
}

// A pulled load replaces the older revision of its slice, with its quarantine,
// and is replaced as any other.
func testPullRevision(e *env, p warehouse.Puller) {
	e.put(spec{slice: "d1", rev: 1, rows: [][]any{{int64(1), "old"}, nil}})
	e.put(spec{slice: "d2", rev: 1, rows: [][]any{{int64(9), "z"}}})
	second := e.pull(p, dropped, spec{rev: 2})
	e.take(second)
	e.same("rows", e.inAnyOrder("t"), slices.Insert(droppedRows(), 4, "9|z"))
	e.put(spec{rev: 3, rows: [][]any{{int64(8), "staged"}}})
	e.same("rows", e.inAnyOrder("t"), []string{"8|staged", "9|z"})
	e.same("quarantine", e.aside(second.ID), []string{})
	if _, err := e.Warehouse.Load(e.ctx, second); !errors.Is(err, warehouse.ErrConflict) {
		e.Errorf("an older revision: %v, want ErrConflict", err)
	}
}

// What a process that died has pulled is seen by nobody, and in nobody's way.
func testPullLeft(e *env, p warehouse.Puller) {
	old := e.put(spec{rev: 1, rows: [][]any{{int64(1), "old"}, nil}})
	left := e.pull(p, dropped, spec{rev: 2})
	e.same("rows", e.inAnyOrder("t"), []string{"1|old"})
	e.same("quarantine", len(e.aside(old.ID)), 1)
	e.same("receipts", e.receipts(""), map[string]warehouse.Receipt{old.ID: old})
	e.Warehouse = e.Reopen(e.T)
	next := e.take(e.pull(e.Warehouse.(warehouse.Puller), dropped, spec{rev: 2}))
	e.same("receipt of the load once more", e.take(left), next)
	e.same("rows", e.inAnyOrder("t"), droppedRows())
}

func testPullCounts(e *env, p warehouse.Puller) {
	e.put(spec{rev: 1, rows: [][]any{{int64(0), "old"}}})
	good := e.pull(p, dropped, spec{rev: 2})
	for name, spoil := range map[string]func(*warehouse.Load){
		"read":             func(l *warehouse.Load) { l.RowsRead++ },
		"loaded, too many": func(l *warehouse.Load) { l.RowsLoaded++; l.RowsRead++ },
		"quarantined":      func(l *warehouse.Load) { l.RowsQuarantined++; l.RowsLoaded-- },
		"cells":            func(l *warehouse.Load) { l.CellsQuarantined = 0 },
	} {
		l := good
		spoil(&l)
		if _, err := e.Warehouse.Load(e.ctx, l); !errors.Is(err, warehouse.ErrCount) {
			e.Errorf("%s: error = %v, want ErrCount", name, err)
		}
	}
	e.same("rows", e.inAnyOrder("t"), []string{"0|old"})
	e.same("quarantine", e.aside(good.ID), []string{})
	if n := len(e.receipts("")); n != 1 {
		e.Errorf("%d receipts, want the first one alone", n)
	}
	e.take(good)
	e.same("rows of the right counts", e.inAnyOrder("t"), droppedRows())
}

// Drop may come twice, and of nothing. What was dropped cannot be loaded.
func testPullDrop(e *env, p warehouse.Puller) {
	l := e.pull(p, dropped, spec{})
	e.ensure(l.Table, l.Columns)
	for range 2 {
		p.Drop(e.ctx, *l.Pulled)
	}
	p.Drop(e.ctx, warehouse.Pulled{})
	if _, err := e.Warehouse.Load(e.ctx, l); err == nil {
		e.Error("what was dropped: no error")
	}
	e.same("rows", e.inAnyOrder("t"), []string{})
	e.same("receipts", len(e.receipts("")), 0)
}

// An object without records has no columns, and one with a header alone no rows.
func testPullEmpty(e *env, p warehouse.Puller) {
	got, err := p.Pull(e.ctx, e.object("empty.csv", ""))
	if err != nil || got.Records != 0 || len(got.First) != 0 {
		e.Errorf("an empty object: %+v, %v", got, err)
	}
	p.Drop(e.ctx, got)
	l := e.pull(p, "id,v\n", spec{})
	e.same("rows", l.RowsRead, int64(0))
	p.Drop(e.ctx, *l.Pulled)
	if kinds := l.Pulled.Kinds; slices.ContainsFunc(kinds, func(k warehouse.CellKinds) bool { return k != 0 }) {
		e.Errorf("kinds of no cells: %v", kinds)
	}
}

func testPullRefused(e *env, p warehouse.Puller) {
	good := e.object("good.csv", dropped)
	for name, spoil := range map[string]func(*warehouse.Object){
		"format":  func(o *warehouse.Object) { o.Format = "tapes" },
		"packing": func(o *warehouse.Object) { o.Packing = "tar" },
	} {
		o := good
		spoil(&o)
		if err := p.Pullable(o); !errors.Is(err, warehouse.ErrPull) {
			e.Errorf("%s: Pullable says %v, want ErrPull", name, err)
		}
		if _, err := p.Pull(e.ctx, o); !errors.Is(err, warehouse.ErrPull) {
			e.Errorf("%s: error = %v, want ErrPull", name, err)
		}
	}
	good.URL += ".gone"
	if _, err := p.Pull(e.ctx, good); err == nil {
		e.Error("an object that is not there: no error")
	}
}

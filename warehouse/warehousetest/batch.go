package warehousetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"

	"tapline/warehouse"
)

func runBatch(t *testing.T, s Subject) {
	for _, c := range []struct {
		name string
		test func(*env, warehouse.Batcher)
	}{
		{"AsSingly", testBatchAsSingly},
		{"Mixed", testBatchMixed},
		{"SomeAreWrong", testBatchSomeAreWrong},
		{"Cut", testBatchCut},
		{"Rivals", testBatchRivals},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, s)
			c.test(e, e.Warehouse.(warehouse.Batcher))
		})
	}
}

// batch makes first revisions of n slices of a table which all differ: in rows,
// parts, columns, what is quarantined. One has nothing at all.
func (e *env) batch(table string, n int) []warehouse.Load {
	e.Helper()
	e.ensure(table, append(cols("id", _int, "v", _text, "w", _float), own()...))
	var loads []warehouse.Load
	for i := range n {
		s := spec{table: table, slice: fmt.Sprintf("d%03d", i), rev: i % 3, columns: cols("id", _int, "v", _text)}
		if i%2 == 1 {
			s.columns = cols("w", _float, "id", _int)
		}
		for j := range i % 5 {
			row := []any{int64(j), fmt.Sprint("v", i)}
			if i%2 == 1 {
				row = []any{float64(i), int64(j)}
			}
			s.rows = append(s.rows, row)
		}
		switch i % 4 {
		case 1:
			s.split = 2
		case 2:
			s.rows = append(s.rows, nil, nil)
		case 3:
			s.cells = map[int]string{0: "id"}
		}
		loads = append(loads, e.load(s))
	}
	return loads
}

// loadAll loads and wants no error.
func (e *env) loadAll(b warehouse.Batcher, loads []warehouse.Load) []warehouse.Receipt {
	e.Helper()
	outcomes := b.LoadAll(e.ctx, loads)
	if len(outcomes) != len(loads) {
		e.Fatalf("%d outcomes of %d loads", len(outcomes), len(loads))
	}
	var receipts []warehouse.Receipt
	for i, o := range outcomes {
		if o.Err != nil {
			e.Errorf("%s: %v", loads[i].Slice, o.Err)
		}
		receipts = append(receipts, o.Receipt)
	}
	return receipts
}

// seen is what a table holds, and what was kept aside, without what tells loads apart.
func (e *env) seen(table string) []string {
	e.Helper()
	rows := e.rows(table, "id", "v", "w", warehouse.ColSlice, warehouse.ColRow, warehouse.ColLoadedAt)
	return append(rows, e.sql(fmt.Sprintf("SELECT slice, %s, %s, raw FROM %s WHERE %s = '%s' ORDER BY 1, 2",
		e.q("row"), e.q("column"), e.q(warehouse.TableQuarantine), e.q("table"), table))...)
}

// holdsAll checks that exactly these loads are in force, each with its receipt, and
// proven.
func (e *env) holdsAll(loads []warehouse.Load, receipts []warehouse.Receipt) {
	e.Helper()
	in := e.receipts("")
	if len(in) != len(loads) {
		e.Errorf("%d receipts in force, want %d", len(in), len(loads))
	}
	for i, l := range loads {
		e.same("receipt of "+l.Slice, in[l.ID], receipts[i])
		e.same("what the receipt of "+l.Slice+" says", receipts[i], l.Receipt(receipts[i].CommittedAt))
	}
	if v, ok := e.Warehouse.(warehouse.Verifier); ok {
		e.proven(v, "")
	}
}

func testBatchAsSingly(e *env, b warehouse.Batcher) {
	loads := e.batch("t", 7)
	receipts := e.loadAll(b, loads)
	e.holdsAll(loads, receipts)
	for _, l := range e.batch("u", 7) {
		if _, err := e.Warehouse.Load(e.ctx, l); err != nil {
			e.Fatal(err)
		}
	}
	e.same("rows and quarantine", e.seen("t"), e.seen("u"))
	e.same("receipts of another time", e.loadAll(b, loads), receipts)
	again, err := e.Reopen(e.T).Load(e.ctx, loads[6])
	if err != nil {
		e.Fatal(err)
	}
	e.same("receipt of Load", again, receipts[6])
	e.same("rows and quarantine", e.seen("t"), e.seen("u"))
}

// Some are loaded, some have an older revision, some a newer one, and one slice
// comes twice.
func testBatchMixed(e *env, b warehouse.Batcher) {
	before := e.put(spec{slice: "loaded", rows: [][]any{{int64(1), "a"}}})
	e.put(spec{slice: "older", rev: 1, rows: [][]any{{int64(1), "old"}, nil}})
	e.put(spec{slice: "newer", rev: 3, rows: [][]any{{int64(1), "new"}}})
	loads := []warehouse.Load{
		e.load(spec{slice: "first", rows: [][]any{{int64(1), "b"}}}),
		e.load(spec{slice: "older", rev: 2, rows: [][]any{{int64(1), "c"}, {int64(2), "c"}}}),
		e.load(spec{slice: "loaded", rows: [][]any{{int64(1), "a"}}}),
		e.load(spec{slice: "newer", rev: 2, rows: [][]any{{int64(1), "stale"}}}),
		e.load(spec{slice: "twice", rev: 1, rows: [][]any{{int64(1), "once"}}}),
		e.load(spec{slice: "second"}),
		e.load(spec{slice: "twice", rev: 2, rows: [][]any{{int64(2), "twice"}}}),
	}
	for i, o := range b.LoadAll(e.ctx, loads) {
		if stale := i == 3; stale != errors.Is(o.Err, warehouse.ErrConflict) || !stale && (o.Err != nil || o.Receipt.ID != loads[i].ID) {
			e.Errorf("%s: %+v, %v", loads[i].Slice, o.Receipt, o.Err)
		}
		if i == 2 {
			e.same("receipt of what was loaded", o.Receipt, before)
		}
	}
	e.same("rows", e.rows("t", "id", "v"), []string{"1|b", "1|a", "1|new", "1|c", "2|c", "2|twice"})
	if v, ok := e.Warehouse.(warehouse.Verifier); ok {
		e.proven(v, "")
	}
	e.same("receipts in force", len(e.receipts("")), 6)
}

// What is wrong with a load keeps it alone from being loaded.
func testBatchSomeAreWrong(e *env, b warehouse.Batcher) {
	counts := func(l warehouse.Load) warehouse.Load {
		l.RowsRead, l.RowsLoaded = l.RowsRead+1, l.RowsLoaded+1
		return l
	}
	cells := func(l warehouse.Load) warehouse.Load { l.CellsQuarantined++; return l }
	places := func(l warehouse.Load) warehouse.Load {
		l.Parts = []warehouse.Part{e.part(l.Columns, [][]any{
			{int64(0), "x", l.Slice, l.ID, int64(0), l.ReadAt}, {int64(1), "x", l.Slice, l.ID, int64(0), l.ReadAt}})}
		return l
	}
	nobodys := func(l warehouse.Load) warehouse.Load {
		l.Parts = append(slices.Clone(l.Parts), e.part(l.Columns, [][]any{{int64(7), "x", l.Slice, "another load", int64(0), l.ReadAt}}))
		return l
	}
	for name, spoil := range map[string][]func(warehouse.Load) warehouse.Load{"own": {counts, cells, places}, "nobody's": {nobodys}} {
		var good []warehouse.Load
		for i := range len(spoil) + 2 {
			good = append(good, e.load(spec{pipeline: name[:3], slice: fmt.Sprint("d", i), rows: [][]any{{int64(i), "a"}, {int64(i), "b"}, nil}}))
		}
		e.ensure("t", good[0].Columns)
		loads := slices.Clone(good)
		for i, change := range spoil {
			loads[i+1] = change(loads[i+1])
		}
		for i, o := range b.LoadAll(e.ctx, loads) {
			if wrong := i > 0 && i <= len(spoil); wrong != errors.Is(o.Err, warehouse.ErrCount) || !wrong && o.Receipt.ID != loads[i].ID {
				e.Errorf("%s: load %d: %+v, %v", name, i, o.Receipt, o.Err)
			}
		}
		where := fmt.Sprintf("SELECT count(*), min(id), max(id) FROM %s WHERE %s LIKE '%s/%%'", e.q("t"), e.q(warehouse.ColSlice), name[:3])
		e.same(name+": rows", e.sql(where), []string{fmt.Sprint("4|0|", len(good)-1)})
		e.loadAll(b, good)
		e.same(name+": rows when all are right", e.sql(where), []string{fmt.Sprintf("%d|0|%d", 2*len(good), len(good)-1)})
		e.same(name+": receipts", len(e.receipts(name[:3])), len(good))
	}
}

// A context that ends leaves loads that can be loaded again, by anybody.
func testBatchCut(e *env, b warehouse.Batcher) {
	loads := e.batch("t", 6)
	ctx, cancel := context.WithCancel(e.ctx)
	cancel()
	for i, o := range b.LoadAll(ctx, loads) {
		if !errors.Is(o.Err, context.Canceled) {
			e.Errorf("load %d: error = %v, want context.Canceled", i, o.Err)
		}
	}
	ctx, cancel = context.WithCancel(e.ctx)
	cutting := slices.Clone(loads)
	for i, p := range cutting[4].Parts {
		open := p.Open
		p.Path = "" // so that it has to be opened
		p.Open = func(ctx context.Context) (io.ReadCloser, error) {
			cancel()
			return open(ctx)
		}
		cutting[4].Parts = slices.Clone(cutting[4].Parts)
		cutting[4].Parts[i] = p
	}
	b.LoadAll(ctx, cutting) // some of them, or none, or all
	cancel()
	other := e.Reopen(e.T).(warehouse.Batcher)
	e.holdsAll(loads, e.loadAll(other, loads))
}

// Several processes load overlapping groups, and single slices of them, at once.
func testBatchRivals(e *env, _ warehouse.Batcher) {
	loads := e.batch("t", 10)
	type call struct {
		from, to int
		single   bool
	}
	calls := []call{{0, 7, false}, {3, 10, false}, {2, 6, true}, {0, 10, false}}
	errs := make(chan error, 100)
	var wg sync.WaitGroup
	for i, c := range calls {
		w := e.Reopen(e.T)
		some := slices.Clone(loads[c.from:c.to])
		if i%2 == 1 {
			slices.Reverse(some)
		}
		wg.Go(func() {
			if c.single {
				for _, l := range some {
					_, err := w.Load(e.ctx, l)
					errs <- err
				}
				return
			}
			for _, o := range w.(warehouse.Batcher).LoadAll(e.ctx, some) {
				errs <- o.Err
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			e.Error(err)
		}
	}
	e.holdsAll(loads, e.loadAll(e.Warehouse.(warehouse.Batcher), loads))
}

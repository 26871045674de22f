package warehousetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"tapline/warehouse"
)

// testMixture replaces a slice again and again while another reader looks: it
// sees all rows of one revision, with that revision's quarantine.
func testMixture(e *env) {
	const rows, revisions = 500, 8
	put := func(rev int) error {
		data := make([][]any, rows+rev)
		for i := range data {
			data[i] = []any{int64(rev), "v"}
		}
		for i := range rev {
			data[i] = nil
		}
		l := e.load(spec{rev: rev, rows: data, split: 200})
		_, err := e.Warehouse.Load(e.ctx, l)
		return err
	}
	e.ensure("t", append(cols("id", _int, "v", _text), own()...))
	if err := put(1); err != nil {
		e.Fatal(err)
	}
	look := fmt.Sprintf("SELECT count(*), min(id), max(id), (SELECT count(*) FROM %s) FROM %s", e.q(warehouse.TableQuarantine), e.q("t"))
	var wg sync.WaitGroup
	done := make(chan struct{})
	seen := make(map[string]bool)
	wg.Go(func() {
		for {
			for rec, err := range e.Query(e.ctx, look) {
				if err != nil {
					e.Errorf("reading: %v", err)
					return
				}
				seen[renderRecord(rec)[0]] = true
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for rev := 2; rev <= revisions; rev++ {
		if err := put(rev); err != nil {
			e.Errorf("revision %d: %v", rev, err)
			break
		}
	}
	close(done)
	wg.Wait()
	for have := range seen {
		var n, low, high, aside int
		if _, err := fmt.Sscanf(strings.ReplaceAll(have, "|", " "), "%d %d %d %d", &n, &low, &high, &aside); err != nil {
			e.Fatal(err)
		}
		if n != rows || low != high || aside != low {
			e.Errorf("a reader saw %d rows of revisions %d to %d and %d rows in quarantine", n, low, high, aside)
		}
	}
	if len(seen) == 0 {
		e.Error("the reader saw nothing")
	}
}

// testConcurrent loads several tables at once, from two warehouses.
func testConcurrent(e *env) {
	const tables, daysEach = 3, 3
	var loads []warehouse.Load // written before: tests fail on their own goroutine only
	for i := range tables {
		for j := range daysEach {
			loads = append(loads, e.load(spec{table: fmt.Sprint("t", i), slice: fmt.Sprint("d", j), rows: [][]any{{int64(j), "a"}, nil, {int64(j), "b"}}}))
		}
	}
	both := []warehouse.Warehouse{e.Warehouse, e.Reopen(e.T)}
	errs := make(chan error, 2*len(loads))
	var wg sync.WaitGroup
	for i, w := range both {
		for j := range loads {
			l := loads[(j+i*5)%len(loads)]
			wg.Go(func() {
				err := w.Ensure(e.ctx, warehouse.Table{Name: l.Table, Columns: l.Columns})
				if err == nil {
					_, err = w.Load(e.ctx, l)
				}
				errs <- err
			})
		}
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			e.Error(err)
		}
	}
	for i := range tables {
		have := e.rows(fmt.Sprint("t", i), "id", "v")
		e.same("rows", have, []string{"0|a", "0|b", "1|a", "1|b", "2|a", "2|b"})
	}
	e.same("quarantine", e.sql("SELECT count(*) FROM "+e.q(warehouse.TableQuarantine)), []string{"9"})
	if n := len(e.receipts("")); n != len(loads) {
		e.Errorf("%d receipts, want %d", n, len(loads))
	}
}

func testQuery(e *env) {
	q := e.Warehouse.(warehouse.Querier)
	rows := make([][]any, 9000)
	for i := range rows {
		rows[i] = []any{int64(i), fmt.Sprint(i)}
	}
	e.put(spec{rows: rows})
	var have []string
	for rec, err := range q.Query(e.ctx, "SELECT id, v FROM "+e.q("t")+" ORDER BY id") {
		if err != nil {
			e.Fatal(err)
		}
		have = append(have, renderRecord(rec)...)
	}
	if len(have) != len(rows) || !slices.Contains(have, "8999|8999") || have[17] != "17|17" {
		e.Errorf("%d rows came", len(have))
	}
	fields := -1
	for rec, err := range q.Query(e.ctx, "SELECT id, v FROM "+e.q("t")+" WHERE id < 0") {
		if err != nil {
			e.Fatal(err)
		}
		if rec.NumRows() > 0 {
			e.Errorf("%d rows came, want none", rec.NumRows())
		}
		fields = len(rec.Schema().Fields())
	}
	if fields != 2 && fields != -1 {
		e.Errorf("%d columns of a query without rows", fields)
	}
	failed := 0
	for _, err := range q.Query(e.ctx, "SELECT nothing FROM nowhere") {
		if err == nil {
			e.Error("a record of a query that cannot be answered")
		}
		failed++
	}
	e.same("errors", failed, 1)
	for range q.Query(e.ctx, "SELECT id FROM "+e.q("t")) {
		break // leaving early must not keep anything held
	}
	for _, err := range q.Query(e.ctx, "DELETE FROM "+e.q("t")) {
		if err == nil {
			e.Error("a query could delete")
		}
	}
	e.same("rows", e.sql("SELECT count(*) FROM "+e.q("t")), []string{"9000"})
}

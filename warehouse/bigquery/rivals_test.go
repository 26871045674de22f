//go:build cgo && !noduckdb

package bigquery

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"tapline/warehouse"
	"tapline/warehouse/bigquery/bigquerytest"
)

// TestRivals has two processes load two revisions of one slice at the same
// time, in all ways that rows go: afterwards one is in force, and its rows are
// the table's.
func TestRivals(t *testing.T) {
	s := bigquerytest.NewServer(t, bigquerytest.Options{})
	kinds := map[string]func(h *shop, rev int) warehouse.Load{
		"append":      func(h *shop, rev int) warehouse.Load { return h.load(rev, 4+rev, 1) },
		"partition":   func(h *shop, rev int) warehouse.Load { l := h.load(rev, 4+rev, 1); l.Partitioned = true; return l },
		"transaction": func(h *shop, rev int) warehouse.Load { return h.load(rev, 4+rev, 2) },
	}
	n := 0
	for one, first := range kinds {
		for other, second := range kinds {
			for rev := 1; rev <= 2; rev++ { // read at different times, and at the same
				n++
				table := fmt.Sprint("t", n)
				t.Run(fmt.Sprint(one, " and ", other, " ", rev), func(t *testing.T) {
					t.Parallel()
					h := newShopAt(t, s, table)
					testRivals(h, first(h, 1), second(h, rev), rev == 1)
				})
			}
		}
	}
}

func testRivals(h *shop, a, b warehouse.Load, same bool) {
	if same { // the same load, from two processes
		b = a
	}
	loads := []warehouse.Load{a, b}
	errs := make([]error, len(loads))
	var wg sync.WaitGroup
	for i, w := range []*Warehouse{h.w, openTest(h, h.s)} {
		wg.Go(func() { _, errs[i] = w.Load(h.Context(), loads[i]) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil && (same || !errors.Is(err, warehouse.ErrConflict)) {
			h.Fatalf("load %d: %v", i, err)
		}
	}
	// The next run loads what is newest, if it is not in force.
	h.holds(b, h.finish(b))
}

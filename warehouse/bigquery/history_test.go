//go:build cgo && !noduckdb

package bigquery

import (
	"testing"

	"tapline/warehouse"
)

// TestEstimateHistory tells of loads with a history, also before the table has
// the columns for it.
func TestEstimateHistory(t *testing.T) {
	h := newShop(t, func(c *Config) { c.PricePerTiB = ListPrice })
	first := h.load(1, 100, 1)
	if _, err := h.w.Load(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	next := expected(h.load(2, 1, 1), 0, -1)
	next.Mode, next.Key = warehouse.History, []string{"id"}
	billed := func() (n int64) {
		t.Helper()
		e, err := h.w.Estimate(t.Context(), []warehouse.Expected{next})
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range e.Jobs {
			if j.What == "transaction" {
				n += j.Billed
			}
		}
		return n
	}
	before := billed()
	columns := append(first.Columns[:len(first.Columns):len(first.Columns)], warehouse.HistoryColumns()...)
	if err := h.w.Ensure(t.Context(), warehouse.Table{Name: first.Table, Columns: columns}); err != nil {
		t.Fatal(err)
	}
	if after := billed(); before == 0 || after < before {
		t.Errorf("%d bytes are billed before the columns are there, and %d then", before, after)
	}
}

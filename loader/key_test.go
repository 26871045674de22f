package loader_test

import (
	"testing"

	"tapline/loader"
	"tapline/warehouse"
)

// TestMergeEmptySlices: days without rows have no columns, those of the key
// among them; before the first row and after it they load.
func TestMergeEmptySlices(t *testing.T) {
	for _, mode := range []warehouse.Mode{warehouse.Merge, warehouse.History} {
		t.Run(string(mode), func(t *testing.T) {
			v := newVendor(10, "A")
			v.add("A", 1)
			v.add("A", 2, row{"user.id": "x", "n": 1}, row{"user.id": "y", "n": 2})
			v.add("A", 3)
			r := newRig(t, v)
			r.cfg.Targets = []loader.Target{{Table: "t", Mode: mode, Key: []string{"user.id"}}}
			r.run(t)
			if n := len(r.bank.tables["t"].rows); n != 2 || len(r.bank.receipts) != 3 {
				t.Errorf("%d rows of %d loads", n, len(r.bank.receipts))
			}
			r.empty(t)
		})
	}
}

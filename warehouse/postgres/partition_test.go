package postgres

import (
	"context"
	"testing"

	"tapline/warehouse"
	"tapline/warehouse/postgres/pgtest"
	"tapline/warehouse/warehousetest"
)

// A divided warehouse partitions every table, by when its rows were read.
type divided struct{ *Warehouse }

func (w divided) Ensure(ctx context.Context, t warehouse.Table) error {
	t.Partition = warehouse.ColLoadedAt
	return w.Warehouse.Ensure(ctx, t)
}

// Loads keep their promise in partitioned tables.
func TestWarehousePartitioned(t *testing.T) {
	only := []string{"NewRevision", "MergeLoads", "Snapshot", "Widen"}
	for _, unit := range []Unit{Day, Year} {
		t.Run(string(unit), func(t *testing.T) {
			s := subject(func(t *testing.T) string { return pgtest.NewDatabase(t) }, Config{Partition: unit})
			warehousetest.Run(t, warehousetest.Subject{Only: only, New: func(t *testing.T) warehousetest.Instance {
				i := s.New(t)
				reopen := i.Reopen
				i.Warehouse = divided{i.Warehouse.(*Warehouse)}
				i.Reopen = func(t *testing.T) warehouse.Warehouse { return divided{reopen(t).(*Warehouse)} }
				return i
			}})
		})
	}
}

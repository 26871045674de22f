package bigquery

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"tapline/warehouse"
)

// Verify counts the rows of every receipt in force, a table at a time, and
// yields a proof for each: those that fail first. A receipt whose rows a
// snapshot of another slice displaced has nothing left to prove and is left
// out. Rows of the slice that belong to no load in force count as Unexpected.
//
// It reads tapline's three columns of each table whole.
func (w *Warehouse) Verify(ctx context.Context, pipeline string) iter.Seq2[warehouse.Proof, error] {
	return warehouse.Whole(func() ([]warehouse.Proof, error) {
		proofs, err := w.verify(ctx, pipeline)
		if err != nil {
			return nil, fmt.Errorf("bigquery: verify: %w", err)
		}
		return proofs, nil
	})
}

func (w *Warehouse) verify(ctx context.Context, pipeline string) ([]warehouse.Proof, error) {
	all, err := w.earlierLoads(ctx, pipeline, "", true)
	if err != nil {
		return nil, err
	}
	return warehouse.Prove(all, func(table string) (map[string]warehouse.Proof, error) {
		return w.verifyTable(ctx, table, pipeline, all)
	})
}

// verifyTable returns what is found of each load. A table that is gone, or was
// replaced by something else, holds nothing.
func (w *Warehouse) verifyTable(ctx context.Context, table, pipeline string, all []warehouse.Earlier) (map[string]warehouse.Proof, error) {
	data := map[string]any{"Dataset": w.cfg.Dataset, "Table": "", "Filter": (*filter)(nil)}
	t, err := w.ours(ctx, table)
	switch {
	case errors.Is(err, warehouse.ErrSchema), err == nil && t == nil:
	case err != nil:
		return nil, err
	default:
		data["Table"], data["Filter"] = table, t.filter(false)
	}
	proofs := make(map[string]warehouse.Proof)
	err = w.ask(ctx, "verify", data, params{"in_table": table, "pipeline": pipeline}, func(r row) error {
		id := r.text()
		proofs[id] = warehouse.Proof{
			Found: r.int(), Duplicated: r.int(), Missing: r.int(), Unexpected: r.int(), Quarantine: r.int(), Cells: r.int(),
		}
		return r.err
	})
	if err == nil && data["Table"] != "" {
		err = w.verifyHistory(ctx, t, all, proofs)
	}
	return proofs, err
}

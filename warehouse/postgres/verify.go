package postgres

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
func (w *Warehouse) Verify(ctx context.Context, pipeline string) iter.Seq2[warehouse.Proof, error] {
	return warehouse.Whole(func() (proofs []warehouse.Proof, err error) {
		err = w.reading(ctx, func(t *tx) (err error) {
			proofs, err = t.verify(ctx, pipeline)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("postgres: verify: %w", err)
		}
		return proofs, nil
	})
}

func (t *tx) verify(ctx context.Context, pipeline string) ([]warehouse.Proof, error) {
	all, err := t.receipts(ctx, query{pipeline: pipeline, inForce: true})
	if err != nil {
		return nil, err
	}
	return warehouse.Prove(all, func(table string) (map[string]warehouse.Proof, error) {
		return t.verifyTable(ctx, table, pipeline, all)
	})
}

// verifyTable returns what is found of each load. A table that is gone, or was
// replaced by something else, holds nothing.
func (t *tx) verifyTable(ctx context.Context, table, pipeline string, all []warehouse.Earlier) (map[string]warehouse.Proof, error) {
	there := table
	_, have, found, err := t.ours(ctx, table)
	switch {
	case errors.Is(err, warehouse.ErrSchema), err == nil && !found:
		there = ""
	case err != nil:
		return nil, err
	}
	proofs := make(map[string]warehouse.Proof)
	var id string
	var p warehouse.Proof
	dest := []any{&id, &p.Found, &p.Duplicated, &p.Missing, &p.Unexpected, &p.Quarantine, &p.Cells}
	err = t.rows(ctx, "verify", data{"Table": there}, []any{table, pipeline}, dest, func() error {
		proofs[id] = p
		return nil
	})
	if err == nil && there != "" {
		err = t.verifyHistory(ctx, table, have, all, proofs)
	}
	return proofs, err
}

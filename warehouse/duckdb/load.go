//go:build cgo

package duckdb

import (
	"context"
	"fmt"

	"tapline/warehouse"
)

// Load makes the load's rows those of its slice, in one transaction that also
// checks all counts and writes the receipt. Slices are told apart within their
// table. A table that does not exist is an ErrNotExist, unless the load has no
// parts.
//
// A load whose receipt a newer revision superseded is an ErrConflict.
func (w *Warehouse) Load(ctx context.Context, l warehouse.Load) (warehouse.Receipt, error) {
	r, err := w.load(ctx, l)
	if err != nil {
		return warehouse.Receipt{}, fmt.Errorf("duckdb: load %s into %s: %w", l.Slice, l.Table, err)
	}
	return r, nil
}

func (w *Warehouse) load(ctx context.Context, l warehouse.Load) (warehouse.Receipt, error) {
	if err := l.Check(); err != nil {
		return warehouse.Receipt{}, err
	}
	local, err := warehouse.Localize(ctx, w.cfg.TempDir, l.Parts, l.Quarantine)
	if err != nil {
		return warehouse.Receipt{}, err
	}
	defer local.Remove()

	var r warehouse.Receipt
	err = w.writingMuch(ctx, len(l.Columns), l.RowsLoaded, func(s *session) error {
		s.more = l.More
		r, err = s.load(ctx, l, patternsOf(local.Lists[0]), patternsOf(local.Lists[1]))
		return err
	})
	return r, err
}

func (s *session) load(ctx context.Context, l warehouse.Load, parts, quarantine []string) (warehouse.Receipt, error) {
	earlier, err := s.receipts(ctx, query{table: l.Table, slice: l.Slice})
	if err != nil {
		return warehouse.Receipt{}, err
	}
	done, err := l.Settled(earlier)
	if err != nil {
		return warehouse.Receipt{}, err
	}
	if done != nil {
		return *done, errUnchanged
	}
	if err := s.replaceRows(ctx, l, parts, len(earlier) > 0); err != nil {
		return warehouse.Receipt{}, err
	}
	if err := s.replaceQuarantine(ctx, l, quarantine, len(earlier) > 0); err != nil {
		return warehouse.Receipt{}, err
	}
	return s.writeReceipt(ctx, l)
}

// replaceRows puts the parts' rows where older rows of the slice were. Rows come
// with receipts only, in one transaction, so a slice without a receipt has none
// to remove.
func (s *session) replaceRows(ctx context.Context, l warehouse.Load, parts []string, again bool) error {
	_, have, found, err := s.ours(ctx, l.Table)
	switch {
	case err != nil:
		return err
	case !found && len(parts) == 0 && l.RowsLoaded == 0:
		return nil
	case !found:
		return fmt.Errorf("%w: it was not made, or dropped meanwhile", warehouse.ErrNotExist)
	}
	if l.Mode == warehouse.History {
		return s.addHistory(ctx, l, parts, have, again)
	}
	if l.Mode == warehouse.Snapshot {
		_, err = s.exec(ctx, "pipeline_delete", map[string]any{"Table": l.Table}, l.Table, l.Pipeline)
	}
	if err == nil && again {
		_, err = s.exec(ctx, "slice_delete", map[string]any{"Table": l.Table}, l.Slice)
	}
	if err != nil {
		return err
	}
	if err := s.insertParts(ctx, l, parts, have); err != nil {
		return err
	}
	if l.Mode == warehouse.Merge && len(parts) > 0 {
		_, err = s.exec(ctx, "merge_settle", map[string]any{"Table": l.Table, "Key": l.Key}, l.ID)
	}
	return err
}

// replaceQuarantine does the same for rows and cells kept aside, and counts
// them.
func (s *session) replaceQuarantine(ctx context.Context, l warehouse.Load, parts []string, again bool) error {
	if again || l.Mode == warehouse.Snapshot {
		_, err := s.exec(ctx, "quarantine_delete", nil, l.Table, l.Slice, l.Pipeline, l.Mode == warehouse.Snapshot)
		if err != nil {
			return err
		}
	}
	if len(parts) > 0 {
		want := warehouse.QuarantineColumns()
		columns, err := s.commonColumns(ctx, warehouse.TableQuarantine, parts, want, want)
		if err != nil {
			return err
		}
		if _, err := s.exec(ctx, "parts_insert", insertData{warehouse.TableQuarantine, columns, parts, ""}); err != nil {
			return err
		}
	}
	var rows, cells, foreign int64
	err := s.row(ctx, "quarantine_count", nil, []any{l.ID, l.Table, l.Slice, l.RowsRead}, &rows, &cells, &foreign)
	switch {
	case err != nil:
		return err
	case rows != l.RowsQuarantined || cells != l.CellsQuarantined:
		return fmt.Errorf("%w: the quarantine parts hold %d rows and %d cells of the load, it speaks of %d and %d",
			warehouse.ErrCount, rows, cells, l.RowsQuarantined, l.CellsQuarantined)
	case foreign > 0:
		return fmt.Errorf("%w: %d quarantine entries name another table, slice or place than the load's",
			warehouse.ErrCount, foreign)
	}
	return nil
}

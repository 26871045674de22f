package postgres

import (
	"context"
	"fmt"
	"iter"

	"tapline/warehouse"
)

// An entry is one with its ctid.
type entry = warehouse.Placed[string]

// Quarantined yields the entries that match, by load, row and column. A
// transaction is open only while a page of them is read, so that the caller may
// amend and purge on the way.
func (w *Warehouse) Quarantined(ctx context.Context, f warehouse.Filter) iter.Seq2[warehouse.Entry, error] {
	return warehouse.Entries(f, func(size int64, after *entry) ([]entry, error) {
		page, err := w.page(ctx, f, size, after)
		if err != nil {
			return nil, fmt.Errorf("postgres: quarantine: %w", err)
		}
		return page, nil
	})
}

func (w *Warehouse) page(ctx context.Context, f warehouse.Filter, size int64, after *entry) ([]entry, error) {
	args := append(f.Args(), size, nil, nil, nil, nil)
	if after != nil {
		copy(args[9:], []any{after.Load, after.Row, after.Column, after.At})
	}
	var page []entry
	err := w.reading(ctx, func(t *tx) error {
		var e entry
		dest := []any{
			&e.At, &e.Load, &e.Slice, &e.Table, &e.Row, &e.Column, &e.Source, &e.Reason, &e.Place, &e.Raw, &e.QuarantinedAt,
		}
		return t.rows(ctx, "quarantine_list", nil, args, dest, func() error {
			page = append(page, e)
			return nil
		})
	})
	return page, err
}

// Purge deletes the entries that match, the first f.Limit of them by load, row
// and column, and lets the receipts tell.
func (w *Warehouse) Purge(ctx context.Context, f warehouse.Filter) (int64, error) {
	var purged int64
	err := w.within(ctx, mode{}, func(t *tx) error {
		known, err := t.known(ctx)
		if err != nil || !known {
			return err
		}
		return t.row(ctx, "purge", nil, append(f.Args(), f.Most()), &purged)
	})
	if err != nil {
		return 0, fmt.Errorf("postgres: purge: %w", err)
	}
	return purged, nil
}

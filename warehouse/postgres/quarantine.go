package postgres

import (
	"context"
	"fmt"
	"iter"
	"math"

	"tapline/warehouse"
)

// pageEntries is how many quarantine entries are read at a time.
const pageEntries = 1000

// An entry is a quarantine entry and where it lies, which orders entries that are
// the same otherwise.
type entry struct {
	warehouse.Entry
	ctid string
}

// Quarantined yields the entries that match, by load, row and column. A
// transaction is open only while a page of them is read, so that the caller may
// amend and purge on the way.
func (w *Warehouse) Quarantined(ctx context.Context, f warehouse.Filter) iter.Seq2[warehouse.Entry, error] {
	return func(yield func(warehouse.Entry, error) bool) {
		var after *entry
		for left := limitOf(f); left > 0; {
			page, err := w.page(ctx, f, min(left, pageEntries), after)
			if err != nil {
				yield(warehouse.Entry{}, fmt.Errorf("postgres: quarantine: %w", err))
				return
			}
			for _, e := range page {
				if !yield(e.Entry, nil) {
					return
				}
			}
			if len(page) < pageEntries {
				return
			}
			left -= int64(len(page))
			after = &page[len(page)-1]
		}
	}
}

func (w *Warehouse) page(ctx context.Context, f warehouse.Filter, size int64, after *entry) ([]entry, error) {
	args := append(filterArgs(f), size, nil, nil, nil, nil)
	if after != nil {
		copy(args[9:], []any{after.Load, after.Row, after.Column, after.ctid})
	}
	var page []entry
	err := w.reading(ctx, func(t *tx) error {
		var e entry
		dest := []any{
			&e.ctid, &e.Load, &e.Slice, &e.Table, &e.Row, &e.Column, &e.Source, &e.Reason, &e.Place, &e.Raw, &e.QuarantinedAt,
		}
		return t.rows(ctx, "quarantine_list", nil, args, dest, func() error {
			page = append(page, e)
			return nil
		})
	})
	return page, err
}

// filterArgs are the parameters $1 to $8 of the statements that take a filter.
func filterArgs(f warehouse.Filter) []any {
	var before any
	if !f.Before.IsZero() {
		before = f.Before
	}
	return []any{f.Pipeline, f.Table, f.Load, f.Slice, f.Column, f.Reason, before, f.FromRow}
}

func limitOf(f warehouse.Filter) int64 {
	if f.Limit > 0 {
		return f.Limit
	}
	return math.MaxInt64
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
		return t.row(ctx, "purge", nil, append(filterArgs(f), limitOf(f)), &purged)
	})
	if err != nil {
		return 0, fmt.Errorf("postgres: purge: %w", err)
	}
	return purged, nil
}

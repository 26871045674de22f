package bigquery

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"tapline/warehouse"
)

// Quarantined yields the entries that match, by load, row and column: those
// there are when it begins, so the caller may amend and purge on the way.
func (w *Warehouse) Quarantined(ctx context.Context, f warehouse.Filter) iter.Seq2[warehouse.Entry, error] {
	return func(yield func(warehouse.Entry, error) bool) {
		known, err := w.known(ctx)
		if err == nil && known {
			err = w.ask(ctx, "quarantine_list", nil, filterParams(f), func(r row) error {
				e := warehouse.Entry{
					Load: r.text(), Slice: r.text(), Table: r.text(), Row: r.int(), Column: r.text(),
					Source: r.text(), Reason: r.text(), Place: r.text(), Raw: r.text(), QuarantinedAt: r.time(),
				}
				if r.err == nil && !yield(e, nil) {
					return errStopped
				}
				return r.err
			})
		}
		if err != nil && !isStopped(err) {
			yield(warehouse.Entry{}, fmt.Errorf("bigquery: quarantine: %w", err))
		}
	}
}

func isStopped(err error) bool { return errors.Is(err, errStopped) }

// filterParams are the parameters of the statements that take a filter.
func filterParams(f warehouse.Filter) params {
	before, limit := time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), int64(math.MaxInt64/4)
	if !f.Before.IsZero() {
		before = warehouse.Micros(f.Before)
	}
	if f.Limit > 0 {
		limit = f.Limit
	}
	return params{
		"pipeline": f.Pipeline, "in_table": f.Table, "load": f.Load, "slice": f.Slice, "column": f.Column, "reason": f.Reason,
		"before": before, "from_row": f.FromRow, "limit": limit,
	}
}

// Purge deletes the entries that match, the first f.Limit of them by load, row
// and column, and lets the receipts tell. Entries of one place and column go
// together, so there may be a few more.
func (w *Warehouse) Purge(ctx context.Context, f warehouse.Filter) (int64, error) {
	n, err := w.purge(ctx, f)
	if err != nil {
		return 0, fmt.Errorf("bigquery: purge: %w", err)
	}
	return n, nil
}

func (w *Warehouse) purge(ctx context.Context, f warehouse.Filter) (int64, error) {
	known, err := w.known(ctx)
	if err != nil || !known {
		return 0, err
	}
	w.scripts.Lock()
	defer w.scripts.Unlock()
	sql, err := purgeScript()
	if err != nil {
		return 0, err
	}
	var p pacing
	tried := int64(-1)
	for try := 1; ; try++ {
		n, err := w.number(ctx, "purge_count", nil, filterParams(f))
		switch {
		case err != nil:
			return 0, err
		case tried >= 0 && n != tried:
			return tried, nil // the job whose end was not seen did it
		case n == 0:
			return 0, nil
		}
		all := filterParams(f)
		all["entries"] = n
		_, _, err = w.run(ctx, sql, all.list())
		if err == nil {
			return n, nil
		}
		_, moved := mark(err, "moved")
		if ctx.Err() != nil || try == mostTries || !moved && !isPassing(err) && !errors.Is(err, errGone) {
			return 0, err
		}
		if tried = n; moved {
			tried = -1
		}
		if err := p.pause(ctx, w); err != nil {
			return 0, err
		}
	}
}

func purgeScript() (string, error) {
	s := &script{}
	for _, name := range []string{"purge_guard", "purge_receipts", "purge_delete"} {
		s.add(name, nil)
	}
	return s.sql()
}

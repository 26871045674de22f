//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"tapline/warehouse"
)

// An entry is one with its rowid.
type entry = warehouse.Placed[int64]

// Quarantined yields the entries that match, by load, row and column. The file
// is open only while a page of them is read, so that the caller may amend and
// purge on the way.
func (w *Warehouse) Quarantined(ctx context.Context, f warehouse.Filter) iter.Seq2[warehouse.Entry, error] {
	return warehouse.Entries(f, func(size int64, after *entry) ([]entry, error) {
		page, err := w.page(ctx, f, size, after)
		if err != nil {
			return nil, fmt.Errorf("duckdb: quarantine: %w", err)
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
	err := w.reading(ctx, func(s *session) error {
		if known, err := s.known(ctx); err != nil || !known {
			return err
		}
		var e entry
		dest := []any{
			&e.At, &e.Load, &e.Slice, &e.Table, &e.Row, &e.Column, &e.Source, &e.Reason, &e.Place, &e.Raw, &e.QuarantinedAt,
		}
		_, err := s.rows(ctx, "quarantine_list", nil, args, dest, func() error {
			e.QuarantinedAt = e.QuarantinedAt.UTC()
			page = append(page, e)
			return nil
		})
		return err
	})
	if errors.Is(err, errNoFile) {
		err = nil
	}
	return page, err
}

// Purge deletes the entries that match, the first f.Limit of them by load, row
// and column, and lets the receipts tell.
func (w *Warehouse) Purge(ctx context.Context, f warehouse.Filter) (int64, error) {
	var purged int64
	err := w.existing(ctx, func(s *session) error {
		var err error
		purged, err = s.purge(ctx, f)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("duckdb: purge: %w", err)
	}
	return purged, nil
}

func (s *session) purge(ctx context.Context, f warehouse.Filter) (int64, error) {
	if _, err := s.exec(ctx, "purge_choose", nil, append(f.Args(), f.Most())...); err != nil {
		return 0, err
	}
	if _, err := s.exec(ctx, "purge_receipts", nil); err != nil {
		return 0, err
	}
	n, err := s.exec(ctx, "purge_delete", nil)
	if err == nil && n == 0 {
		err = errUnchanged
	}
	return n, err
}

// existing is writing for operations that have nothing to do where there is no
// file: they do not make one.
func (w *Warehouse) existing(ctx context.Context, f func(*session) error) error {
	err := w.reading(ctx, func(s *session) error { _, err := s.known(ctx); return err })
	if errors.Is(err, errNoFile) {
		return nil
	}
	if err != nil {
		return err
	}
	return w.writing(ctx, access{memory: w.cfg.MemoryLimit, threads: w.readThreads()}, f)
}

//go:build cgo

package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"time"

	"tapline/warehouse"
)

// A query chooses receipts; empty fields choose all.
type query struct {
	pipeline, id, table, slice string
	inForce                    bool
}

// Receipts yields the loads in force: of each slice of each table the newest
// revision. A slice that a later snapshot of another slice displaced is among
// them, since it has been loaded and is not to be loaded again.
func (w *Warehouse) Receipts(ctx context.Context, pipeline string) iter.Seq2[warehouse.Receipt, error] {
	return warehouse.Whole(func() ([]warehouse.Receipt, error) {
		var all []warehouse.Earlier
		err := w.reading(ctx, func(s *session) error {
			known, err := s.known(ctx)
			if err == nil && known {
				all, err = s.receipts(ctx, query{pipeline: pipeline, inForce: true})
			}
			return err
		})
		if err != nil && !errors.Is(err, errNoFile) {
			return nil, fmt.Errorf("duckdb: receipts: %w", err)
		}
		return warehouse.Receipts(all), nil
	})
}

func (s *session) receipts(ctx context.Context, q query) ([]warehouse.Earlier, error) {
	var all []warehouse.Earlier
	var r warehouse.Earlier
	var key string
	var day sql.NullTime
	dest := r.Fields(&key, &day)
	_, err := s.rows(ctx, "receipts", nil, []any{q.pipeline, q.id, q.table, q.slice, q.inForce}, dest, func() error {
		if err := r.ReadKey(key); err != nil {
			return err
		}
		r.Day = time.Time{}
		if day.Valid {
			y, m, d := day.Time.Date()
			r.Day = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		}
		r.ReadAt, r.CommittedAt = r.ReadAt.UTC(), r.CommittedAt.UTC()
		all = append(all, r)
		return nil
	})
	return all, err
}

// writeReceipt makes the load the one in force for its slice.
func (s *session) writeReceipt(ctx context.Context, l warehouse.Load) (warehouse.Receipt, error) {
	if _, err := s.exec(ctx, "receipts_supersede", nil, l.Table, l.Slice, l.ID); err != nil {
		return warehouse.Receipt{}, err
	}
	if l.Mode == warehouse.Snapshot {
		if _, err := s.exec(ctx, "receipts_displace", nil, l.Table, l.Pipeline, l.Slice, l.ID); err != nil {
			return warehouse.Receipt{}, err
		}
	}
	r := l.Receipt(s.w.now())
	args, err := l.ReceiptArgs(r)
	if err == nil {
		_, err = s.exec(ctx, "receipt_insert", nil, args...)
	}
	return r, err
}

//go:build cgo

package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"tapline/warehouse"
)

// A receipt is a warehouse.Receipt and what only this package needs to know.
type receipt struct {
	warehouse.Earlier
	key         []string // of a merge or a history
	displacedBy string   // snapshot of another slice, "" = its rows are there
}

// A query chooses receipts; empty fields choose all.
type query struct {
	pipeline, id, table, slice string
	inForce                    bool
}

// Receipts yields the loads in force: of each slice of each table the newest
// revision. A slice that a later snapshot of another slice displaced is among
// them, since it has been loaded and is not to be loaded again.
func (w *Warehouse) Receipts(ctx context.Context, pipeline string) iter.Seq2[warehouse.Receipt, error] {
	return func(yield func(warehouse.Receipt, error) bool) {
		// All are read before the first is handed on, so that the file is
		// closed while the caller works.
		var all []receipt
		err := w.reading(ctx, func(s *session) error {
			known, err := s.known(ctx)
			if err == nil && known {
				all, err = s.receipts(ctx, query{pipeline: pipeline, inForce: true})
			}
			return err
		})
		if err != nil && !errors.Is(err, errNoFile) {
			yield(warehouse.Receipt{}, fmt.Errorf("duckdb: receipts: %w", err))
			return
		}
		for _, r := range all {
			if !yield(r.Receipt, nil) {
				return
			}
		}
	}
}

func (s *session) receipts(ctx context.Context, q query) ([]receipt, error) {
	var all []receipt
	var r receipt
	var key string
	var day sql.NullTime
	dest := []any{
		&r.ID, &r.Pipeline, &r.Table, &r.Stream, &r.Slice, &r.Revision, &r.Run, &r.Mode, &key, &day,
		&r.ReadAt, &r.CommittedAt, &r.RowsRead, &r.RowsLoaded, &r.RowsQuarantined, &r.CellsQuarantined,
		&r.BytesRead, &r.RowsPurged, &r.CellsPurged, &r.SupersededBy, &r.displacedBy,
	}
	_, err := s.rows(ctx, "receipts", nil, []any{q.pipeline, q.id, q.table, q.slice, q.inForce}, dest, func() error {
		r.key = nil
		if key != "" {
			if err := json.Unmarshal([]byte(key), &r.key); err != nil {
				return fmt.Errorf("receipt %s: merge_key: %w", r.ID, err)
			}
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
	var day any
	if !r.Day.IsZero() {
		day = r.Day.Format(time.DateOnly)
	}
	var key any
	if l.Mode.Keyed() {
		text, err := json.Marshal(l.Key)
		if err != nil {
			return warehouse.Receipt{}, err
		}
		key = string(text)
	}
	_, err := s.exec(ctx, "receipt_insert", nil, r.ID, r.Pipeline, r.Table, r.Stream, r.Slice, r.Revision,
		r.Run, string(r.Mode), key, day, r.ReadAt, r.CommittedAt, r.RowsRead, r.RowsLoaded, r.RowsQuarantined,
		r.CellsQuarantined, r.BytesRead)
	return r, err
}

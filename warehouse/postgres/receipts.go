package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"tapline/warehouse"
)

// A receipt is a warehouse.Receipt and what only this package needs to know.
type receipt struct {
	warehouse.Earlier
	key         []string // of a merge
	displacedBy string   // snapshot of another slice, "" = its rows are there
}

// A query chooses receipts; empty fields choose all.
type query struct {
	pipeline, id, table, slice string
	inForce                    bool
}

// Receipts yields the loads in force: of each slice of each table the newest
// revision. A slice that a later snapshot of another slice displaced is among
// them, since it has been loaded and is not to be loaded again. All are read
// before the first is handed on, so that no transaction stays open meanwhile.
func (w *Warehouse) Receipts(ctx context.Context, pipeline string) iter.Seq2[warehouse.Receipt, error] {
	return func(yield func(warehouse.Receipt, error) bool) {
		var all []receipt
		err := w.reading(ctx, func(t *tx) (err error) {
			all, err = t.receipts(ctx, query{pipeline: pipeline, inForce: true})
			return err
		})
		if err != nil {
			yield(warehouse.Receipt{}, fmt.Errorf("postgres: receipts: %w", err))
			return
		}
		for _, r := range all {
			if !yield(r.Receipt, nil) {
				return
			}
		}
	}
}

func (t *tx) receipts(ctx context.Context, q query) ([]receipt, error) {
	var all []receipt
	var r receipt
	var key string
	var day sql.NullTime
	dest := []any{
		&r.ID, &r.Pipeline, &r.Table, &r.Stream, &r.Slice, &r.Revision, &r.Run, &r.Mode, &key, &day,
		&r.ReadAt, &r.CommittedAt, &r.RowsRead, &r.RowsLoaded, &r.RowsQuarantined, &r.CellsQuarantined,
		&r.BytesRead, &r.RowsPurged, &r.CellsPurged, &r.SupersededBy, &r.displacedBy,
	}
	err := t.rows(ctx, "receipts", nil, []any{q.pipeline, q.id, q.table, q.slice, q.inForce}, dest, func() error {
		r.key = nil
		if key != "" {
			if err := json.Unmarshal([]byte(key), &r.key); err != nil {
				return fmt.Errorf("receipt %s: merge_key: %w", r.ID, err)
			}
		}
		r.Day = day.Time
		all = append(all, r)
		return nil
	})
	return all, err
}

// earlier returns all receipts of the load's slice.
func (t *tx) earlier(ctx context.Context, l warehouse.Load) ([]warehouse.Earlier, error) {
	all, err := t.receipts(ctx, query{table: l.Table, slice: l.Slice})
	list := make([]warehouse.Earlier, len(all))
	for i, r := range all {
		list[i] = r.Earlier
	}
	return list, err
}

// writeReceipt makes the load the one in force for its slice.
func (t *tx) writeReceipt(ctx context.Context, l warehouse.Load, g growth) (warehouse.Receipt, error) {
	if _, err := t.exec(ctx, "receipts_supersede", nil, l.Table, l.Slice, l.ID); err != nil {
		return warehouse.Receipt{}, err
	}
	if l.Mode == warehouse.Snapshot {
		if _, err := t.exec(ctx, "receipts_displace", nil, l.Table, l.Pipeline, l.Slice, l.ID); err != nil {
			return warehouse.Receipt{}, err
		}
	}
	r := l.Receipt(t.w.now())
	var day, key any
	if !r.Day.IsZero() {
		day = r.Day.Format(time.DateOnly)
	}
	if l.Mode.Keyed() {
		text, err := json.Marshal(l.Key)
		if err != nil {
			return warehouse.Receipt{}, err
		}
		key = string(text)
	}
	_, err := t.exec(ctx, "receipt_insert", nil, r.ID, r.Pipeline, r.Table, r.Stream, r.Slice, r.Revision,
		r.Run, string(r.Mode), key, day, r.ReadAt, r.CommittedAt, r.RowsRead, r.RowsLoaded, r.RowsQuarantined,
		r.CellsQuarantined, r.BytesRead, g.rows, g.event())
	return r, err
}

// event is the newest event as a parameter.
func (g growth) event() any {
	if g.newest == nil {
		return nil
	}
	return *g.newest
}

package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"iter"

	"tapline/warehouse"
)

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
	return warehouse.Whole(func() ([]warehouse.Receipt, error) {
		var all []warehouse.Earlier
		err := w.reading(ctx, func(t *tx) (err error) {
			all, err = t.receipts(ctx, query{pipeline: pipeline, inForce: true})
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("postgres: receipts: %w", err)
		}
		return warehouse.Receipts(all), nil
	})
}

func (t *tx) receipts(ctx context.Context, q query) ([]warehouse.Earlier, error) {
	var all []warehouse.Earlier
	var r warehouse.Earlier
	var key string
	var day sql.NullTime
	dest := r.Fields(&key, &day)
	err := t.rows(ctx, "receipts", nil, []any{q.pipeline, q.id, q.table, q.slice, q.inForce}, dest, func() error {
		if err := r.ReadKey(key); err != nil {
			return err
		}
		r.Day = day.Time
		all = append(all, r)
		return nil
	})
	return all, err
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
	args, err := l.ReceiptArgs(r)
	if err == nil {
		_, err = t.exec(ctx, "receipt_insert", nil, append(args, g.rows, g.event())...)
	}
	return r, err
}

// event is the newest event as a parameter.
func (g growth) event() any {
	if g.newest == nil {
		return nil
	}
	return *g.newest
}

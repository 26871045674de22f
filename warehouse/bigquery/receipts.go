package bigquery

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	bq "cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"

	"tapline/warehouse"
)

// A receipt is a warehouse.Receipt and what only this package needs to know.
type receipt struct {
	warehouse.Earlier
	inTable int64 // all receipts of its table, where that was asked
	beside  int64 // those of other slices that may have rows on its day, likewise
	late    int64 // those of loads read no earlier, or in another mode than history, likewise
}

// Receipts yields the loads in force: of each slice of each table the newest
// revision. A slice that a later snapshot of another slice displaced is among
// them, since it has been loaded and is not to be loaded again.
func (w *Warehouse) Receipts(ctx context.Context, pipeline string) iter.Seq2[warehouse.Receipt, error] {
	return warehouse.Whole(func() ([]warehouse.Receipt, error) {
		all, err := w.earlierLoads(ctx, pipeline, "", true)
		if err != nil {
			return nil, fmt.Errorf("bigquery: receipts: %w", err)
		}
		return warehouse.Receipts(all), nil
	})
}

// earlierLoads are receipts without what only some statements tell.
func (w *Warehouse) earlierLoads(ctx context.Context, pipeline, load string, inForce bool) ([]warehouse.Earlier, error) {
	all, err := w.receipts(ctx, pipeline, load, inForce)
	list := make([]warehouse.Earlier, len(all))
	for i, r := range all {
		list[i] = r.Earlier
	}
	return list, err
}

// receipts are those of a pipeline, and of one load; "" = all.
func (w *Warehouse) receipts(ctx context.Context, pipeline, load string, inForce bool) ([]receipt, error) {
	known, err := w.known(ctx)
	if err != nil || !known {
		return nil, err
	}
	return w.scanReceipts(ctx, "receipts", map[string]any{"InForce": inForce}, params{"pipeline": pipeline, "load": load})
}

func (w *Warehouse) scanReceipts(ctx context.Context, name string, data any, p params) ([]receipt, error) {
	var all []receipt
	err := w.ask(ctx, name, data, p, func(r row) error {
		x := receipt{}
		x.ID, x.Pipeline, x.Table, x.Stream, x.Slice = r.text(), r.text(), r.text(), r.text(), r.text()
		x.Revision, x.Run, x.Mode = r.text(), r.text(), warehouse.Mode(r.text())
		key := r.text()
		x.Day, x.ReadAt, x.CommittedAt = r.day(), r.time(), r.time()
		x.RowsRead, x.RowsLoaded, x.RowsQuarantined, x.CellsQuarantined = r.int(), r.int(), r.int(), r.int()
		x.BytesRead, x.RowsPurged, x.CellsPurged = r.int(), r.int(), r.int()
		x.SupersededBy, x.DisplacedBy, x.inTable = r.text(), r.text(), r.int()
		x.beside, x.late = r.int(), r.int()
		if err := x.ReadKey(key); err != nil {
			return err
		}
		all = append(all, x)
		return r.err
	})
	return all, err
}

// An earlier is what the warehouse remembers of a slice before a load.
type earlier struct {
	slice   []warehouse.Earlier
	inTable int64 // receipts of the table in all
	beside  int64 // receipts of other slices that may have rows on its day
	late    int64 // receipts of loads read no earlier, or in another mode than history
}

func (w *Warehouse) earlier(ctx context.Context, l warehouse.Load) (earlier, error) {
	all, err := w.scanReceipts(ctx, "receipts_slice", nil, params{"in_table": l.Table, "slice": l.Slice, "day": dayParam(l.Day), "read_at": warehouse.Micros(l.ReadAt)})
	var e earlier
	for _, r := range all {
		e.inTable, e.beside, e.late = r.inTable, r.beside, r.late
		if r.Slice == l.Slice {
			e.slice = append(e.slice, r.Earlier)
		}
	}
	return e, err
}

// loadParams are the parameters that the statements of a load take. A day that
// is none is 0001-01-01: the client cannot read a job back of which a date is
// NULL, and so cannot tell whose job it is.
func loadParams(l warehouse.Load, r warehouse.Receipt) (params, error) {
	p := params{
		"load": r.ID, "pipeline": r.Pipeline, "in_table": r.Table, "stream": r.Stream, "slice": r.Slice, "revision": r.Revision,
		"run": r.Run, "mode": string(r.Mode), "read_at": r.ReadAt, "committed_at": r.CommittedAt,
		"rows_read": r.RowsRead, "rows_loaded": r.RowsLoaded, "rows_quarantined": r.RowsQuarantined,
		"cells_quarantined": r.CellsQuarantined, "bytes_read": r.BytesRead,
		"day": civil.DateOf(r.Day), "merge_key": bq.NullString{},
	}
	if l.Mode.Keyed() {
		key, err := json.Marshal(l.Key)
		if err != nil {
			return nil, err
		}
		p["merge_key"] = bq.NullString{StringVal: string(key), Valid: true}
	}
	return p, nil
}

// dayParam is a slice's day; the zero time is NULL.
func dayParam(day time.Time) bq.NullDate {
	return bq.NullDate{Date: civil.DateOf(day), Valid: !day.IsZero()}
}

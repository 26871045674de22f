package bigquery

import (
	"context"
	"errors"
	"fmt"

	bq "cloud.google.com/go/bigquery"
	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

// scope is what a load's commit must not share with another: its slice, or all
// of its table where rows of other slices may go too.
func (x *loading) scope() (n int64, names []string) {
	if x.l.Mode == warehouse.Replace {
		return int64(len(x.earlier.slice)), []string{x.l.Table, x.l.Slice}
	}
	return x.earlier.inTable, []string{x.l.Table}
}

// commit makes the load the one in force for its slice, with all that is still
// to be moved, in one transaction. Errors: errMoved, errMissing.
func (x *loading) commit(ctx context.Context) (warehouse.Receipt, error) {
	none := warehouse.Receipt{}
	r := x.l.Receipt(x.w.cfg.Now())
	sql, p, err := x.script(r)
	if err != nil {
		return none, err
	}
	if x.mutates() {
		x.w.scripts.Lock()
		defer x.w.scripts.Unlock()
	}
	n, names := x.scope()
	s := x.w.newSlot("commit", n, names...)
	var pace pacing
	for attempt, tries := 0, 0; ; attempt++ {
		over, err := x.w.isOver(ctx, s.attempt(attempt))
		if err != nil {
			return none, err
		}
		if !over {
			if err = x.runScript(ctx, s.attempt(attempt), sql, p); err == nil {
				return r, nil
			}
			if ctx.Err() != nil {
				return none, ctx.Err()
			}
		}
		// Whatever a job says of itself, the receipts tell what it did.
		done, lerr := x.look(ctx)
		if done != nil || lerr != nil {
			return deref(done), lerr
		}
		if over {
			continue
		}
		if tries++; tries == mostTries || !isPassing(err) && !errors.Is(err, errGone) && !errors.Is(err, errMoved) {
			return none, x.explainCommit(ctx, err)
		}
		if err := pace.pause(ctx, x.w); err != nil {
			return none, err
		}
	}
}

// isOver reports whether there is a job of that id, of another call or of one
// that died, and waits until it is over.
func (w *Warehouse) isOver(ctx context.Context, id string) (bool, error) {
	job, err := w.lookup(ctx, id)
	if errors.Is(err, errNoJob) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if _, err := w.wait(ctx, job); err != nil && !errors.Is(err, errGone) {
		return false, err
	}
	return true, nil
}

func deref(r *warehouse.Receipt) warehouse.Receipt {
	if r == nil {
		return warehouse.Receipt{}
	}
	return *r
}

// mutates reports whether the transaction changes rows of tables that other
// loads change too. BigQuery lets one such transaction of a table live, while
// any number may add rows.
func (x *loading) mutates() bool {
	return len(x.earlier.slice) > 0 || x.l.Mode == warehouse.Snapshot || x.l.Mode == warehouse.History
}

// look reads the receipts again: the load's own, if it is in force, or errMoved
// when there are others than before.
func (x *loading) look(ctx context.Context) (*warehouse.Receipt, error) {
	e, err := x.w.earlier(ctx, x.l)
	if err != nil {
		return nil, err
	}
	for _, r := range e.slice {
		if r.ID == x.l.ID && r.SupersededBy == "" {
			return &r.Receipt, nil
		}
	}
	now := *x
	now.earlier = e
	before, _ := x.scope()
	if after, _ := now.scope(); before != after || len(e.slice) != len(x.earlier.slice) {
		return nil, errMoved
	}
	return nil, nil
}

// runScript runs the transaction as one job under an id. Errors: errMoved when
// the job under that id is of another call.
func (x *loading) runScript(ctx context.Context, id, sql string, p params) error {
	labels := map[string]string{labelLoad: loadLabel(x.l.ID), labelCall: x.call}
	q, err := x.w.newQuery(ctx, id, sql, labels)
	if err != nil {
		return err
	}
	q.Parameters = p.list()
	job, err := x.w.submit(ctx, id, q.Run)
	if err != nil {
		return err
	}
	if !isCallOf(job, x.call) {
		if _, err := x.w.wait(ctx, job); err != nil && !errors.Is(err, errGone) {
			return err
		}
		return errMoved
	}
	_, err = x.w.finish(ctx, job)
	return err
}

// script is the transaction of the load.
func (x *loading) script(r warehouse.Receipt) (string, params, error) {
	s, p, err := x.statements(r)
	if err != nil {
		return "", nil, err
	}
	sql, err := s.sql()
	return sql, p, err
}

// statements are those of the transaction.
func (x *loading) statements(r warehouse.Receipt) (*script, params, error) {
	p, err := loadParams(x.l, r)
	if err != nil {
		return nil, nil, err
	}
	p["receipts"], _ = x.scope()
	s := &script{}
	s.add("guard", map[string]any{"Slice": x.l.Mode == warehouse.Replace})
	if x.aside != "" {
		s.add("quarantine_check", map[string]any{"Stage": x.aside})
	}
	if x.table != nil {
		x.scriptRows(s)
	}
	snapshot := x.l.Mode == warehouse.Snapshot
	if len(x.earlier.slice) > 0 || snapshot && x.earlier.inTable > 0 {
		s.add("quarantine_delete", map[string]any{"All": snapshot})
	}
	if x.aside != "" {
		s.add("stage_insert", insertData(warehouse.TableQuarantine, warehouse.QuarantineColumns(), x.aside))
	}
	if len(x.earlier.slice) > 0 {
		s.add("receipts_supersede", nil)
	}
	if snapshot && x.earlier.inTable > 0 {
		s.add("receipts_displace", nil)
	}
	s.add("receipt_insert", nil)
	return s, p, nil
}

// scriptRows adds what is to be done to the load's table.
func (x *loading) scriptRows(s *script) {
	rows := map[string]any{"Table": x.l.Table, "Filter": x.table.filter(x.inPartition())}
	if x.applied {
		s.add("applied_check", rows)
		return
	}
	if x.stage != "" {
		s.add("stage_check", map[string]any{"Stage": x.stage})
		for _, i := range x.inexact() {
			s.add("exact_check", map[string]any{"Stage": x.stage, "Column": x.l.Columns[i].Name, "Index": i})
		}
	}
	if x.l.Mode == warehouse.History {
		x.scriptHistory(s)
		return
	}
	every := map[string]any{"Table": x.l.Table, "Filter": x.table.filter(false)}
	if x.l.Mode == warehouse.Snapshot && x.earlier.inTable > 0 {
		s.add("pipeline_delete", every)
	}
	if x.remove {
		s.add("slice_delete", rows)
	}
	if x.stage == "" {
		return
	}
	if x.l.Pulled != nil {
		s.addPulled(x.l.Table, *x.l.Pulled)
	} else {
		s.add("stage_insert", insertData(x.l.Table, x.l.Columns, x.stage))
	}
	if x.l.Mode == warehouse.Merge {
		s.add("merge_settle", x.table.merging(x.l.Key))
	}
}

func insertData(table string, columns []warehouse.Column, stage string) map[string]any {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return map[string]any{"Table": table, "Columns": names, "Stage": stage}
}

// A keyColumn is a column of a merge's key. BigQuery partitions by no floating
// numbers, so they are compared as text.
type keyColumn struct {
	Name string
	Text bool
}

// merging is what merge_settle is rendered with.
func (t *target) merging(key []string) map[string]any {
	columns := make([]keyColumn, len(key))
	for i, name := range key {
		columns[i].Name = name
		if j, ok := t.index[name]; ok {
			columns[i].Text = t.columns[j].Type.ID() == arrow.FLOAT64
		}
	}
	return map[string]any{"Table": t.name, "Filter": t.filter(false), "Key": columns}
}

// explainCommit says why a transaction ended itself, or what BigQuery says.
func (x *loading) explainCommit(ctx context.Context, err error) error {
	l := x.l
	if n, ok := mark(err, "count"); ok {
		return countError(n, l.RowsLoaded, l.RowsRead)
	}
	if n, ok := mark(err, "quarantine"); ok {
		n = append(n, 0, 0, 0)
		if n[2] > 0 && n[0] == l.RowsQuarantined && n[1] == l.CellsQuarantined {
			return fmt.Errorf("%w: %d quarantine entries name another table, slice or place than the load's", warehouse.ErrCount, n[2])
		}
		return fmt.Errorf("%w: the quarantine parts hold %d rows and %d cells of the load, it speaks of %d and %d",
			warehouse.ErrCount, n[0], n[1], l.RowsQuarantined, l.CellsQuarantined)
	}
	if n, ok := mark(err, "inexact"); ok && len(n) > 0 && n[0] < int64(len(l.Columns)) {
		return &warehouse.SchemaError{Table: l.Table, Column: l.Columns[n[0]].Name, Have: "float64", Want: "int64",
			Reason: "integers of the parts are beyond 2^53 and would lose digits"}
	}
	if _, ok := mark(err, "moved"); ok {
		return errMoved
	}
	if _, ok := mark(err, "missing"); ok {
		return errMissing
	}
	var failed *bq.Error
	if errors.As(err, &failed) && isContention(err) {
		return fmt.Errorf("%w: other transactions changed the table or the receipts again and again; the next run finishes: %w", warehouse.ErrConflict, err)
	}
	return x.w.explain(ctx, "bigquery.tables.updateData", err)
}

// countError says what is wrong with rows, by the numbers of a check: rows,
// those that carry another load's marks, and places.
func countError(n []int64, loaded, read int64) error {
	n = append(n, 0, 0, 0)
	switch {
	case n[0] != loaded:
		return fmt.Errorf("%w: the parts hold %d rows, the load speaks of %d", warehouse.ErrCount, n[0], loaded)
	case n[1] > 0:
		return fmt.Errorf("%w: %d rows of the parts carry another slice, load or time of reading than the load's", warehouse.ErrCount, n[1])
	}
	return fmt.Errorf("%w: the %d rows of the parts take %d places below %d", warehouse.ErrCount, n[0], n[2], read)
}

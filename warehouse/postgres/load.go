package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tapline/warehouse"
)

// Load makes the load's rows those of its slice, in one transaction that also
// checks all counts and writes the receipt. A table that does not exist is an
// ErrNotExist, unless the load has no parts. When the connection is lost at the
// commit, the receipt is looked up before anything is said.
func (w *Warehouse) Load(ctx context.Context, l warehouse.Load) (warehouse.Receipt, error) {
	r, err := w.load(ctx, l)
	if err != nil {
		return warehouse.Receipt{}, fmt.Errorf("postgres: load %s into %s: %w", l.Slice, l.Table, err)
	}
	return r, nil
}

func (w *Warehouse) load(ctx context.Context, l warehouse.Load) (warehouse.Receipt, error) {
	if err := l.Check(); err != nil {
		return warehouse.Receipt{}, err
	}
	if err := checkShape(l.Table, l.Columns); err != nil {
		return warehouse.Receipt{}, err
	}
	local, err := warehouse.Localize(ctx, w.cfg.TempDir, l.Parts, l.Quarantine)
	if err != nil {
		return warehouse.Receipt{}, err
	}
	defer local.Remove()
	parts, quarantine := local.Lists[0], local.Lists[1]
	if err := w.divide(ctx, l, parts); err != nil {
		return warehouse.Receipt{}, err
	}
	var r warehouse.Receipt
	err = w.altering(ctx, l.Table, func(t *tx) (err error) {
		r, err = t.load(ctx, l, parts, quarantine)
		return err
	})
	var lost *outcomeError
	if errors.As(err, &lost) {
		return w.outcome(ctx, l, lost)
	}
	return r, err
}

// outcomeWait is how long a server that went away at the commit may take to come
// back.
const outcomeWait = 15 * time.Second

// outcome finds out whether a load whose commit was not answered is done. It
// takes the table's lock first: then the other session is over. It does so even
// when the run was interrupted meanwhile: the load may be done.
func (w *Warehouse) outcome(ctx context.Context, l warehouse.Load, lost *outcomeError) (warehouse.Receipt, error) {
	if ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx)
	}
	patience, cancel := context.WithTimeout(ctx, outcomeWait)
	defer cancel()
	for {
		var done *warehouse.Receipt
		err := w.within(patience, mode{}, func(t *tx) error {
			if err := t.lock(patience, l.Table); err != nil {
				return err
			}
			earlier, err := t.receipts(patience, query{table: l.Table, slice: l.Slice})
			if err == nil {
				done, err = l.Settled(earlier)
			}
			if err == nil {
				err = errUnchanged
			}
			return err
		})
		switch {
		case done != nil:
			return *done, nil
		case err == nil:
			return warehouse.Receipt{}, fmt.Errorf("%s: %w: the connection was lost at the commit, and nothing of it is visible; run again: %s",
				w.where(), warehouse.ErrUnreachable, lostReason(lost.err))
		case errors.Is(err, warehouse.ErrConflict):
			return warehouse.Receipt{}, err
		}
		select {
		case <-patience.Done():
			return warehouse.Receipt{}, fmt.Errorf(
				"%s: %w: the connection was lost at the commit, and whether it is done is not known yet; run again, which finds out: %s",
				w.where(), warehouse.ErrUnreachable, lostReason(lost.err))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (t *tx) load(ctx context.Context, l warehouse.Load, parts, quarantine []warehouse.LocalPart) (warehouse.Receipt, error) {
	earlier, err := t.receipts(ctx, query{table: l.Table, slice: l.Slice})
	if err != nil {
		return warehouse.Receipt{}, err
	}
	done, err := l.Settled(earlier)
	if err != nil {
		return warehouse.Receipt{}, err
	}
	if done != nil {
		return *done, errUnchanged
	}
	g, err := t.replaceRows(ctx, l, parts, len(earlier) > 0)
	if err != nil {
		return warehouse.Receipt{}, err
	}
	if err := t.replaceQuarantine(ctx, l, quarantine, len(earlier) > 0); err != nil {
		return warehouse.Receipt{}, err
	}
	return t.writeReceipt(ctx, l, g)
}

// A growth is what a load did to its table.
type growth struct {
	rows   int64      // inserted less deleted
	newest *time.Time // of the events among its rows
}

// replaceRows puts the parts' rows where older rows of the slice were. Rows come
// with receipts only, in one transaction, so a slice without a receipt has none
// to remove.
func (t *tx) replaceRows(ctx context.Context, l warehouse.Load, parts []warehouse.LocalPart, again bool) (growth, error) {
	var g growth
	_, have, found, err := t.ours(ctx, l.Table)
	switch {
	case err != nil:
		return g, err
	case !found && len(parts) == 0 && l.RowsLoaded == 0:
		return g, nil
	case !found:
		return g, fmt.Errorf("%w: it was not made, or dropped meanwhile", warehouse.ErrNotExist)
	}
	if l.Mode == warehouse.Snapshot {
		n, err := t.exec(ctx, "pipeline_delete", data{"Table": l.Table}, l.Table, l.Pipeline)
		if err != nil {
			return g, err
		}
		g.rows -= n
	}
	if l.Mode == warehouse.History {
		if err := warehouse.CheckHistory(l.Table, plain(have)); err != nil {
			return g, err
		}
	}
	if again {
		n, err := t.forget(ctx, l)
		if err != nil {
			return g, err
		}
		g.rows -= n
	}
	if len(parts) == 0 {
		return g, wrongCount(0, l.RowsLoaded)
	}
	targets, err := targetsOf(l.Table, have, l.Columns)
	if err != nil {
		return g, err
	}
	n, newest, err := t.insert(ctx, l, parts, targets)
	g.rows += n
	g.newest = newest
	return g, err
}

// targetsOf returns the columns of the table that a load names.
func targetsOf(table string, have []column, load []warehouse.Column) ([]column, error) {
	var targets []column
	for _, c := range load {
		i := indexOf(have, c.Name)
		switch {
		case i < 0:
			return nil, &warehouse.SchemaError{Table: table, Column: c.Name, Reason: "the table does not have it; it may have been dropped"}
		case !have[i].holds(c.Type):
			return nil, have[i].misfit(table, c.Type)
		}
		targets = append(targets, have[i])
	}
	return targets, nil
}

// insert sends the rows of the parts and makes sure that they are the load's, once
// each. It returns by how many rows the table grew.
func (t *tx) insert(ctx context.Context, l warehouse.Load, parts []warehouse.LocalPart, targets []column) (int64, *time.Time, error) {
	s := newStream(ctx, l.Table, parts, targets, l.Columns)
	p := newInspector(l.ID, l.Slice, warehouse.Micros(l.ReadAt).UnixMicro(), l.RowsRead)
	s.look = p.look
	table := l.Table
	if l.Mode.Keyed() {
		if err := t.stage(ctx, l.Table, targets); err != nil {
			return 0, nil, err
		}
		table = staged
	}
	n, err := t.copyIn(ctx, s, table, l.Mode.Keyed())
	if err == nil {
		err = wrongCount(n, l.RowsLoaded)
	}
	switch {
	case err != nil:
	case l.Mode == warehouse.Merge:
		n, err = t.merge(ctx, l.Table, keyOf(l.Key, targets), targets)
	case l.Mode == warehouse.History:
		n, err = t.addHistory(ctx, l.Table, keyOf(l.Key, targets), targets)
	}
	return n, p.event(), err
}

// event is the newest event, nil = none.
func (p *inspector) event() *time.Time {
	if !p.dated {
		return nil
	}
	at := time.UnixMicro(p.newest).UTC()
	return &at
}

func wrongCount(have, want int64) error {
	if have == want {
		return nil
	}
	return fmt.Errorf("%w: the parts hold %d rows, the load speaks of %d", warehouse.ErrCount, have, want)
}

// replaceQuarantine does the same for rows and cells kept aside, and counts them.
func (t *tx) replaceQuarantine(ctx context.Context, l warehouse.Load, parts []warehouse.LocalPart, again bool) error {
	if again || l.Mode == warehouse.Snapshot {
		_, err := t.exec(ctx, "quarantine_delete", nil, l.Table, l.Slice, l.Pipeline, l.Mode == warehouse.Snapshot)
		if err != nil {
			return err
		}
	}
	var sent int64
	if len(parts) > 0 {
		columns, err := t.columns(ctx, warehouse.TableQuarantine)
		if err == nil {
			s := newStream(ctx, warehouse.TableQuarantine, parts, columns, warehouse.QuarantineColumns())
			sent, err = t.copyIn(ctx, s, warehouse.TableQuarantine, false)
		}
		if err != nil {
			return err
		}
	}
	var rows, cells, foreign int64
	err := t.row(ctx, "quarantine_count", nil, []any{l.ID, l.Table, l.Slice, l.RowsRead}, &rows, &cells, &foreign)
	switch {
	case err != nil:
		return err
	case rows != l.RowsQuarantined || cells != l.CellsQuarantined || sent != rows+cells:
		return fmt.Errorf("%w: the quarantine parts hold %d rows and %d cells of the load among %d entries, it speaks of %d and %d",
			warehouse.ErrCount, rows, cells, sent, l.RowsQuarantined, l.CellsQuarantined)
	case foreign > 0:
		return fmt.Errorf("%w: %d quarantine entries name another table, slice or place than the load's", warehouse.ErrCount, foreign)
	}
	return nil
}

// staged is the temporary table for rows on their way.
const staged = "_tapline_staged"

// stage makes the temporary table with these columns.
func (t *tx) stage(ctx context.Context, table string, columns []column) error {
	_, err := t.exec(ctx, "staged_create", data{"Table": table, "Columns": namesOf(columns)})
	return err
}

// merge puts the staged rows into the table, and keeps of each key the row that
// was read last. It returns by how many rows the table grew.
func (t *tx) merge(ctx context.Context, table string, key []string, columns []column) (int64, error) {
	d := data{"Table": table, "Key": key, "Columns": namesOf(columns)}
	if err := t.index(ctx, table, key); err != nil {
		return 0, err
	}
	var grown int64
	for _, step := range []struct {
		name string
		sign int64 // what a row that it touches is to the table
	}{
		{"merge_within", 0}, {"staged_analyze", 0}, {"merge_yield", 0}, {"merge_forget", -1}, {"staged_insert", 1},
	} {
		n, err := t.exec(ctx, step.name, d)
		if err != nil {
			return 0, err
		}
		grown += step.sign * n
	}
	return grown, nil
}

// keyOf returns the names of the key's columns as the table writes them.
func keyOf(key []string, columns []column) []string {
	var names []string
	for _, k := range key {
		for _, c := range columns {
			if strings.EqualFold(c.Name, k) {
				names = append(names, c.Name)
			}
		}
	}
	return names
}

func namesOf(columns []column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

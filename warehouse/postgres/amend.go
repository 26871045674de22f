package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

// Amend moves entries of a load out of the quarantine into the table, in one
// transaction. Entries that are no longer there are left alone, rows and cells
// alike. In a merge, a row that has become readable gives way to a newer one of
// its key, as any other; in a history it takes its place among the others.
func (w *Warehouse) Amend(ctx context.Context, a warehouse.Amendment) (warehouse.Receipt, error) {
	r, err := w.amend(ctx, a)
	if err != nil {
		return warehouse.Receipt{}, fmt.Errorf("postgres: amend load %s in %s: %w", a.Load, a.Table, err)
	}
	return r, nil
}

func (w *Warehouse) amend(ctx context.Context, a warehouse.Amendment) (warehouse.Receipt, error) {
	if err := checkShape(a.Table, a.Columns); err != nil {
		return warehouse.Receipt{}, err
	}
	local, err := warehouse.Localize(ctx, w.cfg.TempDir, a.Parts)
	if err != nil {
		return warehouse.Receipt{}, err
	}
	defer local.Remove()
	if err := w.divide(ctx, warehouse.Load{Table: a.Table}, local.Lists[0]); err != nil {
		return warehouse.Receipt{}, err
	}
	var r warehouse.Receipt
	err = w.altering(ctx, a.Table, func(t *tx) (err error) {
		r, err = t.amend(ctx, a, local.Lists[0])
		return err
	})
	return r, err
}

func (t *tx) amend(ctx context.Context, a warehouse.Amendment, parts []warehouse.LocalPart) (warehouse.Receipt, error) {
	var none warehouse.Receipt
	r, err := a.Of(func(load string) ([]warehouse.Earlier, error) { return t.receipts(ctx, query{id: load}) })
	if err != nil {
		return none, err
	}
	_, have, found, err := t.ours(ctx, a.Table)
	if err != nil {
		return none, err
	}
	if !found {
		return none, warehouse.ErrNotExist
	}
	columns := written(have)
	if err := t.stage(ctx, a.Table, columns); err != nil {
		return none, err
	}
	rows, newest, err := t.amendRows(ctx, a, r, parts, have)
	if err != nil {
		return none, err
	}
	cells, err := t.amendCells(ctx, a, r, have)
	if err != nil {
		return none, err
	}
	if rows == 0 && cells == 0 {
		return r.Receipt, errUnchanged
	}
	grown, err := t.settleAmended(ctx, a, r, columns, have)
	if err != nil {
		return none, err
	}
	if _, err := t.exec(ctx, "receipt_count", nil, a.Load, rows, cells, grown, growth{newest: newest}.event()); err != nil {
		return none, err
	}
	r.RowsLoaded, r.RowsQuarantined, r.CellsQuarantined = r.RowsLoaded+rows, r.RowsQuarantined-rows, r.CellsQuarantined-cells
	return r.Receipt, nil
}

// settleAmended puts the staged rows into the table. In a merge the rows whose
// cells changed are taken out and merged with them: their key may be another. It
// returns by how many rows the table grew.
func (t *tx) settleAmended(ctx context.Context, a warehouse.Amendment, r warehouse.Earlier, columns, have []column) (int64, error) {
	d := data{"Table": a.Table, "Columns": namesOf(columns)}
	if len(r.Key) == 0 {
		return t.exec(ctx, "staged_insert", d)
	}
	var places []int64
	for _, c := range a.Cells {
		places = append(places, c.Row)
	}
	if r.Mode == warehouse.History {
		return t.amendHistory(ctx, newHistory(a.Table, keyOf(r.Key, columns), have, columns), r, places)
	}
	taken, err := t.exec(ctx, "merge_take", d, r.Slice, a.Load, places)
	if err != nil {
		return 0, err
	}
	grown, err := t.merge(ctx, a.Table, keyOf(r.Key, columns), columns)
	return grown - taken, err
}

// written are the columns whose values the database does not compute.
func written(have []column) []column {
	var list []column
	for _, c := range have {
		if !c.generated {
			list = append(list, c)
		}
	}
	return list
}

// amendRows stages the rows whose entries are still there and deletes those.
func (t *tx) amendRows(ctx context.Context, a warehouse.Amendment, r warehouse.Earlier, parts []warehouse.LocalPart, have []column) (int64, *time.Time, error) {
	if len(parts) == 0 {
		return 0, nil, wrongCount(0, int64(len(a.Rows)))
	}
	targets, err := targetsOf(a.Table, have, a.Columns)
	if err != nil {
		return 0, nil, err
	}
	s := newStream(ctx, a.Table, parts, targets, a.Columns)
	p := newInspector(a.Load, r.Slice, r.ReadAt.UnixMicro(), r.RowsRead)
	s.look = p.look
	if _, err := t.copyIn(ctx, s, staged, true); err != nil {
		return 0, nil, err
	}
	var strange int64
	if err := t.row(ctx, "amend_strange", nil, []any{a.Rows}, &strange); err != nil {
		return 0, nil, err
	}
	if strange > 0 {
		return 0, nil, fmt.Errorf("%w: %d rows are to become rows, and the parts hold others", warehouse.ErrCount, len(a.Rows))
	}
	gone, err := t.exec(ctx, "amend_keep", nil, a.Load, a.Table)
	if err != nil {
		return 0, nil, err
	}
	n := s.rows - gone
	released, err := t.exec(ctx, "amend_release", nil, a.Load, a.Table)
	if err == nil && released != n {
		err = fmt.Errorf("%w: %d rows stand for %d quarantine entries", warehouse.ErrCount, n, released)
	}
	return n, p.event(), err
}

// mostCells is how many cells one statement sets.
const mostCells = 10_000

// amendCells sets the cells whose entries are still there and deletes those.
func (t *tx) amendCells(ctx context.Context, a warehouse.Amendment, r warehouse.Earlier, have []column) (int64, error) {
	var order []string
	places, values := make(map[string][]int64), make(map[string][]string)
	for _, c := range a.Cells {
		if places[c.Column] == nil {
			order = append(order, c.Column)
		}
		i := indexOf(have, c.Column)
		if i < 0 {
			return 0, &warehouse.SchemaError{Table: a.Table, Column: c.Column, Reason: "the table does not have it"}
		}
		v, err := cellText(a.Table, have[i], c.Value)
		if err != nil {
			return 0, err
		}
		places[c.Column], values[c.Column] = append(places[c.Column], c.Row), append(values[c.Column], v)
	}
	var total int64
	for _, name := range order {
		d := data{"Table": a.Table, "Column": name, "Type": have[indexOf(have, name)].sql}
		rows, texts := places[name], values[name]
		for len(rows) > 0 {
			n := min(len(rows), mostCells)
			var released int64
			err := t.row(ctx, "amend_cells", d, []any{a.Load, a.Table, name, r.Slice, rows[:n], texts[:n]}, &released)
			if err != nil {
				return 0, err
			}
			total, rows, texts = total+released, rows[n:], texts[n:]
		}
	}
	return total, nil
}

// cellText is a cell's value as PostgreSQL reads it, if the column takes it.
func cellText(table string, c column, v any) (string, error) {
	want := arrow.DataType(nil)
	switch at := v.(type) {
	case bool:
		want = arrow.FixedWidthTypes.Boolean
	case int64:
		want = arrow.PrimitiveTypes.Int64
	case float64:
		want = arrow.PrimitiveTypes.Float64
	case string:
		want = arrow.BinaryTypes.String
	case time.Time:
		want = stampType()
		if c.form == formDate {
			return at.UTC().Format(time.DateOnly), nil
		}
	}
	if want == nil || !c.holds(want) || want.ID() == arrow.INT64 && c.form == formFloat {
		return "", &warehouse.SchemaError{Table: table, Column: c.Name, Reason: fmt.Sprintf("a column of %s does not take a %T", c.sql, v)}
	}
	text, _, err := encodeArg(v)
	if err != nil {
		return "", &warehouse.SchemaError{Table: table, Column: c.Name, Reason: "a cell " + err.Error()}
	}
	return text, nil
}

//go:build cgo

package duckdb

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
		return warehouse.Receipt{}, fmt.Errorf("duckdb: amend load %s in %s: %w", a.Load, a.Table, err)
	}
	return r, nil
}

func (w *Warehouse) amend(ctx context.Context, a warehouse.Amendment) (warehouse.Receipt, error) {
	if err := (warehouse.Table{Name: a.Table, Columns: a.Columns}).Check(); err != nil {
		return warehouse.Receipt{}, err
	}
	local, err := warehouse.Localize(ctx, w.cfg.TempDir, a.Parts)
	if err != nil {
		return warehouse.Receipt{}, err
	}
	defer local.Remove()
	var r warehouse.Receipt
	err = w.writingMuch(ctx, len(a.Columns), int64(len(a.Rows)), func(s *session) error {
		r, err = s.amend(ctx, a, patternsOf(local.Lists[0]))
		return err
	})
	return r, err
}

func (s *session) amend(ctx context.Context, a warehouse.Amendment, parts []string) (warehouse.Receipt, error) {
	var none warehouse.Receipt
	r, err := a.Of(func(load string) ([]warehouse.Earlier, error) { return s.receipts(ctx, query{id: load}) })
	if err != nil {
		return none, err
	}
	_, have, found, err := s.ours(ctx, a.Table)
	if err != nil {
		return none, err
	}
	if !found {
		return none, warehouse.ErrNotExist
	}
	rows, err := s.amendRows(ctx, a, r, parts, have)
	if err != nil {
		return none, err
	}
	cells, err := s.amendCells(ctx, a, have, r.Mode)
	if err != nil {
		return none, err
	}
	if rows == 0 && cells == 0 {
		return r.Receipt, errUnchanged
	}
	if r.Mode == warehouse.History {
		if err := s.settleHistory(ctx, newHistory(a.Table, r.Key, have)); err != nil {
			return none, err
		}
	} else if len(r.Key) > 0 {
		if _, err := s.exec(ctx, "merge_settle", map[string]any{"Table": a.Table, "Key": r.Key}, a.Load); err != nil {
			return none, err
		}
	}
	if _, err := s.exec(ctx, "receipt_count", nil, a.Load, rows, cells); err != nil {
		return none, err
	}
	r.RowsLoaded, r.RowsQuarantined, r.CellsQuarantined = r.RowsLoaded+rows, r.RowsQuarantined-rows, r.CellsQuarantined-cells
	return r.Receipt, nil
}

// amendRows inserts the rows whose entries are still there and deletes those.
func (s *session) amendRows(ctx context.Context, a warehouse.Amendment, r warehouse.Earlier, parts []string, have []warehouse.Column) (int64, error) {
	if len(parts) == 0 {
		return 0, wrongCount(0, int64(len(a.Rows)))
	}
	l := warehouse.Load{
		ID: a.Load, Table: a.Table, Slice: r.Slice, ReadAt: r.ReadAt,
		RowsRead: r.RowsRead, RowsLoaded: int64(len(a.Rows)),
	}
	columns, err := s.commonColumns(ctx, a.Table, parts, a.Columns, have)
	if err == nil {
		err = s.checkParts(ctx, l, parts)
	}
	if err != nil {
		return 0, err
	}
	places := make([]any, len(a.Rows))
	for i, row := range a.Rows {
		places[i] = row
	}
	want, err := s.collect(ctx, a, "", "", places)
	if err != nil {
		return 0, err
	}
	n, err := s.exec(ctx, "parts_insert", insertData{a.Table, columns, parts, "amended"})
	if err != nil {
		return 0, err
	}
	if n != want {
		return 0, fmt.Errorf("%w: %d of the entries are to become rows, and the parts hold %d of these", warehouse.ErrCount, want, n)
	}
	released, err := s.exec(ctx, "amend_release", nil, a.Load, a.Table, "")
	if err == nil && released != n {
		err = fmt.Errorf("%w: %d rows stand for %d quarantine entries", warehouse.ErrCount, n, released)
	}
	return n, err
}

// amendCells sets the cells whose entries are still there and deletes those.
func (s *session) amendCells(ctx context.Context, a warehouse.Amendment, have []warehouse.Column, mode warehouse.Mode) (int64, error) {
	var order []string
	values := make(map[string][]any)
	for _, c := range a.Cells {
		if _, ok := values[c.Column]; !ok {
			order = append(order, c.Column)
		}
		i := indexColumn(have, c.Column)
		if i < 0 {
			return 0, &warehouse.SchemaError{Table: a.Table, Column: c.Column, Reason: "the table does not have it"}
		}
		v, err := cellValue(a.Table, have[i], c.Value)
		if err != nil {
			return 0, err
		}
		values[c.Column] = append(values[c.Column], c.Row, v)
	}
	var total int64
	for _, column := range order {
		kind := kindOf(have[indexColumn(have, column)])
		if _, err := s.collect(ctx, a, column, kind, values[column]); err != nil {
			return 0, err
		}
		if _, err := s.exec(ctx, "amend_cells", map[string]any{"Table": a.Table, "Column": column}, a.Load); err != nil {
			return 0, err
		}
		if mode == warehouse.History {
			if _, err := s.exec(ctx, "history_mark", map[string]any{"Table": a.Table}, a.Load); err != nil {
				return 0, err
			}
		}
		n, err := s.exec(ctx, "amend_release", nil, a.Load, a.Table, column)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// collect puts places, and with a kind values in turn, into the temporary
// table and takes those away whose entry is no longer there. It returns how
// many are left.
func (s *session) collect(ctx context.Context, a warehouse.Amendment, column, kind string, args []any) (int64, error) {
	if _, err := s.exec(ctx, "amend_start", map[string]any{"Type": kind}); err != nil {
		return 0, err
	}
	const most = 1000 // parameters of a statement
	width := 1
	if kind != "" {
		width = 2
	}
	added := int64(len(args) / width)
	for len(args) > 0 {
		n := min(len(args), most)
		data := map[string]any{"Values": kind != "", "Count": n / width}
		if _, err := s.exec(ctx, "amend_add", data, args[:n]...); err != nil {
			return 0, err
		}
		args = args[n:]
	}
	gone, err := s.exec(ctx, "amend_keep", nil, a.Load, a.Table, column)
	return added - gone, err
}

// cellValue is a cell's value as a query parameter, if it is of the column's
// type.
func cellValue(table string, c warehouse.Column, v any) (any, error) {
	ok := false
	switch v := v.(type) {
	case bool:
		ok = c.Type.ID() == arrow.BOOL
	case int64:
		ok = c.Type.ID() == arrow.INT64
	case float64:
		ok = c.Type.ID() == arrow.FLOAT64
	case string:
		ok = c.Type.ID() == arrow.STRING
	case time.Time:
		if c.Type.ID() == arrow.DATE32 {
			return v.UTC().Format(time.DateOnly), nil
		}
		return warehouse.Micros(v), errUnless(c.Type.ID() == arrow.TIMESTAMP, table, c, v)
	}
	return v, errUnless(ok, table, c, v)
}

func errUnless(ok bool, table string, c warehouse.Column, v any) error {
	if ok {
		return nil
	}
	return &warehouse.SchemaError{Table: table, Column: c.Name, Reason: fmt.Sprintf("a %s column does not take a %T", warehouse.TypeName(c.Type), v)}
}

package bigquery

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"tapline/warehouse"
)

// Amend moves entries of a load out of the quarantine into the table, in one
// transaction. Entries that are no longer there are left alone, rows and cells
// alike. In a merge, a row that has become readable gives way to a newer one of
// its key, as any other; in a history it takes its place among the others.
func (w *Warehouse) Amend(ctx context.Context, a warehouse.Amendment) (warehouse.Receipt, error) {
	r, err := w.amend(ctx, a)
	if err != nil {
		return warehouse.Receipt{}, fmt.Errorf("bigquery: amend load %s in %s: %w", a.Load, a.Table, err)
	}
	return r, nil
}

func (w *Warehouse) amend(ctx context.Context, a warehouse.Amendment) (warehouse.Receipt, error) {
	none := warehouse.Receipt{}
	if err := (warehouse.Table{Name: a.Table, Columns: a.Columns}).Check(); err != nil {
		return none, err
	}
	r, err := w.receiptToAmend(ctx, a)
	if err != nil {
		return none, err
	}
	t, err := w.ours(ctx, a.Table)
	switch {
	case err != nil:
		return none, err
	case t == nil:
		return none, warehouse.ErrNotExist
	case (len(a.Parts) == 0) != (len(a.Rows) == 0):
		return none, fmt.Errorf("%w: %d parts are to be %d rows", warehouse.ErrCount, len(a.Parts), len(a.Rows))
	}
	x := &loading{w: w, table: t, call: fresh("c"), l: warehouse.Load{
		ID: a.Load, Table: a.Table, Slice: r.Slice, ReadAt: r.ReadAt, Columns: a.Columns, Parts: a.Parts,
		RowsRead: r.RowsRead, RowsLoaded: int64(len(a.Rows)), Mode: r.Mode, Key: r.Key,
	}}
	defer x.tidy(ctx)
	if err := x.checkColumns(); err != nil {
		return none, err
	}
	if err := x.amend(ctx, a); err != nil {
		return none, err
	}
	after, err := w.receiptToAmend(ctx, a)
	return after.Receipt, err
}

// receiptToAmend finds the load's receipt, in force or not.
func (w *Warehouse) receiptToAmend(ctx context.Context, a warehouse.Amendment) (warehouse.Earlier, error) {
	return a.Of(func(load string) ([]warehouse.Earlier, error) { return w.earlierLoads(ctx, "", load, false) })
}

// amend stages rows and entries and moves them.
func (x *loading) amend(ctx context.Context, a warehouse.Amendment) error {
	entries, err := x.entries(a)
	if err != nil || len(entries) == 0 {
		return err
	}
	columns := entryColumns()
	list, err := x.newStage(ctx, x.l.Table, columns, writtenParts(columns, len(entries), func(b *array.RecordBuilder, i int) error {
		return appendEntry(b, entries[i])
	}), nil)
	if err == nil && len(a.Parts) > 0 {
		x.stage, err = x.stageRows(ctx, nil)
	}
	if err != nil {
		return err
	}
	sql, p, err := x.amendScript(list, entries)
	if err != nil {
		return err
	}
	x.w.scripts.Lock()
	defer x.w.scripts.Unlock()
	if err := x.w.repeat(ctx, sql, p); err != nil {
		return x.explainCommit(ctx, err)
	}
	return nil
}

func (x *loading) amendScript(list string, entries []entry) (string, params, error) {
	p, err := loadParams(x.l, x.l.Receipt(x.l.ReadAt))
	if err != nil {
		return "", nil, err
	}
	s := &script{}
	both := map[string]any{"Stage": x.stage, "Entries": list}
	if x.stage != "" {
		s.add("amend_check", both)
	}
	s.add("amend_receipt", both)
	if x.stage != "" {
		data := insertData(x.l.Table, x.l.Columns, x.stage)
		data["Entries"] = list
		s.add("amend_rows", data)
	}
	for i, name := range cellColumns(entries) {
		p[fmt.Sprint("column", i)] = name
		d, _ := x.table.decimal(name)
		s.add("amend_cells", map[string]any{
			"Type":  d.Type,
			"Table": x.l.Table, "Column": name, "Value": valueColumn(x.table.columns[x.table.index[name]].Type),
			"Entries": list, "Index": i, "Filter": x.table.filter(false),
		})
	}
	if x.l.Mode == warehouse.History {
		x.amendHistory(s, list)
	} else if len(x.l.Key) > 0 {
		s.add("merge_settle", x.table.merging(x.l.Key))
	}
	s.add("amend_release", both)
	sql, err := s.sql()
	return sql, p, err
}

// cellColumns are the columns that cells are of, once each.
func cellColumns(entries []entry) []string {
	var names []string
	for _, e := range entries {
		if e.column != "" && !slices.Contains(names, e.column) {
			names = append(names, e.column)
		}
	}
	return names
}

// An entry is a row (column "") or a cell that has become readable.
type entry struct {
	column string
	row    int64
	kind   arrow.DataType
	value  any
}

// entries are those of the amendment, each place once.
func (x *loading) entries(a warehouse.Amendment) ([]entry, error) {
	type place struct {
		column string
		row    int64
	}
	at := make(map[place]int, len(a.Rows)+len(a.Cells))
	var all []entry
	add := func(e entry) {
		p := place{e.column, e.row}
		if i, ok := at[p]; ok {
			all[i] = e
			return
		}
		at[p] = len(all)
		all = append(all, e)
	}
	for _, r := range a.Rows {
		add(entry{row: r})
	}
	for _, c := range a.Cells {
		i, ok := x.table.index[c.Column]
		if !ok {
			return nil, &warehouse.SchemaError{Table: a.Table, Column: c.Column, Reason: "the table does not have it"}
		}
		kind := x.table.columns[i].Type
		if !takes(kind, c.Value) {
			return nil, &warehouse.SchemaError{Table: a.Table, Column: c.Column, Reason: fmt.Sprintf("a %s column does not take a %T", typeWord(kind), c.Value)}
		}
		d, ok := decimalOf(x.table.Schema[i])
		if text, is := c.Value.(string); ok && is && !d.fits(text) {
			return nil, notExact(a.Table, c.Column, d, kind)
		}
		add(entry{c.Column, c.Row, kind, c.Value})
	}
	return all, nil
}

// takes reports whether a cell's value is of the column's type.
func takes(kind arrow.DataType, v any) bool {
	switch v.(type) {
	case bool:
		return kind.ID() == arrow.BOOL
	case int64:
		return kind.ID() == arrow.INT64
	case float64:
		return kind.ID() == arrow.FLOAT64
	case string:
		return kind.ID() == arrow.STRING
	case time.Time:
		return kind.ID() == arrow.DATE32 || kind.ID() == arrow.TIMESTAMP
	}
	return false
}

// entryColumns are the columns of staged entries: a place, and its value in the
// column of its type.
func entryColumns() []warehouse.Column {
	columns := join(textColumns("column"), intColumns("place"))
	for _, t := range []arrow.DataType{
		arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Float64,
		arrow.BinaryTypes.String, arrow.FixedWidthTypes.Date32, timestampType(),
	} {
		columns = append(columns, warehouse.Column{Name: valueColumn(t), Type: t})
	}
	return columns
}

func valueColumn(t arrow.DataType) string { return "v_" + strings.ToLower(typeWord(t)) }

func appendEntry(b *array.RecordBuilder, e entry) error {
	b.Field(0).(*array.StringBuilder).Append(e.column)
	b.Field(1).(*array.Int64Builder).Append(e.row)
	for i, c := range entryColumns()[2:] {
		v := b.Field(i + 2)
		if e.kind == nil || !sameType(e.kind, c.Type) {
			v.AppendNull()
			continue
		}
		switch v := v.(type) {
		case *array.BooleanBuilder:
			v.Append(e.value.(bool))
		case *array.Int64Builder:
			v.Append(e.value.(int64))
		case *array.Float64Builder:
			v.Append(e.value.(float64))
		case *array.StringBuilder:
			v.Append(e.value.(string))
		case *array.Date32Builder:
			v.Append(arrow.Date32FromTime(e.value.(time.Time).UTC()))
		case *array.TimestampBuilder:
			v.Append(arrow.Timestamp(warehouse.Micros(e.value.(time.Time)).UnixMicro()))
		}
	}
	return nil
}

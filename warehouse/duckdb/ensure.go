//go:build cgo

package duckdb

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

// Ensure makes the table able to hold t's columns, in one transaction. A
// float64 column can hold int64 ones: Load checks each value. Names are kept as
// comments where there is none yet.
func (w *Warehouse) Ensure(ctx context.Context, t warehouse.Table) error {
	err := checkName(t.Name)
	if err == nil {
		err = checkColumns(t.Name, t.Columns)
	}
	if err == nil {
		a := access{memory: w.cfg.MemoryLimit, threads: w.readThreads()}
		err = w.writing(ctx, a, func(s *session) error { return s.ensure(ctx, t) })
	}
	if err != nil {
		return fmt.Errorf("duckdb: ensure %s: %w", t.Name, err)
	}
	return nil
}

func (s *session) ensure(ctx context.Context, t warehouse.Table) error {
	rel, have, found, err := s.ours(ctx, t.Name)
	if err != nil {
		return err
	}
	if !found {
		if err := s.create(ctx, t); err != nil {
			return err
		}
		return s.refreshViews(ctx, true)
	}
	if err := s.alter(ctx, t, have); err != nil {
		return err
	}
	altered := s.changes > 0
	if rel.about == "" && t.About != "" {
		if _, err := s.exec(ctx, "comment_table", map[string]any{"Table": t.Name, "About": t.About}); err != nil {
			return err
		}
	}
	return s.refreshViews(ctx, altered)
}

func (s *session) create(ctx context.Context, t warehouse.Table) error {
	for _, own := range taplineColumns() {
		if i := indexColumn(t.Columns, own.Name); i < 0 || kindOf(t.Columns[i]) != kindOf(own) {
			return &warehouse.SchemaError{Table: t.Name, Column: own.Name, Reason: "every table has this column, of type " + warehouse.TypeName(own.Type)}
		}
	}
	type column struct{ Name, Type string }
	columns := make([]column, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = column{c.Name, kindOf(c)}
	}
	if _, err := s.exec(ctx, "create_table", map[string]any{"Table": t.Name, "Columns": columns}); err != nil {
		return err
	}
	if t.About != "" {
		if _, err := s.exec(ctx, "comment_table", map[string]any{"Table": t.Name, "About": t.About}); err != nil {
			return err
		}
	}
	for _, c := range t.Columns {
		if err := s.keepSource(ctx, t.Name, c); err != nil {
			return err
		}
	}
	return nil
}

// alter adds the columns that are missing and widens those that are too narrow.
func (s *session) alter(ctx context.Context, t warehouse.Table, have []warehouse.Column) error {
	all := append([]warehouse.Column(nil), have...)
	for _, c := range t.Columns {
		if indexColumn(have, c.Name) < 0 {
			all = append(all, c)
		}
	}
	if len(all) > len(have) {
		if err := checkNew(t.Name, all, have); err != nil {
			return err
		}
	}
	for _, c := range t.Columns {
		i := indexColumn(have, c.Name)
		switch {
		case i < 0:
			data := map[string]any{"Table": t.Name, "Column": c.Name, "Type": kindOf(c)}
			if _, err := s.exec(ctx, "add_column", data); err != nil {
				return err
			}
		case have[i].Type.ID() == arrow.INT64 && c.Type.ID() == arrow.FLOAT64:
			if err := s.widen(ctx, t.Name, c); err != nil {
				return err
			}
		case !holds(have[i], c):
			return misfit(t.Name, have[i], c)
		}
		if i < 0 || have[i].Source == "" {
			if err := s.keepSource(ctx, t.Name, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkNew refuses what new columns would make of a table. Columns that are
// there already may be of any type.
func checkNew(table string, all, have []warehouse.Column) error {
	plain := append([]warehouse.Column(nil), all...)
	for i := range have {
		plain[i].Type = arrow.BinaryTypes.String
	}
	return checkColumns(table, plain)
}

// holds reports whether a table's column takes the values of another.
func holds(have, want warehouse.Column) bool {
	return kindOf(have) == kindOf(want) || have.Type.ID() == arrow.FLOAT64 && want.Type.ID() == arrow.INT64
}

func misfit(table string, have, want warehouse.Column) error {
	word := func(t arrow.DataType) string {
		if other, ok := t.(otherType); ok {
			return other.name
		}
		return warehouse.TypeName(t)
	}
	return &warehouse.SchemaError{Table: table, Column: want.Name, Have: word(have.Type), Want: word(want.Type)}
}

// widen makes an integer column a floating one, unless an integer in it is so
// great that it could lose a digit.
func (s *session) widen(ctx context.Context, table string, c warehouse.Column) error {
	data := map[string]any{"Table": table, "Column": c.Name}
	var beyond int64
	if err := s.row(ctx, "beyond_double", data, nil, &beyond); err != nil {
		return err
	}
	if beyond > 0 {
		return &warehouse.SchemaError{
			Table: table, Column: c.Name, Have: "int64", Want: "float64",
			Reason: fmt.Sprintf("%d stored integers are beyond 2^53 and would lose digits", beyond),
		}
	}
	_, err := s.exec(ctx, "widen_column", data)
	return err
}

func (s *session) keepSource(ctx context.Context, table string, c warehouse.Column) error {
	if c.Source == "" {
		return nil
	}
	_, err := s.exec(ctx, "comment_column", map[string]any{"Table": table, "Column": c.Name, "Source": c.Source})
	return err
}

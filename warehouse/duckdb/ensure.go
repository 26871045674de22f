//go:build cgo

package duckdb

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

// Ensure makes the table able to hold t's columns. What it refuses it refuses
// before it changes anything. A float64 column can hold int64 ones: Load checks
// each value. The vendor's names are kept as comments where there is none yet, and
// in a table of more than 500 columns in one of tapline's own.
func (w *Warehouse) Ensure(ctx context.Context, t warehouse.Table) error {
	err := t.Check()
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
		err = s.create(ctx, t)
	} else if err = s.addSources(ctx, t.Name, have); err == nil {
		err = s.alter(ctx, t, have)
	}
	if err != nil {
		return err
	}
	changed := s.changes > 0
	if rel.about == "" && t.About != "" {
		if _, err := s.exec(ctx, "comment_table", map[string]any{"Table": t.Name, "About": t.About}); err != nil {
			return err
		}
	}
	return s.refreshViews(ctx, changed)
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
	if _, err := s.exec(ctx, "sources_forget", nil, t.Name); err != nil {
		return err
	}
	return s.keepSources(ctx, t.Name, t.Columns, len(t.Columns))
}

// alter adds the columns that are missing and widens those that are too narrow.
// All that could be refused is looked at before anything changes.
func (s *session) alter(ctx context.Context, t warehouse.Table, have []warehouse.Column) error {
	index := indexOf(have)
	var added, widened, unnamed []warehouse.Column
	for _, c := range t.Columns {
		i, found := index[c.Name]
		switch {
		case !found:
			added = append(added, c)
		case have[i].Type.ID() == arrow.INT64 && c.Type.ID() == arrow.FLOAT64:
			widened = append(widened, c)
		case !holds(have[i], c):
			return misfit(t.Name, have[i], c)
		}
		if !found || have[i].Source == "" {
			unnamed = append(unnamed, c)
		}
	}
	if len(added) > 0 {
		if err := checkNew(t.Name, have, added); err != nil {
			return err
		}
	}
	for _, c := range widened {
		if err := s.checkWiden(ctx, t.Name, c); err != nil {
			return err
		}
	}
	for _, c := range widened {
		if err := s.describe(ctx, "widen_column", map[string]any{"Table": t.Name, "Column": c.Name}); err != nil {
			return err
		}
	}
	for _, c := range added {
		if err := s.describe(ctx, "add_column", map[string]any{"Table": t.Name, "Column": c.Name, "Type": kindOf(c)}); err != nil {
			return err
		}
	}
	return s.keepSources(ctx, t.Name, unnamed, len(have)+len(added))
}

// describe runs a statement that changes the description of a table. DuckDB
// keeps a copy of all of it for each until the commit, so a long row of them is
// committed in between: each is a step that the next call need not do again.
func (s *session) describe(ctx context.Context, name string, data any) error {
	const most = 50
	if s.changes > 0 && s.changes%most == 0 {
		if err := s.again(ctx); err != nil {
			return err
		}
	}
	_, err := s.exec(ctx, name, data)
	return err
}

// checkNew refuses what new columns would make of a table. Columns that are
// there already may be of any type.
func checkNew(table string, have, added []warehouse.Column) error {
	all := make([]warehouse.Column, 0, len(have)+len(added))
	for _, c := range have {
		all = append(all, warehouse.Column{Name: c.Name, Type: arrow.BinaryTypes.String})
	}
	return warehouse.Table{Name: table, Columns: append(all, added...)}.Check()
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

// checkWiden refuses to make an integer column a floating one when an integer in
// it is so great that it could lose a digit.
func (s *session) checkWiden(ctx context.Context, table string, c warehouse.Column) error {
	var beyond int64
	if err := s.row(ctx, "beyond_double", map[string]any{"Table": table, "Column": c.Name}, nil, &beyond); err != nil {
		return err
	}
	if beyond == 0 {
		return nil
	}
	return &warehouse.SchemaError{
		Table: table, Column: c.Name, Have: "int64", Want: "float64",
		Reason: fmt.Sprintf("%d stored integers are beyond 2^53 and would lose digits", beyond),
	}
}

// mostComments is how many columns a table may have for their names at the
// vendor to be comments: 500 comments take a second, 2000 ten.
const mostComments = 500

// keepSources keeps the vendor's names of columns, as comments or, of a table
// of so many columns, in a table of tapline's.
func (s *session) keepSources(ctx context.Context, table string, columns []warehouse.Column, all int) error {
	var args []any
	for _, c := range columns {
		switch {
		case c.Source == "":
		case all <= mostComments:
			if err := s.describe(ctx, "comment_column", map[string]any{"Table": table, "Column": c.Name, "Source": c.Source}); err != nil {
				return err
			}
		default:
			args = append(args, table, c.Name, c.Source)
		}
	}
	for len(args) > 0 {
		n := min(len(args), 3*500)
		if _, err := s.exec(ctx, "sources_add", map[string]any{"Rows": n / 3}, args[:n]...); err != nil {
			return err
		}
		args = args[n:]
	}
	return nil
}

package postgres

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

// Ensure makes the table able to hold t's columns, in one transaction. Columns of
// double precision and numeric can hold int64 ones, numeric and jsonb ones utf8:
// Load checks each value. The vendor's names are kept as comments where there is
// none yet. Views that stand on a column which widens are made again.
func (w *Warehouse) Ensure(ctx context.Context, t warehouse.Table) error {
	err := checkShape(t.Name, t.Columns)
	if err == nil {
		err = w.altering(ctx, t.Name, func(tx *tx) error { return tx.ensure(ctx, t) })
	}
	if err != nil {
		return fmt.Errorf("postgres: ensure %s: %w", t.Name, err)
	}
	return nil
}

func (t *tx) ensure(ctx context.Context, want warehouse.Table) error {
	rel, have, found, err := t.ours(ctx, want.Name)
	if err != nil {
		return err
	}
	var more []statement
	if found {
		more, err = t.alter(ctx, want, have)
	} else {
		more, err = t.create(ctx, want)
	}
	if err != nil {
		return err
	}
	if rel.about == "" && want.About != "" {
		more = append(more, statement{"comment_table", data{"Table": want.Name, "About": want.About}})
	}
	if err := t.batch(ctx, more); err != nil {
		return err
	}
	return t.index(ctx, want.Name, []string{warehouse.ColSlice})
}

// A definition is a column to be made.
type definition struct{ Name, Type string }

func definitionOf(c warehouse.Column) definition {
	kind := sqlType(c.Type)
	if c.Name == warehouse.ColSlice || c.Name == warehouse.ColLoad {
		kind += ` COLLATE "C"` // compared byte by byte, which is quicker and the same everywhere
	}
	return definition{c.Name, kind}
}

// create makes the table and returns what is still to be said about it.
func (t *tx) create(ctx context.Context, want warehouse.Table) ([]statement, error) {
	var comments []statement
	var columns []definition
	types := make(map[string]arrow.DataType)
	for _, c := range want.Columns {
		columns = append(columns, definitionOf(c))
		comments = append(comments, comment(want.Name, c)...)
		types[c.Name] = c.Type
	}
	for _, own := range ownColumns() {
		if have := types[own.Name]; have == nil || have.ID() != own.Type.ID() {
			return nil, &warehouse.SchemaError{Table: want.Name, Column: own.Name, Reason: "every table has this column, of type " + warehouse.TypeName(own.Type)}
		}
	}
	partition := t.w.partitionOf(want)
	_, err := t.exec(ctx, "create_table", data{"Table": want.Name, "Columns": columns, "Partition": partition})
	if err == nil && partition != "" {
		_, err = t.exec(ctx, "create_default", data{"Table": want.Name, "Name": partitionName(want.Name, "rest")})
	}
	return comments, err
}

func comment(table string, c warehouse.Column) []statement {
	if c.Source == "" {
		return nil
	}
	return []statement{{"comment_column", data{"Table": table, "Column": c.Name, "Source": c.Source}}}
}

// alter adds the columns that are missing and widens those that are too narrow.
// All that could be refused is looked at before anything changes.
func (t *tx) alter(ctx context.Context, want warehouse.Table, have []column) ([]statement, error) {
	var added []warehouse.Column
	var comments []statement
	var widened []string
	for _, c := range want.Columns {
		i := indexOf(have, c.Name)
		switch {
		case i < 0:
			added = append(added, c)
		case have[i].form == formInt && c.Type.ID() == arrow.FLOAT64:
			widened = append(widened, c.Name)
		case !have[i].holds(c.Type):
			return nil, have[i].misfit(want.Name, c.Type)
		}
		if i < 0 || have[i].Source == "" {
			comments = append(comments, comment(want.Name, c)...)
		}
	}
	if err := checkAdded(want.Name, have, added); err != nil {
		return nil, err
	}
	for _, name := range widened {
		if err := t.checkWiden(ctx, want.Name, name); err != nil {
			return nil, err
		}
	}
	return comments, t.change(ctx, want.Name, added, widened)
}

// checkAdded refuses what new columns would make of a table. Columns that are
// there already may be of any type and name.
func checkAdded(table string, have []column, added []warehouse.Column) error {
	if len(added) == 0 {
		return nil
	}
	all := make([]warehouse.Column, 0, len(have)+len(added))
	for _, c := range have {
		all = append(all, warehouse.Column{Name: c.Name, Type: arrow.BinaryTypes.String})
	}
	return checkShape(table, append(all, added...))
}

// checkWiden refuses to make an integer column a floating one when an integer in
// it is so great that it could lose a digit.
func (t *tx) checkWiden(ctx context.Context, table, name string) error {
	var beyond int64
	if err := t.row(ctx, "beyond_double", data{"Table": table, "Column": name}, nil, &beyond); err != nil {
		return err
	}
	if beyond == 0 {
		return nil
	}
	return &warehouse.SchemaError{
		Table: table, Column: name, Have: "int64", Want: "float64",
		Reason: fmt.Sprintf("%d stored integers are beyond 2^53 and would lose digits", beyond),
	}
}

// change alters the table. PostgreSQL changes no type under a view, so views are
// taken away for that and made again.
func (t *tx) change(ctx context.Context, table string, added []warehouse.Column, widened []string) error {
	if len(added)+len(widened) == 0 {
		return nil
	}
	var columns []definition
	for _, c := range added {
		columns = append(columns, definitionOf(c))
	}
	var views []view
	var err error
	if len(widened) > 0 {
		if views, err = t.takeViews(ctx, table); err != nil {
			return err
		}
	}
	if _, err := t.exec(ctx, "alter_table", data{"Table": table, "Added": columns, "Widened": widened}); err != nil {
		return err
	}
	for _, v := range views {
		if err := t.makeAgain(ctx, v); err != nil {
			return &warehouse.SchemaError{Table: table, Column: widened[0], Have: "int64", Want: "float64",
				Reason: fmt.Sprintf("view %s stands on it and does not run with floating numbers; drop it, then run again", v.Name)}
		}
	}
	return nil
}

// maxKey is how many columns of a key are indexed: the first of them find the
// rows well enough.
const maxKey = 8

// index makes sure that an index starts with these columns.
func (t *tx) index(ctx context.Context, table string, columns []string) error {
	if len(columns) > maxKey {
		columns = columns[:maxKey]
	}
	var there bool
	err := t.row(ctx, "index_there", nil, []any{t.w.cfg.Schema, table, columns}, &there)
	if err != nil || there {
		return err
	}
	d := data{"Table": table, "Columns": columns}
	_, err = t.exec(ctx, "index_make", d)
	if state(err) == "42501" {
		text, _ := t.text("index_make", d) // it has been rendered before
		return fmt.Errorf("%s: %w: an index is missing, and only the table's owner may make it: %s", t.w.where(), warehouse.ErrUnauthorized, text)
	}
	return err
}

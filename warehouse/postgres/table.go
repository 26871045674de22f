package postgres

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

// Limits of PostgreSQL ("Limits" in its documentation).
const (
	maxName    = 63 // bytes; longer ones would be cut without a word
	maxColumns = 1600
)

// Table describes a table as it is. Columns of numeric, json, jsonb and varchar
// come as utf8; columns of a type that no load writes come with a type whose
// String is PostgreSQL's word, such as "uuid". Errors: ErrNotExist, also for a
// view.
func (w *Warehouse) Table(ctx context.Context, name string) (warehouse.Table, error) {
	var t warehouse.Table
	err := w.within(ctx, mode{readOnly: true}, func(tx *tx) error {
		rel, found, err := tx.relation(ctx, name)
		if err != nil {
			return err
		}
		if !found || !rel.table() {
			return warehouse.ErrNotExist
		}
		t = warehouse.Table{Name: name, About: rel.about, Partition: rel.partition}
		columns, err := tx.columns(ctx, name)
		for _, c := range columns {
			t.Columns = append(t.Columns, c.Column)
		}
		return err
	})
	if err != nil {
		return warehouse.Table{}, fmt.Errorf("postgres: table %s: %w", name, err)
	}
	return t, nil
}

// A relation is what bears a name in the schema.
type relation struct {
	kind      string // pg_class.relkind
	about     string
	partition string // the column of its ranges, "" = not divided, or in another way
}

func (r relation) table() bool { return r.kind == "r" || r.kind == "p" }

func (t *tx) relation(ctx context.Context, name string) (relation, bool, error) {
	if checkName(name) != nil {
		return relation{}, false, nil
	}
	var r relation
	found := false
	err := t.rows(ctx, "relation", nil, []any{t.w.cfg.Schema, name}, []any{&r.kind, &r.about, &r.partition},
		func() error { found = true; return nil })
	return r, found, err
}

func (t *tx) columns(ctx context.Context, table string) ([]column, error) {
	var columns []column
	var name, sql, source string
	var modifier int64
	var generated bool
	err := t.rows(ctx, "columns", nil, []any{t.w.cfg.Schema, table}, []any{&name, &sql, &modifier, &source, &generated}, func() error {
		columns = append(columns, columnOf(name, sql, modifier, source, generated))
		return nil
	})
	return columns, err
}

// ours finds the table that a load goes to. Something that cannot be one is a
// *warehouse.SchemaError.
func (t *tx) ours(ctx context.Context, name string) (relation, []column, bool, error) {
	rel, found, err := t.relation(ctx, name)
	switch {
	case err != nil || !found:
		return rel, nil, false, err
	case rel.kind == "v" || rel.kind == "m":
		return rel, nil, false, &warehouse.SchemaError{Table: name, Reason: "there is a view of that name; rename it, or choose another table"}
	case !rel.table():
		return rel, nil, false, &warehouse.SchemaError{Table: name, Reason: "there is something of that name that is no table; choose another name"}
	}
	columns, err := t.columns(ctx, name)
	if err != nil {
		return rel, nil, false, err
	}
	for _, own := range ownColumns() {
		if i := indexOf(columns, own.Name); i < 0 || !columns[i].holds(own.Type) {
			return rel, nil, false, &warehouse.SchemaError{Table: name, Reason: fmt.Sprintf(
				"it was not made by tapline: it lacks %s (%s); rename it, add the column, or choose another table", own.Name, sqlType(own.Type))}
		}
	}
	return rel, columns, true, nil
}

// ownColumns are the four that every table has.
func ownColumns() []warehouse.Column {
	return []warehouse.Column{
		{Name: warehouse.ColSlice, Type: arrow.BinaryTypes.String}, {Name: warehouse.ColLoad, Type: arrow.BinaryTypes.String},
		{Name: warehouse.ColRow, Type: arrow.PrimitiveTypes.Int64}, {Name: warehouse.ColLoadedAt, Type: stampType()},
	}
}

func indexOf(columns []column, name string) int {
	for i, c := range columns {
		if c.Name == name {
			return i
		}
	}
	return -1
}

// checkName refuses a name that PostgreSQL would cut or does not take.
func checkName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("a name is empty")
	case len(name) > maxName:
		return fmt.Errorf("the name has %d bytes, and PostgreSQL keeps %d; shorten it (rename)", len(name), maxName)
	case strings.ContainsRune(name, 0), !utf8.ValidString(name):
		return fmt.Errorf("%q cannot be a name", name)
	}
	return nil
}

// checkShape refuses what PostgreSQL does not take, beyond what no database does.
func checkShape(table string, columns []warehouse.Column) error {
	if err := (warehouse.Table{Name: table, Columns: columns}).Check(); err != nil {
		return err
	}
	if err := checkName(table); err != nil {
		return &warehouse.SchemaError{Table: table, Reason: err.Error()}
	}
	for _, c := range columns {
		if err := checkName(c.Name); err != nil {
			return &warehouse.SchemaError{Table: table, Column: c.Name, Reason: err.Error()}
		}
	}
	if len(columns) > maxColumns {
		return &warehouse.SchemaError{Table: table, Reason: fmt.Sprintf(
			"%d columns are more than the %d a table of PostgreSQL may have; drop some (columns: drop)", len(columns), maxColumns)}
	}
	return nil
}

//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"

	"tapline/warehouse"
)

// Table describes a table as it is. Columns of a type that no load writes come
// with a type whose String is DuckDB's word, such as "DECIMAL(18,3)".
// Errors: ErrNotExist, also for a view and for a name in other case.
func (w *Warehouse) Table(ctx context.Context, name string) (warehouse.Table, error) {
	var t warehouse.Table
	err := w.reading(ctx, func(s *session) error {
		known, err := s.known(ctx)
		if err != nil {
			return err
		}
		rel, found, err := s.relation(ctx, name)
		if err != nil {
			return err
		}
		if !found || rel.view || rel.name != name {
			return warehouse.ErrNotExist
		}
		t = warehouse.Table{Name: name, About: rel.about}
		if t.Columns, err = s.columns(ctx, name); err == nil && known {
			err = s.addSources(ctx, name, t.Columns)
		}
		return err
	})
	if errors.Is(err, errNoFile) {
		err = warehouse.ErrNotExist
	}
	if err != nil {
		return warehouse.Table{}, fmt.Errorf("duckdb: table %s: %w", name, err)
	}
	return t, nil
}

// A relation is a table or a view as the catalog has it.
type relation struct {
	name  string
	view  bool
	about string
}

// relation finds a table or a view by its name, in any case: DuckDB takes names
// that differ in case as one.
func (s *session) relation(ctx context.Context, name string) (relation, bool, error) {
	var r relation
	n, err := s.rows(ctx, "relation", nil, []any{name}, []any{&r.name, &r.view, &r.about}, func() error { return nil })
	return r, n > 0, err
}

func (s *session) columns(ctx context.Context, table string) ([]warehouse.Column, error) {
	var columns []warehouse.Column
	var name, kind, source string
	_, err := s.rows(ctx, "columns", nil, []any{table}, []any{&name, &kind, &source}, func() error {
		columns = append(columns, warehouse.Column{Name: name, Type: arrowType(kind), Source: source})
		return nil
	})
	return columns, err
}

// addSources fills in the vendor's names that are not kept as comments.
func (s *session) addSources(ctx context.Context, table string, columns []warehouse.Column) error {
	index := indexOf(columns)
	var name, source string
	_, err := s.rows(ctx, "sources", nil, []any{table}, []any{&name, &source}, func() error {
		if i, ok := index[name]; ok && columns[i].Source == "" {
			columns[i].Source = source
		}
		return nil
	})
	return err
}

// indexOf tells where each column is, by its name.
func indexOf(columns []warehouse.Column) map[string]int {
	index := make(map[string]int, len(columns))
	for i, c := range columns {
		index[c.Name] = i
	}
	return index
}

// ours finds the table that a load goes to. A table or view that cannot be one
// is a *warehouse.SchemaError.
func (s *session) ours(ctx context.Context, name string) (relation, []warehouse.Column, bool, error) {
	refuse := func(reason string) (relation, []warehouse.Column, bool, error) {
		return relation{}, nil, false, &warehouse.SchemaError{Table: name, Reason: reason}
	}
	rel, found, err := s.relation(ctx, name)
	switch {
	case err != nil || !found:
		return rel, nil, false, err
	case rel.view:
		return refuse("there is a view of that name; rename it, or choose another table")
	case rel.name != name:
		return refuse(fmt.Sprintf("there is a table %s, and DuckDB takes names that differ in case alone as one; write it so, or choose another", rel.name))
	}
	columns, err := s.columns(ctx, name)
	if err != nil {
		return rel, nil, false, err
	}
	for _, own := range taplineColumns() {
		i := indexColumn(columns, own.Name)
		if i < 0 || kindOf(columns[i]) != kindOf(own) {
			return refuse(fmt.Sprintf("it was not made by tapline: it lacks %s (%s); rename it, or choose another table",
				own.Name, warehouse.TypeName(own.Type)))
		}
	}
	return rel, columns, true, nil
}

// kindOf is the DuckDB type of a column, to compare types by.
func kindOf(c warehouse.Column) string {
	if kind, ok := sqlType(c.Type); ok {
		return kind
	}
	return c.Type.String()
}

func taplineColumns() []warehouse.Column {
	return []warehouse.Column{
		{Name: warehouse.ColSlice, Type: arrowType("VARCHAR")},
		{Name: warehouse.ColLoad, Type: arrowType("VARCHAR")},
		{Name: warehouse.ColRow, Type: arrowType("BIGINT")},
		{Name: warehouse.ColLoadedAt, Type: timestampType()},
	}
}

func indexColumn(columns []warehouse.Column, name string) int {
	for i, c := range columns {
		if c.Name == name {
			return i
		}
	}
	return -1
}

//go:build cgo

package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	taplinesql "tapline/sql"
	"tapline/warehouse"
)

// PutView makes a view. The file is opened for writing only when the view is
// not there as it should be, so that programs which read the file are in the
// way of changes alone. DuckDB looks up what a view names whenever somebody asks it, and
// so do views that stand on it.
//
// SQL that DuckDB refuses is a warehouse.ErrQuery with DuckDB's words.
func (w *Warehouse) PutView(ctx context.Context, v warehouse.View) error {
	if err := w.putView(ctx, v); err != nil {
		return fmt.Errorf("duckdb: view %s: %w", v.Name, err)
	}
	return nil
}

func (w *Warehouse) putView(ctx context.Context, v warehouse.View) error {
	if err := (warehouse.Table{Name: v.Name}).Check(); err != nil {
		return err
	}
	same := false
	err := w.reading(ctx, func(s *session) (err error) {
		if err := s.freeForView(ctx, v.Name); err != nil {
			return err
		}
		same, err = s.isView(ctx, v)
		return err
	})
	if same || err != nil && !errors.Is(err, errNoFile) {
		return err
	}
	a := access{memory: w.cfg.MemoryLimit, threads: w.readThreads()}
	return w.writing(ctx, a, func(s *session) error {
		if err := s.freeForView(ctx, v.Name); err != nil {
			return err
		}
		if err := s.own(ctx, "view_put", map[string]any{"View": v.Name, "Query": v.Query}); err != nil {
			return err
		}
		s.changes++
		if v.About == "" {
			return nil
		}
		_, err := s.exec(ctx, "view_comment", map[string]any{"View": v.Name, "About": v.About})
		return err
	})
}

// freeForView refuses a name that a table has.
func (s *session) freeForView(ctx context.Context, name string) error {
	rel, found, err := s.relation(ctx, name)
	if err == nil && found && !rel.view {
		err = &warehouse.SchemaError{Table: rel.name, Reason: "is a table, and no view takes its place; give the view another name"}
	}
	return err
}

// isView reports whether the view is there already as v wants it.
func (s *session) isView(ctx context.Context, v warehouse.View) (same bool, err error) {
	if err := s.own(ctx, "view_probe", map[string]any{"Query": v.Query}); err != nil {
		return false, err
	}
	if err := s.row(ctx, "view_probed", nil, []any{v.Name, v.About}, &same); err != nil {
		return false, err
	}
	_, err = s.exec(ctx, "view_unprobe", nil)
	return same, err
}

// own runs a statement with SQL that a user wrote in it. It has to be one
// statement still. What DuckDB says of it is an ErrQuery, unless it is about the
// database.
func (s *session) own(ctx context.Context, name string, data any) error {
	text, err := taplinesql.Text("duckdb", name, data)
	if err != nil {
		return err
	}
	err = s.conn.Raw(func(c any) error {
		stmt, err := c.(driver.Conn).Prepare(text) // which refuses several
		if err != nil {
			return err
		}
		return stmt.Close()
	})
	if err == nil {
		_, err = s.conn.ExecContext(ctx, text)
	}
	if err == nil {
		return nil
	}
	if known := s.w.explain(ctx, err); known != err {
		return known
	}
	return fmt.Errorf("%w: %w", warehouse.ErrQuery, err)
}

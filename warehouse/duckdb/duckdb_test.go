//go:build cgo

package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	taplinesql "tapline/sql"
	"tapline/warehouse"
	"tapline/warehouse/warehousetest"
)

func TestWarehouse(t *testing.T) {
	warehousetest.Run(t, warehousetest.Subject{New: newInstance})
}

func newInstance(t *testing.T) warehousetest.Instance {
	// Patterns and addresses are made of these characters.
	path := filepath.Join(t.TempDir(), "it's [b]i*?#%zz.duckdb")
	w := open(t, Config{Path: path})
	return warehousetest.Instance{
		Warehouse: w,
		Reopen:    func(t *testing.T) warehouse.Warehouse { return open(t, Config{Path: path}) },
		Query: func(ctx context.Context, text string) iter.Seq2[arrow.Record, error] {
			return open(t, Config{Path: path}).Query(ctx, text)
		},
		Exec:  func(ctx context.Context, text string) error { return execRaw(ctx, w, text) },
		Quote: func(name string) string { return taplinesql.Quote("duckdb", name) },
	}
}

func open(t testing.TB, cfg Config) *Warehouse {
	t.Helper()
	w, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// execRaw runs SQL behind the warehouse's back, as a person with DuckDB would.
func execRaw(ctx context.Context, w *Warehouse, text string) error {
	return w.with(ctx, access{threads: 1}, func(s *session) error {
		_, err := s.conn.ExecContext(ctx, text)
		return err
	})
}

// scalar asks for one value.
func scalar(t testing.TB, w *Warehouse, text string) string {
	t.Helper()
	var v sql.NullString
	err := w.with(t.Context(), access{readOnly: true, threads: 1}, func(s *session) error {
		return s.conn.QueryRowContext(t.Context(), text).Scan(&v)
	})
	if err != nil {
		t.Fatal(err)
	}
	return v.String
}

func TestNewRefuses(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no path":         {},
		"snapshot itself": {Path: "a.duckdb", Snapshot: "./a.duckdb"},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestNothingThere(t *testing.T) {
	w := open(t, Config{Path: filepath.Join(t.TempDir(), "none.duckdb")})
	if _, err := w.Table(t.Context(), "t"); !errors.Is(err, warehouse.ErrNotExist) {
		t.Errorf("Table: %v", err)
	}
	for _, err := range w.Receipts(t.Context(), "") {
		t.Errorf("Receipts: %v", err)
	}
	for _, err := range w.Query(t.Context(), "SELECT 1") {
		if err == nil {
			t.Error("Query: no error")
		}
	}
	if n, err := w.Purge(t.Context(), warehouse.Filter{}); n != 0 || err != nil {
		t.Errorf("Purge: %d, %v", n, err)
	}
	if err := errors.Join(w.Check(t.Context()), w.Publish(t.Context())); err != nil {
		t.Errorf("Check, Publish: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(w.cfg.Path), "*")); len(left) > 0 || err != nil {
		t.Errorf("files were made: %v, %v", left, err)
	}
}

// moment is a fixed clock.
func moment() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }

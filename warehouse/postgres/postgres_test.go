package postgres

import (
	"context"
	"iter"
	"os"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	taplinesql "tapline/sql"
	"tapline/warehouse"
	"tapline/warehouse/postgres/pgtest"
	"tapline/warehouse/warehousetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestWarehouse(t *testing.T) {
	warehousetest.Run(t, subject(func(t *testing.T) string { return pgtest.NewDatabase(t) }, Config{}))
}

// subject is a warehouse in a new database, at the address that it returns.
func subject(address func(t *testing.T) string, cfg Config) warehousetest.Subject {
	return warehousetest.Subject{New: func(t *testing.T) warehousetest.Instance {
		cfg := cfg
		cfg.URL = address(t)
		w := open(t, cfg)
		return warehousetest.Instance{
			Warehouse: w,
			Reopen:    func(t *testing.T) warehouse.Warehouse { return open(t, cfg) },
			Query: func(ctx context.Context, text string) iter.Seq2[arrow.Record, error] {
				return w.queryIn(ctx, w.userPath()+", pg_catalog", text, nil) // some tables bear names of the catalogue
			},
			Exec:  func(ctx context.Context, text string) error { return execRaw(ctx, w, text) },
			Quote: func(name string) string { return taplinesql.Quote(dialect, name) },
			Takes: func(name string) bool { return len(name) <= maxName },
		}
	}}
}

func open(t testing.TB, cfg Config) *Warehouse {
	t.Helper()
	w, err := New(t.Context(), cfg)
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

// execRaw runs SQL behind the warehouse's back, as a person with psql would.
func execRaw(ctx context.Context, w *Warehouse, text string) error {
	return w.within(ctx, mode{path: w.userPath() + ", pg_catalog"}, func(t *tx) error {
		return t.conn.Exec(ctx, text).Close()
	})
}

// moment is a fixed clock.
func moment() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }

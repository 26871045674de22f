package postgres

import (
	"context"
	"fmt"

	"tapline/warehouse"
)

// schemaVersion numbers the shape of tapline's own tables. It grows when an
// older tapline could no longer write to them rightly.
const schemaVersion = 1

const tableVersion = "_tapline_schema"

// An ownThing is one of tapline's own tables or views and what makes it.
type ownThing struct {
	name string
	make []string
}

// ownThings in the order in which they are made.
func ownThings() []ownThing {
	return []ownThing{
		{tableVersion, []string{"version_create"}},
		{warehouse.TableReceipts, []string{"receipts_create", "receipts_index"}},
		{warehouse.TableQuarantine, []string{"quarantine_create", "quarantine_index", "quarantine_index_slice"}},
		{warehouse.TableFiles, []string{"files_create"}},
		{warehouse.ViewLoads, []string{"view_loads"}},
		{warehouse.ViewFreshness, []string{"view_freshness"}},
		{warehouse.ViewRuns, []string{"view_runs"}},
	}
}

// prepare makes what is missing of the schema and of tapline's own tables and
// views, once for each Warehouse, and refuses those of a newer tapline.
func (w *Warehouse) prepare(ctx context.Context) error {
	if w.ready.Load() {
		return nil
	}
	w.made.Lock()
	defer w.made.Unlock()
	if w.ready.Load() {
		return nil
	}
	if err := w.within(ctx, mode{}, func(t *tx) error { return t.prepare(ctx) }); err != nil {
		return w.holding(ctx, "", err)
	}
	w.ready.Store(true)
	return nil
}

func (t *tx) prepare(ctx context.Context) error {
	there, err := t.own(ctx)
	if err == nil && len(there) < len(ownThings()) {
		if err = t.lock(ctx, ""); err == nil { // another process may be at it
			err = t.makeOwn(ctx)
		}
	}
	if err != nil {
		return err
	}
	return t.checkVersion(ctx)
}

func (t *tx) makeOwn(ctx context.Context) error {
	var schema bool
	if err := t.row(ctx, "schema_there", nil, []any{t.w.cfg.Schema}, &schema); err != nil {
		return err
	}
	if !schema {
		if _, err := t.exec(ctx, "schema_make", nil); err != nil {
			return err
		}
	}
	there, err := t.own(ctx)
	if err != nil {
		return err
	}
	for _, thing := range ownThings() {
		if there[thing.name] {
			continue
		}
		for _, name := range thing.make {
			if _, err := t.exec(ctx, name, nil); err != nil {
				return fmt.Errorf("%s: %w", thing.name, err)
			}
		}
	}
	_, err = t.exec(ctx, "version_start", nil, schemaVersion)
	return err
}

// own returns the names of tapline's own tables and views that are there.
func (t *tx) own(ctx context.Context) (map[string]bool, error) {
	known := make(map[string]bool)
	for _, thing := range ownThings() {
		known[thing.name] = true
	}
	there := make(map[string]bool)
	var name string
	err := t.rows(ctx, "own", nil, []any{t.w.cfg.Schema}, []any{&name}, func() error {
		if known[name] {
			there[name] = true
		}
		return nil
	})
	return there, err
}

func (t *tx) checkVersion(ctx context.Context) error {
	var version int64
	if err := t.row(ctx, "version_read", nil, nil, &version); err != nil {
		return err
	}
	if version > schemaVersion {
		return fmt.Errorf("schema %s: was written by a newer tapline (its tables are of version %d, this tapline knows %d); use that one",
			t.w.cfg.Schema, version, schemaVersion)
	}
	return nil
}

// known reports whether tapline ever wrote to the schema, for operations that
// only read.
func (t *tx) known(ctx context.Context) (bool, error) {
	there, err := t.own(ctx)
	if err != nil || !there[tableVersion] || !there[warehouse.TableReceipts] || !there[warehouse.TableQuarantine] {
		return false, err
	}
	return true, t.checkVersion(ctx)
}

// writing runs f in a transaction that writes, with tapline's own tables there.
func (w *Warehouse) writing(ctx context.Context, f func(*tx) error) error {
	if err := w.prepare(ctx); err != nil {
		return err
	}
	err := w.within(ctx, mode{}, f)
	if err != nil {
		w.ready.Store(false) // they may have been dropped; the next operation looks
	}
	return err
}

// reading runs f in a transaction that only reads, unless tapline never wrote.
func (w *Warehouse) reading(ctx context.Context, f func(*tx) error) error {
	return w.within(ctx, mode{readOnly: true}, func(t *tx) error {
		known, err := t.known(ctx)
		if err != nil || !known {
			return err
		}
		return f(t)
	})
}

// altering is writing for one table: who else works on it, here or elsewhere, is
// waited for.
func (w *Warehouse) altering(ctx context.Context, table string, f func(*tx) error) error {
	done, err := w.turns.wait(ctx, table)
	if err != nil {
		return err
	}
	defer done()
	err = w.writing(ctx, func(t *tx) error {
		if err := t.lock(ctx, table); err != nil {
			return err
		}
		return f(t)
	})
	return w.named(table, w.holding(ctx, table, err))
}

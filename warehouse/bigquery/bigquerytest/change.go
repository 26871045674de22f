//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// A doer runs statements: the pool, a connection or a transaction.
type doer interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// definition is the text that makes the table in DuckDB.
func definition(phys string, m *bq.Table) string {
	var columns []string
	for _, f := range m.Schema.Fields {
		columns = append(columns, ident(f.Name)+" "+duckType(f)+notNull(f))
	}
	if m.TimePartitioning != nil && m.TimePartitioning.Field == "" {
		columns = append(columns, ident(ingestion)+" TIMESTAMP WITH TIME ZONE")
	}
	if len(columns) == 0 {
		columns = []string{ident(nothing) + " BOOLEAN"}
	}
	return "CREATE TABLE " + phys + " (" + strings.Join(columns, ", ") + ")"
}

// nothing is the column of a table without columns, which DuckDB cannot have.
const nothing = "_PARTITION_nothing"

func notNull(f *bq.TableFieldSchema) string {
	if f.Mode == "REQUIRED" {
		return " NOT NULL"
	}
	return ""
}

// fill completes a new table's resource.
func (s *Server) fill(m *bq.Table) {
	m.CreationTime = s.opt.Now().UnixMilli()
	m.Type = "TABLE"
	if m.View != nil {
		m.Type = "VIEW"
	}
}

// createTable makes a table or view; rows is the statement of DuckDB that fills
// it, "" = none. A table of that name makes it fail, unless replace is set.
func (s *Server) createTable(ctx context.Context, owner any, m *bq.Table, rows string, replace *table) error {
	ref := m.TableReference
	if _, err := s.dataset(ref.DatasetId); err != nil {
		return err
	}
	if m.View != nil {
		if err := s.freezeView(ctx, m); err != nil {
			return err
		}
	}
	if err := checkTable(m); err != nil {
		return err
	}
	key := ref.DatasetId + "." + ref.TableId
	if _, err := s.locks.take(ctx, owner, key, held{hold: alters}); err != nil {
		return err
	}
	defer s.locks.drop(owner)
	if _, err := s.table(ref); err == nil && replace == nil {
		return duplicate("Table %s", shown(ref))
	}
	s.fill(m)
	if m.View == nil {
		err := s.within(ctx, func(tx *sql.Tx) error {
			phys := physical(ref.DatasetId, ref.TableId)
			return run(ctx, tx, "DROP TABLE IF EXISTS "+phys, definition(phys, m), rows)
		})
		if err != nil {
			return err
		}
	}
	s.put(m)
	return nil
}

// run runs the statements in turn; empty ones do nothing.
func run(ctx context.Context, d doer, statements ...string) error {
	for _, text := range statements {
		if text == "" {
			continue
		}
		if _, err := d.ExecContext(ctx, text); err != nil {
			return explain(err)
		}
	}
	return nil
}

// within runs f in a transaction.
func (s *Server) within(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // what f says matters
		return err
	}
	return explain(tx.Commit())
}

func (s *Server) dropTable(ctx context.Context, owner any, ref *bq.TableReference) error {
	if _, err := s.locks.take(ctx, owner, ref.DatasetId+"."+ref.TableId, held{hold: alters}); err != nil {
		return err
	}
	defer s.locks.drop(owner)
	if err := run(ctx, s.db, "DROP TABLE IF EXISTS "+physical(ref.DatasetId, ref.TableId)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, ok := s.datasets[ref.DatasetId]; ok {
		delete(d.tables, ref.TableId)
	}
	return nil
}

// alterTable makes t what m says, where BigQuery allows it: columns are added
// at the end, required ones become nullable. The caller holds the lock.
func (s *Server) alterTable(ctx context.Context, t *table, m *bq.Table) error {
	if m.View != nil {
		if err := s.freezeView(ctx, m); err != nil {
			return err
		}
	}
	if err := checkTable(m); err != nil {
		return err
	}
	if !t.isView() {
		if err := samePartitioning(t.meta, m); err != nil {
			return err
		}
		changes, err := differences(t, m.Schema.Fields)
		if err != nil {
			return err
		}
		if err := s.within(ctx, func(tx *sql.Tx) error { return run(ctx, tx, changes...) }); err != nil {
			return err
		}
	}
	s.put(m)
	return nil
}

func samePartitioning(have, want *bq.Table) error {
	a, b := have.TimePartitioning, want.TimePartitioning
	if (a == nil) != (b == nil) || a != nil && (a.Type != b.Type || !strings.EqualFold(a.Field, b.Field)) {
		return invalid("Cannot change partitioning spec for a partitioned/unpartitioned table %s.", shown(have.TableReference))
	}
	return nil
}

// differences are the statements that give a table other columns.
func differences(t *table, want []*bq.TableFieldSchema) ([]string, error) {
	have := t.meta.Schema.Fields
	var changes []string
	for _, old := range have {
		if !slices.ContainsFunc(want, func(f *bq.TableFieldSchema) bool { return strings.EqualFold(f.Name, old.Name) }) {
			return nil, invalid("Provided Schema does not match Table %s. Field %s is missing in new schema", shown(t.meta.TableReference), old.Name)
		}
	}
	for i, f := range want {
		old := field(t.meta.Schema, f.Name)
		switch {
		case old == nil && i < len(have):
			return nil, invalid("Provided Schema does not match Table %s. New field %s must come after the existing ones", shown(t.meta.TableReference), f.Name)
		case old == nil && f.Mode == "REQUIRED":
			return nil, invalid("Provided Schema does not match Table %s. Cannot add required fields to an existing schema. (field: %s)", shown(t.meta.TableReference), f.Name)
		case old == nil:
			changes = append(changes, "ALTER TABLE "+t.phys+" ADD COLUMN "+ident(f.Name)+" "+duckType(f))
		case i >= len(have) || have[i] != old:
			return nil, invalid("Provided Schema does not match Table %s. The order of fields cannot change (field: %s)", shown(t.meta.TableReference), f.Name)
		case duckType(old) != duckType(f):
			return nil, changedType(t, f.Name, old, f)
		case old.Mode != f.Mode && old.Mode == "REQUIRED" && f.Mode == "NULLABLE":
			changes = append(changes, "ALTER TABLE "+t.phys+" ALTER COLUMN "+ident(f.Name)+" DROP NOT NULL")
		case old.Mode != f.Mode:
			return nil, invalid("Provided Schema does not match Table %s. Field %s has changed mode from %s to %s", shown(t.meta.TableReference), f.Name, old.Mode, f.Mode)
		}
	}
	return changes, nil
}

func changedType(t *table, name string, have, want *bq.TableFieldSchema) error {
	return invalid("Provided Schema does not match Table %s. Field %s has changed type from %s to %s", shown(t.meta.TableReference), name, have.Type, want.Type)
}

//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"
)

// schemaVersion numbers the shape of tapline's own tables. It grows when an
// older tapline could no longer write to them rightly.
const schemaVersion = 1

// begin starts the one transaction of a writing operation and makes sure of
// tapline's own tables.
func (s *session) begin(ctx context.Context) error {
	if err := s.run(ctx, "begin", nil); err != nil {
		return s.w.explain(ctx, err)
	}
	s.begun = true
	known, err := s.known(ctx)
	if err != nil || known {
		return err
	}
	for _, name := range []string{"schema_create", "receipts_create", "quarantine_create", "sources_create"} {
		if _, err := s.exec(ctx, name, nil); err != nil {
			return err
		}
	}
	if _, err := s.exec(ctx, "schema_start", nil, schemaVersion); err != nil {
		return err
	}
	return s.refreshViews(ctx, true)
}

// commit makes the transaction visible, unless the context is over: no write
// starts on a cancelled one.
func (s *session) commit(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.run(ctx, "commit", nil); err != nil {
		return s.w.explain(ctx, err)
	}
	s.begun, s.wrote = false, true
	return nil
}

// again commits and goes on in another transaction.
func (s *session) again(ctx context.Context) error {
	if err := s.commit(ctx); err != nil {
		return err
	}
	if err := s.run(ctx, "begin", nil); err != nil {
		return s.w.explain(ctx, err)
	}
	s.begun = true
	return nil
}

// writing runs f in a transaction of its own, which is gone without a trace
// when f fails. errUnchanged ends it without a trace and without an error.
func (w *Warehouse) writing(ctx context.Context, a access, f func(*session) error) error {
	err := w.with(ctx, a, func(s *session) error {
		if err := s.begin(ctx); err != nil {
			return err
		}
		if err := f(s); err != nil {
			return err // closing rolls back
		}
		if s.changes == 0 {
			return nil
		}
		return s.commit(ctx)
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

var errUnchanged = errors.New("nothing to change")

// known reports whether tapline ever wrote to the file, and refuses a file of a
// newer tapline.
func (s *session) known(ctx context.Context) (bool, error) {
	_, found, err := s.relation(ctx, "_tapline_schema")
	if err != nil || !found {
		return false, err
	}
	return true, s.checkVersion(ctx)
}

func (s *session) checkVersion(ctx context.Context) error {
	var version int64
	var freshness string
	if err := s.row(ctx, "schema_read", nil, nil, &version, &freshness); err != nil {
		return err
	}
	if version > schemaVersion {
		return fmt.Errorf("%s: was written by a newer tapline (its tables are of version %d, this tapline knows %d); use that one",
			s.w.cfg.Path, version, schemaVersion)
	}
	return nil
}

//go:build cgo

package duckdb

import (
	"context"
	"crypto/sha256"
	"fmt"
)

// freshTable is a table as the freshness view sees it.
type freshTable struct{ Name, Event string }

// refreshViews makes the views again when the table at hand changed, and when
// others came or went or a view was dropped behind tapline's back.
func (s *session) refreshViews(ctx context.Context, changed bool) error {
	var there bool
	var names, have string
	var version int64
	if err := s.row(ctx, "views_state", nil, nil, &there, &names); err != nil {
		return err
	}
	if err := s.row(ctx, "schema_read", nil, nil, &version, &have); err != nil {
		return err
	}
	fingerprint := fmt.Sprintf("%x", sha256.Sum256([]byte(names)))
	if there && !changed && have == fingerprint {
		return nil
	}
	var t freshTable
	var tables []freshTable
	_, err := s.rows(ctx, "tables", nil, nil, []any{&t.Name, &t.Event}, func() error {
		tables = append(tables, t)
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range []string{"view_loads", "view_freshness", "view_runs"} {
		if _, err := s.exec(ctx, name, map[string]any{"Tables": tables}); err != nil {
			return err
		}
	}
	_, err = s.exec(ctx, "schema_freshness", nil, fingerprint)
	return err
}

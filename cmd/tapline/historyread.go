package main

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"time"

	"tapline/sql"
)

// A sliceRecord is what became of one slice of a run.
type sliceRecord struct {
	Stream      string    `json:"stream"`
	Slice       string    `json:"slice"`
	Table       string    `json:"table"`
	Status      string    `json:"status"`
	Rows        int64     `json:"rows"`
	Quarantined int64     `json:"quarantined"`
	Code        string    `json:"code,omitempty"`
	Message     string    `json:"message,omitempty"`
	At          time.Time `json:"at"`
}

// list returns the newest runs first, of one pipeline or of all.
func (h *history) list(ctx context.Context, pipeline string, limit int) ([]record, error) {
	return h.records(ctx, "list_runs", pipeline, pipeline, limit)
}

// find returns the run whose id starts with prefix, if there is exactly one.
// Errors: errNoRun.
func (h *history) find(ctx context.Context, prefix string) (record, error) {
	found, err := h.records(ctx, "find_runs", prefix, prefix)
	switch {
	case err != nil:
		return record{}, err
	case len(found) == 0:
		return record{}, fmt.Errorf("%w: %s", errNoRun, prefix)
	case len(found) > 1 && found[0].ID != prefix:
		return record{}, fmt.Errorf("%w: more than one starts with %s", errNoRun, prefix)
	}
	return found[0], nil
}

func (h *history) records(ctx context.Context, statement string, args ...any) ([]record, error) {
	return query(ctx, h, statement, func(rows *stdsql.Rows) (r record, err error) {
		var started int64
		var finished stdsql.NullInt64
		err = rows.Scan(&r.ID, &r.Pipeline, &r.Command, &r.Status, &started, &finished, &r.owner,
			&r.Loads, &r.Rows, &r.Quarantined, &r.Skipped, &r.Failures, &r.Code, &r.Message)
		r.StartedAt = time.UnixMicro(started).UTC()
		if finished.Valid {
			at := time.UnixMicro(finished.Int64).UTC()
			r.FinishedAt = &at
		}
		return r, err
	}, args...)
}

// slices returns what became of the slices of a run.
func (h *history) slices(ctx context.Context, run string) ([]sliceRecord, error) {
	return query(ctx, h, "list_slices", func(rows *stdsql.Rows) (s sliceRecord, err error) {
		var at int64
		err = rows.Scan(&s.Stream, &s.Slice, &s.Table, &s.Status, &s.Rows, &s.Quarantined, &s.Code, &s.Message, &at)
		s.At = time.UnixMicro(at).UTC()
		return s, err
	}, run)
}

func query[T any](ctx context.Context, h *history, statement string, scan func(*stdsql.Rows) (T, error), args ...any) ([]T, error) {
	text, err := sql.Text(dialect, statement, nil)
	if err != nil {
		return nil, err
	}
	rows, err := h.db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errState, statement, err)
	}
	defer func() { _ = rows.Close() }() // Err tells
	found := []T{}
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", errState, statement, err)
		}
		found = append(found, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errState, statement, err)
	}
	return found, nil
}

//go:build cgo

package duckdb

import (
	"context"
	"slices"

	"tapline/warehouse"
)

// A history is what the statements of mode History are rendered with.
type history struct {
	Table    string
	Key      []string
	Columns  []string // those that the parts have
	Compared []string // those of the table's contents that are among them
	Lacked   []string // those that are not: NULL in every row of the load
	Contents []string // all of them
	Paths    []string
}

func newHistory(table string, key []string, have []warehouse.Column) history {
	h := history{Table: table, Key: key}
	for _, c := range warehouse.Contents(have) {
		h.Contents = append(h.Contents, c.Name)
	}
	return h
}

// with returns the history for a load of parts that have these columns.
func (h history) with(columns, parts []string) history {
	h.Columns, h.Paths = columns, parts
	for _, c := range h.Contents {
		if slices.Contains(columns, c) {
			h.Compared = append(h.Compared, c)
		} else {
			h.Lacked = append(h.Lacked, c)
		}
	}
	return h
}

// addHistory puts those rows of the parts into the load's table that change
// something, and has them follow those that are there.
func (s *session) addHistory(ctx context.Context, l warehouse.Load, parts []string, have []warehouse.Column, again bool) error {
	if err := warehouse.CheckHistory(l.Table, have); err != nil {
		return err
	}
	h := newHistory(l.Table, l.Key, have)
	if again {
		if _, err := s.exec(ctx, "history_delete", h, l.Slice); err != nil {
			return err
		}
	}
	if len(parts) == 0 {
		return wrongCount(0, l.RowsLoaded)
	}
	columns, err := s.commonColumns(ctx, l.Table, parts, l.Columns, have)
	if err == nil {
		err = s.checkParts(ctx, l, parts)
	}
	if err != nil {
		return err
	}
	if slices.ContainsFunc(l.Key, func(k string) bool { return !slices.Contains(columns, k) }) {
		// No row has a key, so none has a history.
		_, err = s.exec(ctx, "parts_insert", insertData{l.Table, columns, parts, ""})
	} else {
		_, err = s.exec(ctx, "history_insert", h.with(columns, parts), warehouse.Micros(l.ReadAt))
	}
	if err != nil {
		return err
	}
	return s.settleHistory(ctx, h)
}

// settleHistory has rows whose valid_from is NULL take their places.
func (s *session) settleHistory(ctx context.Context, h history) error {
	for _, name := range []string{"history_keyless", "history_settle", "history_sweep"} {
		if _, err := s.exec(ctx, name, h); err != nil {
			return err
		}
	}
	return nil
}

// verifyHistory counts rows that no history explains among what is found of a
// table's loads.
func (s *session) verifyHistory(ctx context.Context, table string, have []warehouse.Column, all []warehouse.Earlier, proofs map[string]warehouse.Proof) error {
	return warehouse.ProveHistory(proofs, table, have, all, func(key []string) (map[string]int64, error) {
		broken := make(map[string]int64)
		var slice string
		var n int64
		_, err := s.rows(ctx, "history_verify", history{Table: table, Key: key}, nil, []any{&slice, &n}, func() error {
			broken[slice] = n
			return nil
		})
		return broken, err
	})
}

//go:build cgo

package duckdb

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

// mostPlaces is how many places of a load are counted one by one, a bit each;
// of a greater load only those below.
const mostPlaces = 1 << 28

// insertData is what parts_insert is rendered with.
type insertData struct {
	Table   string
	Columns []string
	Paths   []string
	Only    string
}

// insertParts puts all rows of the parts into the load's table and makes sure
// that they are the load's, once each.
func (s *session) insertParts(ctx context.Context, l warehouse.Load, parts []string, have []warehouse.Column) error {
	if len(parts) == 0 {
		return wrongCount(0, l.RowsLoaded)
	}
	columns, err := s.commonColumns(ctx, l.Table, parts, l.Columns, have)
	if err != nil {
		return err
	}
	if err := s.checkParts(ctx, l, parts); err != nil {
		return err
	}
	n, err := s.exec(ctx, "parts_insert", insertData{l.Table, columns, parts, ""})
	if err != nil {
		return err
	}
	return wrongCount(n, l.RowsLoaded)
}

func wrongCount(have, want int64) error {
	if have == want {
		return nil
	}
	return fmt.Errorf("%w: the parts hold %d rows, the load speaks of %d", warehouse.ErrCount, have, want)
}

// checkParts counts before anything is written: (load, row) has to be unique,
// and a merge compares the time of reading.
func (s *session) checkParts(ctx context.Context, l warehouse.Load, parts []string) error {
	last := min(max(l.RowsRead, 1), mostPlaces) - 1
	data := map[string]any{"Paths": parts, "Last": last}
	var rows, foreign, places int64
	err := s.row(ctx, "parts_check", data, []any{l.ID, l.Slice, warehouse.Micros(l.ReadAt)}, &rows, &foreign, &places)
	switch {
	case err != nil:
		return err
	case rows != l.RowsLoaded:
		return wrongCount(rows, l.RowsLoaded)
	case foreign > 0:
		return fmt.Errorf("%w: %d rows of the parts carry another slice, load or time of reading than the load's",
			warehouse.ErrCount, foreign)
	case places != rows && l.RowsRead <= mostPlaces:
		return fmt.Errorf("%w: the %d rows of the parts take %d places below %d",
			warehouse.ErrCount, rows, places, l.RowsRead)
	}
	return nil
}

// commonColumns returns the columns to insert: those that the load names and at
// least one part has. Each must be of one type in parts, load and table, but
// for integers that go into a floating column without losing a digit.
func (s *session) commonColumns(ctx context.Context, table string, parts []string, load, have []warehouse.Column) ([]string, error) {
	kinds, err := s.partKinds(ctx, parts)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, c := range load {
		i := indexColumn(have, c.Name)
		switch {
		case i < 0:
			return nil, &warehouse.SchemaError{Table: table, Column: c.Name, Reason: "the table does not have it; it may have been dropped"}
		case !holds(have[i], c):
			return nil, misfit(table, have[i], c)
		}
		for _, kind := range kinds[c.Name] {
			part := warehouse.Column{Name: c.Name, Type: arrowType(kind)}
			if !holds(c, part) {
				return nil, misfit(table, c, part)
			}
			if part.Type.ID() == arrow.INT64 && have[i].Type.ID() == arrow.FLOAT64 {
				if err := s.checkExact(ctx, table, c.Name, parts); err != nil {
					return nil, err
				}
			}
		}
		if len(kinds[c.Name]) > 0 {
			names = append(names, c.Name)
			delete(kinds, c.Name)
		}
	}
	for name := range kinds {
		return nil, &warehouse.SchemaError{Table: table, Column: name, Reason: "a part has it, and the load does not name it"}
	}
	return names, nil
}

// partKinds returns the types that each column has in the parts.
func (s *session) partKinds(ctx context.Context, parts []string) (map[string][]string, error) {
	kinds := make(map[string][]string)
	var name, kind string
	var files int64
	_, err := s.rows(ctx, "parts_schema", map[string]any{"Paths": parts}, nil, []any{&name, &kind, &files}, func() error {
		kinds[name] = append(kinds[name], kind)
		return nil
	})
	return kinds, err
}

// checkExact refuses integers that a floating column would round.
func (s *session) checkExact(ctx context.Context, table, column string, parts []string) error {
	var inexact int64
	if err := s.row(ctx, "parts_inexact", map[string]any{"Paths": parts, "Column": column}, nil, &inexact); err != nil {
		return err
	}
	if inexact == 0 {
		return nil
	}
	return &warehouse.SchemaError{
		Table: table, Column: column, Have: "float64", Want: "int64",
		Reason: fmt.Sprintf("%d integers of the parts are beyond 2^53 and would lose digits", inexact),
	}
}

//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// queryRows is how many rows a record of Query has at most.
const queryRows = 4096

// Query answers SQL that only reads: the file is open for reading, and other
// files are out of reach. It stays open until the loop ends, and operations of
// this Warehouse wait for that; do not call one within the loop.
//
// Integers of up to 64 bits with a sign come as int64, FLOAT as float64,
// timestamps without a zone as UTC; every other type, DECIMAL, HUGEINT and
// nested ones among them, as text (nested ones as JSON). A query without rows
// yields one record without rows, for its columns.
func (w *Warehouse) Query(ctx context.Context, sql string, args ...any) iter.Seq2[arrow.Record, error] {
	return func(yield func(arrow.Record, error) bool) {
		a := access{readOnly: true, query: true, memory: w.cfg.MemoryLimit, threads: w.readThreads()}
		stopped := false
		err := w.with(ctx, a, func(s *session) error {
			return s.query(ctx, sql, args, func(r arrow.Record) bool {
				stopped = !yield(r, nil)
				return !stopped
			})
		})
		if err != nil && !stopped {
			if errors.Is(err, errNoFile) {
				err = fmt.Errorf("%s: %w; nothing has been loaded", w.cfg.Path, err)
			}
			yield(nil, fmt.Errorf("duckdb: query: %w", err))
		}
	}
}

// query hands records to each until it returns false.
func (s *session) query(ctx context.Context, text string, args []any, each func(arrow.Record) bool) error {
	rows, err := s.conn.QueryContext(ctx, text, args...)
	if err != nil {
		return s.w.explain(ctx, err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return s.w.explain(ctx, err)
	}
	fields := make([]arrow.Field, len(types))
	for i, t := range types {
		fields[i] = arrow.Field{Name: t.Name(), Type: resultType(t.DatabaseTypeName()), Nullable: true}
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	values, dest := make([]any, len(fields)), make([]any, len(fields))
	for i := range values {
		dest[i] = &values[i]
	}
	flush := func() bool {
		r := b.NewRecord()
		defer r.Release()
		return each(r)
	}
	sent, n := 0, 0
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return s.w.explain(ctx, err)
		}
		for i, v := range values {
			if err := appendValue(b.Field(i), types[i].DatabaseTypeName(), v); err != nil {
				return fmt.Errorf("column %s: %w", fields[i].Name, err)
			}
		}
		if n++; n == queryRows {
			if !flush() {
				return nil
			}
			sent, n = sent+1, 0
		}
	}
	if err := rows.Err(); err != nil {
		return s.w.explain(ctx, err)
	}
	if n > 0 || sent == 0 {
		flush()
	}
	return nil
}

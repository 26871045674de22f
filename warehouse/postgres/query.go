package postgres

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"tapline/warehouse"
)

// A record of Query has at most so many rows, and is handed on once its values
// have taken so many bytes.
const (
	queryRows  = 4096
	queryBytes = 4 << 20
)

// Query answers SQL that only reads: it runs in a read-only transaction, which is
// open until the loop ends, and finds tables of the schema without its name. A
// statement other than one query is refused by the database.
//
// Integers of up to 64 bits come as int64, real as float64, timestamps without a
// zone as UTC; every other type, numeric and json among them, as text. A query
// without rows yields one record without rows, for its columns. Errors: ErrQuery
// for SQL that does not run.
func (w *Warehouse) Query(ctx context.Context, sql string, args ...any) iter.Seq2[arrow.Record, error] {
	return w.queryIn(ctx, w.userPath(), sql, args)
}

func (w *Warehouse) queryIn(ctx context.Context, path, sql string, args []any) iter.Seq2[arrow.Record, error] {
	return func(yield func(arrow.Record, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stopped := false
		err := w.within(ctx, mode{readOnly: true, path: path, timeout: true}, func(t *tx) error {
			return t.query(ctx, sql, args, func(r arrow.Record) bool {
				if stopped = !yield(r, nil); stopped {
					cancel() // or the rest of the rows would still be sent
				}
				return !stopped
			})
		})
		if err != nil && !stopped {
			yield(nil, fmt.Errorf("postgres: query: %w", err))
		}
	}
}

// query hands records to each until it returns false.
func (t *tx) query(ctx context.Context, text string, args []any, each func(arrow.Record) bool) error {
	params, err := encode(args)
	if err != nil {
		return err
	}
	s, err := t.conn.Prepare(ctx, "", text, nil)
	if err != nil {
		return refusedQuery(err)
	}
	fields, formats := make([]arrow.Field, len(s.Fields)), make([]int16, len(s.Fields))
	for i, f := range s.Fields {
		typ, binary := resultType(f.DataTypeOID)
		fields[i] = arrow.Field{Name: f.Name, Type: typ, Nullable: true}
		if binary {
			formats[i] = pgtype.BinaryFormatCode
		}
	}
	r := t.conn.ExecPrepared(ctx, "", params, nil, formats)
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	err = collect(r, b, s.Fields, each)
	if _, end := r.Close(); err == nil {
		err = end
	}
	return refusedQuery(err)
}

func collect(r *pgconn.ResultReader, b *array.RecordBuilder, fields []pgconn.FieldDescription, each func(arrow.Record) bool) error {
	flush := func() bool {
		rec := b.NewRecord()
		defer rec.Release()
		return each(rec)
	}
	sent, n, size := 0, 0, 0
	for r.NextRow() {
		for i, v := range r.Values() {
			size += len(v)
			if err := appendValue(b.Field(i), fields[i].DataTypeOID, v); err != nil {
				return fmt.Errorf("column %s: %w", fields[i].Name, err)
			}
		}
		if n++; n == queryRows || size > queryBytes {
			if !flush() {
				return nil
			}
			sent, n, size = sent+1, 0, 0
		}
	}
	if _, err := r.Close(); err != nil {
		return err
	}
	if n > 0 || sent == 0 {
		flush()
	}
	return nil
}

// refusedQuery says of a server's error that the SQL is to blame, where it is.
func refusedQuery(err error) error {
	e := serverError(err)
	if e == nil {
		return err
	}
	switch prefix(e.Code, 2) {
	case "22", "42", "0A", "25", "21":
		if e.Code == "42501" {
			return err
		}
		text := said(e)
		if e.Hint != "" {
			text += "; " + strings.ToLower(e.Hint[:1]) + e.Hint[1:]
		}
		return fmt.Errorf("%w: %s", warehouse.ErrQuery, text)
	}
	return err
}

// resultType is the Arrow type that a column of a query comes as, and whether it
// is asked for in binary.
func resultType(oid uint32) (arrow.DataType, bool) {
	switch oid {
	case pgtype.BoolOID:
		return arrow.FixedWidthTypes.Boolean, true
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID:
		return arrow.PrimitiveTypes.Int64, true
	case pgtype.Float4OID, pgtype.Float8OID:
		return arrow.PrimitiveTypes.Float64, true
	case pgtype.DateOID:
		return arrow.FixedWidthTypes.Date32, true
	case pgtype.TimestampOID, pgtype.TimestamptzOID:
		return stampType(), true
	}
	return arrow.BinaryTypes.String, false
}

// appendValue appends a value as the server sent it, nil as NULL.
func appendValue(b array.Builder, oid uint32, v []byte) error {
	if v == nil {
		b.AppendNull()
		return nil
	}
	if b, ok := b.(*array.StringBuilder); ok {
		b.Append(string(v))
		return nil
	}
	n, err := integer(v)
	if err != nil {
		return err
	}
	switch b := b.(type) {
	case *array.BooleanBuilder:
		b.Append(n != 0)
	case *array.Int64Builder:
		b.Append(n)
	case *array.Float64Builder:
		if oid == pgtype.Float4OID {
			b.Append(float64(math.Float32frombits(uint32(n))))
		} else {
			b.Append(math.Float64frombits(uint64(n)))
		}
	case *array.Date32Builder:
		if n == math.MaxInt32 || n == math.MinInt32 || n+epochDays > math.MaxInt32 {
			return fmt.Errorf("holds infinity, or a date that none of the types can tell; cast it to text")
		}
		b.Append(arrow.Date32(n + epochDays))
	case *array.TimestampBuilder:
		if n == math.MinInt64 || n > math.MaxInt64-epochMicros {
			return fmt.Errorf("holds infinity, or a time that none of the types can tell; cast it to text")
		}
		b.Append(arrow.Timestamp(n + epochMicros))
	}
	return nil
}

// integer reads one to eight bytes, with their sign.
func integer(v []byte) (int64, error) {
	switch len(v) {
	case 1:
		return int64(int8(v[0])), nil
	case 2:
		return int64(int16(binary.BigEndian.Uint16(v))), nil
	case 4:
		return int64(int32(binary.BigEndian.Uint32(v))), nil
	case 8:
		return int64(binary.BigEndian.Uint64(v)), nil
	}
	return 0, fmt.Errorf("%d bytes came, where a number should be", len(v))
}

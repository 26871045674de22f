//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	bq "google.golang.org/api/bigquery/v2"
)

// lookRows is how many rows a record of Query has at most.
const lookRows = 4096

// behind runs f in a session beside the API: names without a dataset are those
// of Options.Dataset, and no fault meets it.
func (s *Server) behind(ctx context.Context, f func(*session) error) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	ses := &session{
		server: s, ctx: ctx, conn: conn, owner: new(int64), dataset: s.opt.Dataset, location: canonical(s.opt.Location), now: s.opt.Now(),
		params: map[string]string{}, variables: map[string]*variable{}, temporary: map[string]*table{},
	}
	defer ses.close()
	return f(ses)
}

// Exec runs GoogleSQL behind the client's back: a statement or a script.
func (s *Server) Exec(ctx context.Context, query string) error {
	err := s.behind(ctx, func(ses *session) error {
		err := ses.run(query)
		if err == nil {
			ses.forget()
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("bigquerytest: exec: %w", err)
	}
	return nil
}

// Query answers a SELECT of GoogleSQL behind the client's back. Columns come as
// bool, int64, float64, utf8, date32 or timestamp[us, UTC]; any other type as
// utf8. Records are valid until the next step; there is at least one, for the
// columns.
func (s *Server) Query(ctx context.Context, query string) iter.Seq2[arrow.Record, error] {
	return func(yield func(arrow.Record, error) bool) {
		stopped := false
		err := s.behind(ctx, func(ses *session) error {
			return ses.records(query, func(r arrow.Record) bool {
				stopped = !yield(r, nil)
				return !stopped
			})
		})
		if err != nil && !stopped {
			yield(nil, fmt.Errorf("bigquerytest: query: %w", err))
		}
	}
}

// records hands the rows of a query to each until it returns false.
func (s *session) records(query string, each func(arrow.Record) bool) error {
	toks, err := tokens(query)
	if err != nil {
		return err
	}
	translated, err := s.translator(toks).query(toks, nil)
	if err != nil {
		return err
	}
	columns, err := describe(s.ctx, s.conn, translated)
	if err != nil {
		return explain(err)
	}
	fields, err := fieldsOf(columns)
	if err != nil {
		return err
	}
	rows, err := s.conn.QueryContext(s.ctx, translated)
	if err != nil {
		return explain(err)
	}
	defer rows.Close()
	return builds(rows, fields, each)
}

// builds makes records of rows.
func builds(rows *sql.Rows, fields []*bq.TableFieldSchema, each func(arrow.Record) bool) error {
	schema := make([]arrow.Field, len(fields))
	values, dest := make([]any, len(fields)), make([]any, len(fields))
	for i, f := range fields {
		schema[i] = arrow.Field{Name: f.Name, Type: arrowType(f), Nullable: true}
		dest[i] = &values[i]
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(schema, nil))
	defer b.Release()
	flush := func() bool {
		r := b.NewRecord()
		defer r.Release()
		return each(r)
	}
	sent, n := 0, 0
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		for i, v := range values {
			if err := appendTo(b.Field(i), v, fields[i]); err != nil {
				return err
			}
		}
		if n++; n == lookRows {
			if !flush() {
				return nil
			}
			sent, n = sent+1, 0
		}
	}
	if err := rows.Err(); err != nil {
		return explain(err)
	}
	if n > 0 || sent == 0 {
		flush()
	}
	return nil
}

func arrowType(f *bq.TableFieldSchema) arrow.DataType {
	if f.Mode != "REPEATED" {
		switch f.Type {
		case "BOOLEAN":
			return arrow.FixedWidthTypes.Boolean
		case "INTEGER":
			return arrow.PrimitiveTypes.Int64
		case "FLOAT":
			return arrow.PrimitiveTypes.Float64
		case "DATE":
			return arrow.FixedWidthTypes.Date32
		case "TIMESTAMP":
			return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
		}
	}
	return arrow.BinaryTypes.String
}

func appendTo(b array.Builder, v any, f *bq.TableFieldSchema) error {
	if v == nil {
		b.AppendNull()
		return nil
	}
	if t, ok := v.(time.Time); ok {
		switch b := b.(type) {
		case *array.TimestampBuilder:
			b.Append(arrow.Timestamp(t.UnixMicro()))
			return nil
		case *array.Date32Builder:
			b.Append(arrow.Date32FromTime(t))
			return nil
		}
	}
	c, err := encode(v, f, true)
	if err != nil {
		return err
	}
	if _, nested := c.(string); !nested {
		c = fmt.Sprint(c)
	}
	return b.AppendValueFromString(c.(string))
}

package bigquery

import (
	"context"
	"errors"
	"fmt"
	"iter"

	bq "cloud.google.com/go/bigquery"
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/warehouse"
)

// queryRows is how many rows a record of Query has at most.
const queryRows = 4096

// Query answers SQL that only reads; a dry run, which costs nothing, tells
// whether it does. Args are positional (?). NUMERIC, lists and every other type
// come as text, lists and records as JSON. A query without rows yields one
// record without rows, for its columns. Errors: ErrQuery.
func (w *Warehouse) Query(ctx context.Context, sql string, args ...any) iter.Seq2[arrow.Record, error] {
	return func(yield func(arrow.Record, error) bool) {
		list := make([]bq.QueryParameter, len(args))
		for i, a := range args {
			list[i].Value = a
		}
		stopped := false
		err := w.answer(ctx, sql, list, func(r arrow.Record) bool {
			stopped = !yield(r, nil)
			return !stopped
		})
		if err != nil && !stopped {
			yield(nil, fmt.Errorf("bigquery: query: %w", err))
		}
	}
}

// errStopped says that the reader of a query has had enough.
var errStopped = errors.New("stopped")

// A recorder makes records of rows and hands them to each until it returns
// false.
type recorder struct {
	each    func(arrow.Record) bool
	b       *array.RecordBuilder
	n, sent int
}

func (r *recorder) head(schema bq.Schema) error {
	columns := make([]arrow.Field, len(schema))
	for i, f := range schema {
		columns[i] = arrow.Field{Name: f.Name, Type: resultType(f), Nullable: true}
	}
	r.b = array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(columns, nil))
	return nil
}

func (r *recorder) add(values []bq.Value) error {
	for i, v := range values {
		if err := appendValue(r.b.Field(i), v); err != nil {
			return fmt.Errorf("column %s: %w", r.b.Schema().Field(i).Name, err)
		}
	}
	if r.n++; r.n == queryRows {
		return r.flush()
	}
	return nil
}

func (r *recorder) flush() error {
	rec := r.b.NewRecord()
	defer rec.Release()
	r.sent, r.n = r.sent+1, 0
	if !r.each(rec) {
		return errStopped
	}
	return nil
}

// answer hands records to each until it returns false.
func (w *Warehouse) answer(ctx context.Context, sql string, args []bq.QueryParameter, each func(arrow.Record) bool) error {
	if _, err := w.selects(ctx, sql, args); err != nil {
		return err
	}
	r := &recorder{each: each}
	defer func() {
		if r.b != nil {
			r.b.Release()
		}
	}()
	err := w.read(ctx, sql, args, r.head, r.add)
	if err == nil && r.b != nil && (r.n > 0 || r.sent == 0) {
		err = r.flush()
	}
	if errors.Is(err, errStopped) {
		return nil
	}
	return w.userError(err)
}

// selects has BigQuery read SQL without running it, refuses all that is not one
// SELECT, and returns the bytes it would read.
func (w *Warehouse) selects(ctx context.Context, sql string, args []bq.QueryParameter) (int64, error) {
	statistics, err := w.dryRun(ctx, sql, args)
	if err != nil {
		return 0, w.userError(err)
	}
	if d, ok := statistics.Details.(*bq.QueryStatistics); ok && d.StatementType != "" && d.StatementType != "SELECT" {
		return 0, fmt.Errorf("%w: it is a %s, and only one SELECT may be here", warehouse.ErrQuery, d.StatementType)
	}
	return statistics.TotalBytesProcessed, nil
}

// dryRun has BigQuery read SQL without running it, which costs nothing.
func (w *Warehouse) dryRun(ctx context.Context, sql string, args []bq.QueryParameter) (*bq.JobStatistics, error) {
	q, err := w.newQuery(ctx, "", sql, nil)
	if err != nil {
		return nil, err
	}
	q.Parameters, q.DryRun = args, true
	var job *bq.Job
	err = w.calling(ctx, "bigquery.jobs.create", func(ctx context.Context) (err error) {
		job, err = q.Run(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	state := job.LastStatus()
	if state == nil || state.Statistics == nil {
		return nil, fmt.Errorf("%w: BigQuery did not say what the query would do", warehouse.ErrQuery)
	}
	return state.Statistics, failure(state)
}

// isRefused reports whether BigQuery refused SQL for what it says.
func isRefused(err error) bool {
	reason, _ := reasonOf(err)
	switch reason {
	case "invalidQuery", "invalid", "notFound", "resourcesExceeded", "duplicate", "invalidView":
		return true
	}
	return false
}

// userError marks what is wrong with SQL that a user wrote.
func (w *Warehouse) userError(err error) error {
	if err == nil || !isRefused(err) {
		return err
	}
	return fmt.Errorf("%w: %s", warehouse.ErrQuery, messageOf(err))
}

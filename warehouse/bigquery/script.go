package bigquery

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	bq "cloud.google.com/go/bigquery"
	"google.golang.org/api/iterator"

	taplinesql "tapline/sql"
)

// params are named query parameters.
type params map[string]any

func (p params) list() []bq.QueryParameter {
	list := make([]bq.QueryParameter, 0, len(p))
	for _, name := range slices.Sorted(maps.Keys(p)) {
		list = append(list, bq.QueryParameter{Name: name, Value: p[name]})
	}
	return list
}

// text renders a statement.
func text(name string, data any) (string, error) { return taplinesql.Text("bigquery", name, data) }

// newQuery is a query job under an id, with what all of them have.
func (w *Warehouse) newQuery(ctx context.Context, id, sql string, labels map[string]string) (*bq.Query, error) {
	q := w.client.Query(sql)
	q.DefaultProjectID, q.DefaultDatasetID = w.cfg.Project, w.cfg.Dataset
	q.MaxBytesBilled = w.cfg.MaxBytesBilled
	q.Labels = w.labels(labels)
	var err error
	q.JobIDConfig, err = w.jobConfig(ctx, id)
	return q, err
}

// run runs SQL as one job of its own id.
func (w *Warehouse) run(ctx context.Context, sql string, list []bq.QueryParameter) (*bq.Job, *bq.JobStatistics, error) {
	id := fresh("tapline_q_")
	q, err := w.newQuery(ctx, id, sql, nil)
	if err != nil {
		return nil, nil, err
	}
	q.Parameters = list
	job, err := w.submit(ctx, id, q.Run)
	if err != nil {
		return nil, nil, err
	}
	statistics, err := w.finish(ctx, job)
	if err != nil {
		return nil, nil, w.explain(ctx, "bigquery.tables.getData", err)
	}
	return job, statistics, nil
}

// read runs SQL that only reads and hands each row to each. A job that failed
// through no fault of the SQL is begun again.
func (w *Warehouse) read(ctx context.Context, sql string, list []bq.QueryParameter, head func(bq.Schema) error, each func([]bq.Value) error) error {
	var p pacing
	for try := 1; ; try++ {
		job, _, err := w.run(ctx, sql, list)
		if err == nil {
			return w.rows(ctx, job, head, each)
		}
		if ctx.Err() != nil || try == mostTries || !isPassing(err) && !errors.Is(err, errGone) {
			return err
		}
		if err := p.pause(ctx, w); err != nil {
			return err
		}
	}
}

// rows reads the result of a job, page by page. A page that does not come
// within Patience ends it.
func (w *Warehouse) rows(ctx context.Context, job *bq.Job, head func(bq.Schema) error, each func([]bq.Value) error) error {
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	patience := time.AfterFunc(w.cfg.Patience, cancel)
	defer patience.Stop()
	lost := func(err error) error {
		if ctx.Err() == nil && reading.Err() != nil {
			err = fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
		}
		return w.explain(ctx, "bigquery.tables.getData", err)
	}
	it, err := job.Read(reading)
	if err != nil {
		return lost(err)
	}
	for first := true; ; first = false {
		var row []bq.Value
		err := it.Next(&row)
		if err != nil && !errors.Is(err, iterator.Done) {
			return lost(err)
		}
		patience.Stop()
		if first && head != nil {
			if err := head(it.Schema); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
		if err := each(row); err != nil {
			return err
		}
		patience.Reset(w.cfg.Patience)
	}
}

// ask runs the statement called name and hands each row to each.
func (w *Warehouse) ask(ctx context.Context, name string, data any, p params, each func(row) error) error {
	sql, err := text(name, data)
	if err != nil {
		return err
	}
	return w.read(ctx, sql, p.list(), nil, func(values []bq.Value) error {
		r := row{values: values}
		err := each(r)
		return errors.Join(err, r.err)
	})
}

// number runs a statement whose result is one number.
func (w *Warehouse) number(ctx context.Context, name string, data any, p params) (int64, error) {
	var n int64
	err := w.ask(ctx, name, data, p, func(r row) error {
		n = r.int()
		return r.err
	})
	return n, err
}

// A script is a transaction: statements that come to pass together or not at
// all.
type script struct {
	names, texts []string
	functions    string // temporary ones, before the transaction; "" = none
	err          error
}

// add appends the statement called name.
func (s *script) add(name string, data any) {
	t, err := text(name, data)
	s.names, s.texts, s.err = append(s.names, name), append(s.texts, t), errors.Join(s.err, err)
}

// sql is the whole script.
func (s *script) sql() (string, error) {
	begin, err := text("begin", nil)
	commit, err2 := text("commit", nil)
	all := append(append([]string{begin}, s.texts...), commit)
	if s.functions != "" {
		all = append([]string{s.functions}, all...)
	}
	return strings.Join(all, ";\n") + ";", errors.Join(s.err, err, err2)
}

// isMark reports whether a script ended by itself, and returns the numbers it
// gave. Scripts end themselves by an error "tapline-KIND: NUMBERS".
func mark(err error, kind string) ([]int64, bool) {
	if err == nil {
		return nil, false
	}
	_, rest, ok := strings.Cut(err.Error(), "tapline-"+kind+":")
	if !ok {
		return nil, false
	}
	var numbers []int64
	for _, word := range strings.Fields(rest) {
		var n int64
		if _, err := fmt.Sscanf(word, "%d", &n); err != nil {
			break
		}
		numbers = append(numbers, n)
	}
	return numbers, true
}

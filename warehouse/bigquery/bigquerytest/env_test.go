//go:build cgo && !noduckdb

package bigquerytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"cloud.google.com/go/bigquery"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
)

// An env is a server and a client of it.
type env struct {
	*testing.T
	ctx    context.Context
	server *Server
	client *bigquery.Client
	ds     *bigquery.Dataset
	files  int
}

func newEnv(t *testing.T, o Options) *env {
	t.Helper()
	e := &env{T: t, ctx: t.Context(), server: NewServer(t, o)}
	project := o.Project
	if project == "" {
		project = "acme"
	}
	c, err := bigquery.NewClient(e.ctx, project, option.WithEndpoint(e.server.URL), option.WithoutAuthentication())
	e.ok(err)
	t.Cleanup(func() { e.ok(c.Close()) })
	c.Location = "asia-south1"
	e.client, e.ds = c, c.Dataset("raw")
	return e
}

func (e *env) ok(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

// parquet is a file with the rows of a query of DuckDB.
func (e *env) parquet(query string) []byte {
	e.Helper()
	e.files++
	name := filepath.Join(e.TempDir(), fmt.Sprint(e.files, ".parquet"))
	e.duck("COPY (" + query + ") TO " + text(name) + " (FORMAT parquet)")
	return read(e, name)
}

// duck runs SQL of DuckDB itself.
func (e *env) duck(query string) {
	e.Helper()
	_, err := e.server.db.ExecContext(e.ctx, query)
	e.ok(err)
}

// loader is a load of Parquet into a table of the dataset.
func (e *env) loader(table string, file []byte) *bigquery.Loader {
	src := bigquery.NewReaderSource(bytes.NewReader(file))
	src.SourceFormat = bigquery.Parquet
	l := e.ds.Table(table).LoaderFrom(src)
	l.Location = "asia-south1"
	return l
}

// load runs a load to its end, and returns its status whatever it is.
func (e *env) load(l *bigquery.Loader) *bigquery.JobStatus {
	e.Helper()
	j, err := l.Run(e.ctx)
	e.ok(err)
	st, err := j.Wait(e.ctx)
	e.ok(err)
	return st
}

// mustLoad runs a load that must work, and returns its rows.
func (e *env) mustLoad(l *bigquery.Loader) int64 {
	e.Helper()
	st := e.load(l)
	e.ok(st.Err())
	return st.Statistics.Details.(*bigquery.LoadStatistics).OutputRows
}

// rows is a query's result, each row as its values with "|" between them.
func (e *env) rows(query string, params ...bigquery.QueryParameter) []string {
	e.Helper()
	out, err := e.tryRows(query, params...)
	e.ok(err)
	return out
}

func (e *env) tryRows(query string, params ...bigquery.QueryParameter) ([]string, error) {
	q := e.client.Query(query)
	q.Parameters = params
	q.DefaultProjectID, q.DefaultDatasetID = "acme", "raw"
	it, err := q.Read(e.ctx)
	if err != nil {
		return nil, err
	}
	out := []string{}
	for {
		var row []bigquery.Value
		err := it.Next(&row)
		if errors.Is(err, iterator.Done) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		parts := make([]string, len(row))
		for i, v := range row {
			parts[i] = fmt.Sprint(v)
		}
		out = append(out, strings.Join(parts, "|"))
	}
}

// exec runs a query job that must work.
func (e *env) exec(query string, params ...bigquery.QueryParameter) *bigquery.JobStatus {
	e.Helper()
	st := e.tryExec(query, params...)
	e.ok(st.Err())
	return st
}

func (e *env) tryExec(query string, params ...bigquery.QueryParameter) *bigquery.JobStatus {
	e.Helper()
	q := e.client.Query(query)
	q.Parameters, q.JobID, q.AddJobIDSuffix = params, "exec", true
	q.DefaultProjectID, q.DefaultDatasetID = "acme", "raw"
	j, err := q.Run(e.ctx)
	e.ok(err)
	for {
		st, err := j.Status(e.ctx)
		e.ok(err)
		if st.Done() {
			return st
		}
	}
}

// refused checks that an error is of the service, with a status, a reason and
// words in its message.
func (e *env) refused(err error, code int, reason, words string) {
	e.Helper()
	var g *googleapi.Error
	if !errors.As(err, &g) {
		e.Fatalf("%v is not an error of the service", err)
	}
	if g.Code != code || len(g.Errors) == 0 || g.Errors[0].Reason != reason || !strings.Contains(g.Message, words) {
		e.Fatalf("refused with %d %+v: %s; want %d %s: %s", g.Code, g.Errors, g.Message, code, reason, words)
	}
}

// failed checks that a job failed with a reason and words in its message.
func (e *env) failed(st *bigquery.JobStatus, reason, words string) {
	e.Helper()
	var b *bigquery.Error
	if !errors.As(st.Err(), &b) || b.Reason != reason || !strings.Contains(b.Message, words) {
		e.Fatalf("job ended with %v; want %s: %s", st.Err(), reason, words)
	}
	if len(st.Errors) == 0 {
		e.Fatal("a failed job has no errors[]")
	}
}

func (e *env) same(have []string, want ...string) {
	e.Helper()
	if strings.Join(have, "\n") != strings.Join(want, "\n") {
		e.Fatalf("have:\n%s\nwant:\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
}

//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	bq "google.golang.org/api/bigquery/v2"
)

// prepareQuery reads a jobs.query request as the job that it makes.
func (s *Server) prepareQuery(r *request) error {
	q := new(bq.QueryRequest)
	if err := decode(r.body, q); err != nil {
		return err
	}
	params, err := parameters(r.body)
	if err != nil {
		return err
	}
	r.job = &submission{params: params, bq: &bq.Job{
		JobReference: &bq.JobReference{Location: q.Location},
		Configuration: &bq.JobConfiguration{DryRun: q.DryRun, Labels: q.Labels, Query: &bq.JobConfigurationQuery{
			Query: q.Query, UseLegacySql: q.UseLegacySql, DefaultDataset: q.DefaultDataset, ParameterMode: q.ParameterMode,
			QueryParameters: q.QueryParameters, MaximumBytesBilled: q.MaximumBytesBilled,
		}},
	}}
	return s.describeJob(r)
}

// queryNow is jobs.query: a job, and its first page if it ends in time.
func (s *Server) queryNow(r *request) (any, error) {
	q := new(bq.QueryRequest)
	if err := decode(r.body, q); err != nil {
		return nil, err
	}
	j, err := s.submit(r)
	if err != nil {
		return nil, err
	}
	ref := &bq.JobReference{ProjectId: s.opt.Project, JobId: j.key.id, Location: j.key.location}
	if j.fault.Polls > 0 || !j.wait(r.Context(), timeout(q.TimeoutMs)) {
		return &bq.QueryResponse{Kind: "bigquery#queryResponse", JobReference: ref, ForceSendFields: []string{"JobComplete"}}, nil
	}
	if q.DryRun {
		ref = nil
	}
	p := page{size: maxPage, micros: q.FormatOptions != nil && q.FormatOptions.UseInt64Timestamp}
	if q.MaxResults > 0 {
		p.size = min(p.size, q.MaxResults)
	}
	a, err := s.results(r.Context(), j, p)
	if err != nil {
		return nil, err
	}
	return &bq.QueryResponse{
		Kind: "bigquery#queryResponse", JobReference: ref, JobComplete: true, Schema: a.Schema, Rows: a.Rows, PageToken: a.PageToken,
		TotalRows: a.TotalRows, NumDmlAffectedRows: a.NumDmlAffectedRows, TotalBytesProcessed: a.TotalBytesProcessed,
	}, nil
}

// timeout is how long a request for results waits; the service's default is 10 seconds.
func timeout(ms int64) time.Duration {
	if ms <= 0 {
		ms = 10_000
	}
	return time.Duration(min(ms, 200_000)) * time.Millisecond
}

// getResults is jobs.getQueryResults.
func (s *Server) getResults(r *request) (any, error) {
	j, err := s.old(r)
	if err != nil {
		return nil, err
	}
	if j.config.Query == nil {
		return nil, invalid("Cannot get results of job %s: it is not a query job", j.key.id)
	}
	q := r.URL.Query()
	ms, _ := strconv.ParseInt(q.Get("timeoutMs"), 10, 64) // not a number = the default
	j.poll(r.Context())
	j.mu.Lock()
	waits := j.polls < j.fault.Polls
	j.mu.Unlock()
	if waits || !j.wait(r.Context(), timeout(ms)) {
		return &bq.GetQueryResultsResponse{
			Kind: "bigquery#getQueryResultsResponse", JobReference: s.show(j).JobReference, ForceSendFields: []string{"JobComplete"},
		}, nil
	}
	p, err := parsePage(r)
	if err != nil {
		return nil, err
	}
	return s.results(r.Context(), j, p)
}

// parsePage reads which rows a request asks for.
func parsePage(r *request) (page, error) {
	q := r.URL.Query()
	p := page{size: maxPage, micros: q.Get("formatOptions.useInt64Timestamp") == "true"}
	if m := q.Get("maxResults"); m != "" {
		n, err := strconv.ParseInt(m, 10, 64)
		if err != nil || n < 0 {
			return p, invalid("Invalid value for maxResults: %s", m)
		}
		p.size = min(n, maxPage)
	}
	start := q.Get("pageToken")
	if start == "" {
		start = q.Get("startIndex")
	}
	if start == "" {
		return p, nil
	}
	n, err := strconv.ParseInt(start, 10, 64)
	if err != nil || n < 0 {
		return p, invalid("Invalid page token or start index %s", start)
	}
	p.start = n
	return p, nil
}

// results is a page of a job that is done.
func (s *Server) results(ctx context.Context, j *job, p page) (*bq.GetQueryResultsResponse, error) {
	j.mu.Lock()
	failure, res, stats := j.failure, j.result, j.stats
	j.mu.Unlock()
	if failure != nil {
		return nil, failure
	}
	a := &bq.GetQueryResultsResponse{
		Kind: "bigquery#getQueryResultsResponse", JobComplete: true, TotalRows: uint64(res.rows), Schema: &bq.TableSchema{Fields: res.fields},
		JobReference:    &bq.JobReference{ProjectId: s.opt.Project, JobId: j.key.id, Location: j.key.location},
		ForceSendFields: []string{"TotalRows"},
	}
	if stats != nil && stats.Query != nil {
		a.TotalBytesProcessed, a.NumDmlAffectedRows = stats.Query.TotalBytesProcessed, stats.Query.NumDmlAffectedRows
	}
	if res.phys == "" {
		return a, nil
	}
	p.size = min(p.size, max(res.rows-p.start, 0))
	var err error
	if a.Rows, err = s.readPage(ctx, res.phys, res.fields, p); err != nil {
		return nil, refuse(http.StatusNotFound, "notFound", "Not found: the results of job %s are no longer there: %v", j.key.id, err)
	}
	if next := p.start + int64(len(a.Rows)); next < res.rows {
		a.PageToken = strconv.FormatInt(next, 10)
	}
	return a, nil
}

// listData is tabledata.list: a table's rows in pages.
func (s *Server) listData(r *request) (any, error) {
	t, err := s.table(s.ref(r))
	if err != nil {
		return nil, err
	}
	if t.isView() {
		return nil, invalid("Cannot list a table of type VIEW.")
	}
	p, err := parsePage(r)
	if err != nil {
		return nil, err
	}
	total, err := s.countRows(r.Context(), t)
	if err != nil {
		return nil, err
	}
	rows, err := s.readPage(r.Context(), t.phys, t.meta.Schema.Fields, p)
	if err != nil {
		return nil, err
	}
	list := &bq.TableDataList{Kind: "bigquery#tableDataList", Rows: rows, TotalRows: total, ForceSendFields: []string{"TotalRows"}}
	if next := p.start + int64(len(rows)); next < total {
		list.PageToken = strconv.FormatInt(next, 10)
	}
	return list, nil
}

// bytesOf is about how many bytes a query reads: all columns of the tables it names.
func (s *Server) bytesOf(ctx context.Context, tables []*table) (int64, error) {
	var total int64
	for _, t := range tables {
		n, err := s.countRows(ctx, t)
		if err != nil {
			return 0, explain(err)
		}
		total += n * width(t.meta.Schema.Fields)
	}
	return total, nil
}

// resultSchema holds the tables of results in DuckDB.
const resultSchema = `"_results"`

// keptResults is how many queries' rows are kept for pages to be read from; the
// service keeps them for a day.
const keptResults = 500

// remember makes room for a result and notes it as the newest.
func (s *Server) remember(ctx context.Context, phys string) {
	for {
		select {
		case s.kept <- phys:
			return
		default:
		}
		select {
		case old := <-s.kept:
			_, _ = s.db.ExecContext(ctx, "DROP TABLE IF EXISTS "+old) // else it goes with the server
		default:
		}
	}
}

// keep writes a query's rows where pages are read from.
func (s *Server) keep(ctx context.Context, d doer, query string) (*result, error) {
	columns, err := describe(ctx, d, query)
	if err != nil {
		return nil, explain(err)
	}
	res := &result{phys: resultSchema + "." + ident(s.name("r"))}
	if res.fields, err = fieldsOf(columns); err != nil {
		return nil, err
	}
	var names, values []string
	for _, f := range res.fields {
		names, values = append(names, ident(f.Name)), append(values, "CAST("+ident(f.Name)+" AS "+duckType(f)+") AS "+ident(f.Name))
	}
	create := fmt.Sprintf("CREATE TABLE %s AS SELECT %s FROM (%s) AS q(%s)", res.phys, strings.Join(values, ", "), query, strings.Join(names, ", "))
	if err := run(ctx, d, create); err != nil {
		return nil, err
	}
	err = d.QueryRowContext(ctx, "SELECT count(*) FROM "+res.phys).Scan(&res.rows)
	return res, explain(err)
}

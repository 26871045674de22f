//go:build cgo && !noduckdb

package bigquerytest

import (
	"net/http"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
)

// TestClose ends a server while requests and jobs wait in it.
func TestClose(t *testing.T) {
	s, err := Start(Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.Fail(Match{Method: "datasets.get"}, -1, Fault{Stall: -1})
	gone := make(chan error, 1)
	go func() {
		resp, err := http.Get(s.URL + "projects/acme/datasets/raw")
		if err == nil {
			err = resp.Body.Close()
		}
		gone <- err
	}()
	for len(s.Calls(Match{Method: "datasets.get"})) == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if <-gone == nil {
		t.Fatal("a stalled request got an answer")
	}
}

func TestDestination(t *testing.T) {
	e := newEnv(t, Options{})
	run := func(d bigquery.TableWriteDisposition, sql string) *bigquery.JobStatus {
		q := e.client.Query(sql)
		q.Dst, q.WriteDisposition = e.ds.Table("d"), d
		j, err := q.Run(e.ctx)
		e.ok(err)
		st, err := j.Status(e.ctx)
		e.ok(err)
		return st
	}
	e.ok(run("", "SELECT 1 AS a").Err())
	e.failed(run(bigquery.WriteEmpty, "SELECT 2 AS a"), "duplicate", "Already Exists: Table acme:raw.d")
	e.ok(run(bigquery.WriteAppend, "SELECT 2 AS a").Err())
	e.same(e.rows("SELECT a FROM d ORDER BY a"), "1", "2")
	e.failed(run(bigquery.WriteAppend, "SELECT 'x' AS a"), "invalidQuery", "cannot be inserted")
	e.ok(run(bigquery.WriteTruncate, "SELECT 'x' AS b").Err())
	e.same(e.rows("SELECT b FROM d"), "x")
}

func TestResultsExpire(t *testing.T) {
	e := newEnv(t, Options{})
	q := e.client.Query("SELECT 1 AS a")
	q.JobID = "old"
	j, err := q.Run(e.ctx)
	e.ok(err)
	if _, err := j.Wait(e.ctx); err != nil {
		t.Fatal(err)
	}
	for range keptResults {
		e.server.remember(e.ctx, resultSchema+`."none"`)
	}
	it, err := j.Read(e.ctx)
	e.ok(err)
	var row []bigquery.Value
	e.refused(it.Next(&row), 404, "notFound", "no longer there")
}

func TestCancelAndList(t *testing.T) {
	e := newEnv(t, Options{})
	e.server.Fail(Match{Kind: "load"}, 1, Fault{Polls: 1000})
	l := e.loader("t", e.parquet("SELECT 1::BIGINT AS id"))
	l.JobID = "waits"
	j, err := l.Run(e.ctx)
	e.ok(err)
	e.ok(j.Cancel(e.ctx))
	st, err := j.Status(e.ctx)
	e.ok(err)
	e.failed(st, "stopped", "cancelled")
	_, err = e.ds.Table("t").Metadata(e.ctx)
	e.refused(err, 404, "notFound", "")
	first, err := e.client.Jobs(e.ctx).Next()
	e.ok(err)
	if first.ID() != "waits" {
		t.Fatal(first.ID())
	}
	e.ok(j.Delete(e.ctx))
	_, err = e.client.JobFromIDLocation(e.ctx, "waits", "asia-south1")
	e.refused(err, 404, "notFound", "waits")
}

func TestOptionsRefused(t *testing.T) {
	e := newEnv(t, Options{})
	src := bigquery.NewGCSReference("gs://b/x")
	src.SourceFormat = bigquery.Parquet
	l := e.ds.Table("t").LoaderFrom(src)
	l.HivePartitioningOptions = &bigquery.HivePartitioningOptions{Mode: bigquery.AutoHivePartitioningMode}
	_, err := l.Run(e.ctx)
	e.refused(err, 400, "invalid", "hivePartitioningOptions is not served")
	_, err = e.ds.Table("u").CopierFrom(e.ds.Table("t")).Run(e.ctx)
	e.refused(err, 400, "invalid", "load and query jobs alone")
	q := e.client.Query("SELECT 1")
	q.UseLegacySQL = true
	_, err = q.Read(e.ctx)
	e.refused(err, 400, "invalidQuery", "GoogleSQL alone")
}

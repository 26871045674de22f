//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func TestJobIDs(t *testing.T) {
	e := newEnv(t, Options{})
	file := e.parquet("SELECT 1::BIGINT AS id")
	load := func(id string) (*bigquery.Job, error) {
		l := e.loader("t", file)
		l.JobID = id
		return l.Run(e.ctx)
	}
	j, err := load("one")
	e.ok(err)
	if j.Location() != "asia-south1" || j.ID() != "one" {
		t.Fatal(j.Location(), j.ID())
	}
	_, err = load("one")
	e.refused(err, 409, "duplicate", "Already Exists: Job acme:asia-south1.one")
	old, err := e.client.JobFromIDLocation(e.ctx, "one", "asia-south1")
	e.ok(err)
	if st := old.LastStatus(); !st.Done() || st.Err() != nil || st.Statistics.Details.(*bigquery.LoadStatistics).OutputRows != 1 {
		t.Fatalf("%+v", st)
	}
	c, err := old.Config()
	e.ok(err)
	if c.(*bigquery.LoadConfig).Dst.TableID != "t" {
		t.Fatalf("%+v", c)
	}
	_, err = e.client.JobFromIDLocation(e.ctx, "one", "europe-west4")
	e.refused(err, 404, "notFound", "Not found: Job acme:europe-west4.one")
	_, err = e.client.JobFromProject(e.ctx, "acme", "one", "")
	e.refused(err, 404, "notFound", "Not found: Job")
	_, err = load("two words")
	e.refused(err, 400, "invalid", "Invalid job ID")
	e.same(e.rows("SELECT COUNT(*) FROM t"), "1")
	q := e.client.Query("SELECT 1")
	q.JobID = "one"
	_, err = q.Run(e.ctx)
	e.refused(err, 409, "duplicate", "one")
}

func TestLocations(t *testing.T) {
	e := newEnv(t, Options{})
	l := e.loader("t", e.parquet("SELECT 1::BIGINT AS id"))
	l.Location = "US"
	_, err := l.Run(e.ctx)
	e.refused(err, 404, "notFound", "Dataset acme:raw was not found in location US")
	l = e.client.Dataset("missing").Table("t").LoaderFrom(bigquery.NewReaderSource(strings.NewReader("")))
	_, err = l.Run(e.ctx)
	e.refused(err, 404, "notFound", "Dataset acme:missing")
	q := e.client.Query("SELECT 1 FROM `acme.raw.t`")
	q.Location = "US"
	_, err = q.Read(e.ctx)
	e.refused(err, 404, "notFound", "Dataset acme:raw was not found in location US")
	e.ok(e.client.Dataset("eu").Create(e.ctx, &bigquery.DatasetMetadata{Location: "EU"}))
	m, err := e.client.Dataset("eu").Metadata(e.ctx)
	e.ok(err)
	if m.Location != "EU" {
		t.Fatal(m.Location)
	}
	err = e.client.Dataset("raw").Create(e.ctx, &bigquery.DatasetMetadata{Location: "EU"})
	e.refused(err, 409, "duplicate", "Already Exists: Dataset acme:raw")
}

// TestResumable uploads more than a chunk, through faults at its start and at a
// chunk.
func TestResumable(t *testing.T) {
	e := newEnv(t, Options{})
	file := e.parquet("SELECT hash(i)::VARCHAR AS h, CAST(i AS BIGINT) AS id, hash(i + 1)::VARCHAR AS v FROM range(1_300_000) AS r(i)")
	if len(file) < 17<<20 {
		t.Fatal(len(file))
	}
	l := e.loader("t", file)
	if n := e.mustLoad(l); n != 1_300_000 {
		t.Fatal(n)
	}
	if n := len(e.server.Calls(Match{Method: "upload.chunk"})); n == 0 {
		t.Fatal("no chunk")
	}
	e.server.Fail(Match{Method: "upload.chunk"}, 1, Fault{Status: 503, Reason: "backendError"})
	e.mustLoad(e.loader("t", file))
	e.server.Fail(Match{Method: "upload.start", Text: "raw.t"}, 1, Fault{Status: 503, Reason: "backendError"})
	_, err := e.loader("t", file).Run(e.ctx)
	e.refused(err, 503, "backendError", "")
	e.same(e.rows("SELECT COUNT(*), COUNT(DISTINCT id) FROM t"), "2600000|1300000")
}

func TestFaults(t *testing.T) {
	e := newEnv(t, Options{})
	file := e.parquet("SELECT 1::BIGINT AS id")
	begin := func(t *testing.T) { e.T = t }
	run := func(id string) (*bigquery.Job, error) {
		l := e.loader("t", file)
		l.JobID = id
		return l.Run(e.ctx)
	}
	status := func(id string) *bigquery.JobStatus {
		j, err := e.client.JobFromIDLocation(e.ctx, id, "asia-south1")
		e.ok(err)
		return j.LastStatus()
	}
	e.mustLoad(e.loader("t", file))

	t.Run("Refused", func(t *testing.T) {
		begin(t)
		for reason, code := range map[string]int{"rateLimitExceeded": 403, "quotaExceeded": 403, "accessDenied": 403, "backendError": 503} {
			e.server.Fail(Match{Method: "jobs.insert", Kind: "load", Text: "raw.t"}, 1, Fault{Status: code, Reason: reason})
			_, err := run("refused")
			e.refused(err, code, reason, reason)
		}
		_, err := run("refused")
		e.ok(err)
	})
	t.Run("LoseAnswer", func(t *testing.T) {
		begin(t)
		e.server.Fail(Match{Method: "jobs.insert"}, 1, Fault{Lose: true})
		if _, err := run("lost"); err == nil {
			t.Fatal("the answer was to be lost")
		}
		e.ok(status("lost").Err())
		_, err := run("lost")
		e.refused(err, 409, "duplicate", "lost")
	})
	t.Run("RetriedInsertMeetsItself", func(t *testing.T) {
		begin(t)
		e.server.Fail(Match{Method: "jobs.insert", Kind: "query"}, 1, Fault{Lose: true, Status: 503, Reason: "backendError"})
		q := e.client.Query("SELECT 1")
		q.JobID = "itself"
		_, err := q.Run(e.ctx)
		e.refused(err, 409, "duplicate", "itself")
	})
	t.Run("Later", func(t *testing.T) {
		begin(t)
		e.server.Fail(Match{Kind: "load", Method: "jobs.insert"}, 1, Fault{Polls: 4})
		j, err := run("later")
		e.ok(err)
		states := []bigquery.State{j.LastStatus().State}
		for range 4 {
			states = append(states, status("later").State)
		}
		want := []bigquery.State{bigquery.Pending, bigquery.Pending, bigquery.Pending, bigquery.Running, bigquery.Done}
		for i := range want {
			if states[i] != want[i] {
				t.Fatal(states)
			}
		}
		e.server.Fail(Match{Kind: "query"}, 1, Fault{Polls: 3})
		e.same(e.rows("SELECT 7"), "7")
	})
	t.Run("Fails", func(t *testing.T) {
		begin(t)
		before := e.rows("SELECT COUNT(*) FROM t")
		e.server.Fail(Match{Kind: "load"}, 1, Fault{Fail: "backendError", Message: "again"})
		j, err := run("fails")
		e.ok(err)
		e.failed(j.LastStatus(), "backendError", "again")
		e.same(e.rows("SELECT COUNT(*) FROM t"), before...)
		_, err = run("fails")
		e.refused(err, 409, "duplicate", "fails")
		e.server.Fail(Match{Kind: "query", Text: "INSERT INTO t"}, 1, Fault{Fail: "jobInternalError", Applied: true})
		e.failed(e.tryExec("INSERT INTO t VALUES (77)"), "jobInternalError", "")
		e.same(e.rows("SELECT COUNT(*) FROM t WHERE id = 77"), "1")
	})
	t.Run("WrongRows", func(t *testing.T) {
		begin(t)
		e.server.Fail(Match{Kind: "load"}, 1, Fault{Rows: 5})
		if n := e.mustLoad(e.loader("t", file)); n != 6 {
			t.Fatal(n)
		}
	})
	t.Run("Forgotten", func(t *testing.T) {
		begin(t)
		e.server.Fail(Match{Kind: "load"}, 1, Fault{Forget: true})
		_, err := run("forgotten")
		e.ok(err)
		_, err = e.client.JobFromIDLocation(e.ctx, "forgotten", "asia-south1")
		e.refused(err, 404, "notFound", "forgotten")
		_, err = run("forgotten")
		e.refused(err, 409, "duplicate", "forgotten")
	})
	t.Run("Stall", func(t *testing.T) {
		begin(t)
		e.server.Fail(Match{Method: "tables.get"}, -1, Fault{Stall: -1})
		ctx, cancel := context.WithTimeout(e.ctx, 50*time.Millisecond)
		defer cancel()
		if _, err := e.ds.Table("t").Metadata(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		e.server.Heal()
		_, err := e.ds.Table("t").Metadata(e.ctx)
		e.ok(err)
	})
}

func TestQuota(t *testing.T) {
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	e := newEnv(t, Options{LoadsPerDay: 3, Now: func() time.Time { return now }})
	file := e.parquet("SELECT DATE '2026-09-01' AS d")
	e.exec("CREATE TABLE t (d DATE) PARTITION BY d")
	e.mustLoad(e.loader("t", file))
	e.failed(e.load(e.loader("t", []byte("x"))), "invalid", "") // counts all the same
	e.mustLoad(e.loader("t$20260901", file))
	_, err := e.loader("t", file).Run(e.ctx)
	e.refused(err, 403, "quotaExceeded", "exceeded quota for imports")
	e.mustLoad(e.loader("other", file))
	if n := e.server.Loads("raw.t"); n != 3 {
		t.Fatal(n)
	}
}

func TestStorageReadFallsBack(t *testing.T) {
	e := newEnv(t, Options{})
	u, err := url.Parse(e.server.URL)
	e.ok(err)
	e.ok(e.client.EnableStorageReadClient(e.ctx, option.WithEndpoint(u.Host), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials()))))
	ctx, cancel := context.WithTimeout(e.ctx, 10*time.Second)
	defer cancel()
	q := e.client.Query("SELECT x FROM UNNEST(GENERATE_ARRAY(1, 12000)) AS x")
	q.JobID = "storage"
	it, err := q.Read(ctx)
	e.ok(err)
	n := 0
	for {
		var row []bigquery.Value
		if it.Next(&row) != nil {
			break
		}
		n++
	}
	if n != 12000 {
		t.Fatal(n)
	}
}

func TestLook(t *testing.T) {
	e := newEnv(t, Options{})
	e.ok(e.server.Exec(e.ctx, "CREATE TABLE `t` AS SELECT x, CAST(x AS STRING) AS s, DATE '2026-09-01' AS d, NUMERIC '1.5' AS n FROM UNNEST(GENERATE_ARRAY(1, 5000)) AS x"))
	e.ok(e.server.Exec(e.ctx, "UPDATE `t` SET `s` = NULL WHERE `x` = 2"))
	rows, records := 0, 0
	for r, err := range e.server.Query(e.ctx, "SELECT * FROM `t` ORDER BY x") {
		e.ok(err)
		if records == 0 && fmt.Sprintf("%s %t %s", r.Schema().Field(2).Type, r.Column(1).IsNull(1), r.Column(3).ValueStr(0)) != "date32 true 1.5" {
			t.Fatal(r.Schema(), r.Column(1).IsNull(1), r.Column(3).ValueStr(0))
		}
		rows, records = rows+int(r.NumRows()), records+1
	}
	if rows != 5000 || records != 2 {
		t.Fatal(rows, records)
	}
	if err := e.server.Exec(e.ctx, "INSERT INTO nowhere VALUES (1)"); err == nil || !strings.Contains(err.Error(), "Not found: Table") {
		t.Fatal(err)
	}
	for _, err := range e.server.Query(e.ctx, "DELETE FROM t WHERE TRUE") {
		if err == nil {
			t.Fatal("Query must not change anything")
		}
	}
}

func TestTableAPI(t *testing.T) {
	e := newEnv(t, Options{})
	table := e.ds.Table("t")
	str := func(name string) *bigquery.FieldSchema {
		return &bigquery.FieldSchema{Name: name, Type: bigquery.StringFieldType}
	}
	for name, md := range map[string]*bigquery.TableMetadata{
		"Invalid field name":   {Schema: bigquery.Schema{str("a b")}},
		"Duplicate field name": {Schema: bigquery.Schema{str("a"), str("A")}},
		"prefix _TABLE_":       {Schema: bigquery.Schema{str("_table_x")}},
		"too long":             {Schema: bigquery.Schema{{Name: "a", Type: bigquery.StringFieldType, Description: strings.Repeat("x", 1025)}}},
		"clustering takes 1":   {Schema: bigquery.Schema{str("a"), str("b"), str("c"), str("d"), str("e")}, Clustering: &bigquery.Clustering{Fields: []string{"a", "b", "c", "d", "e"}}},
		"cannot be found":      {Schema: bigquery.Schema{str("a")}, TimePartitioning: &bigquery.TimePartitioning{Field: "d"}},
		"can only be of type":  {Schema: bigquery.Schema{str("a")}, TimePartitioning: &bigquery.TimePartitioning{Field: "a"}},
		"require_partition":    {Schema: bigquery.Schema{str("a")}, RequirePartitionFilter: true},
		"Invalid label":        {Schema: bigquery.Schema{str("a")}, Labels: map[string]string{"A": "b"}},
		"max allowed field": {Schema: func() (s bigquery.Schema) {
			for i := range 10001 {
				s = append(s, str(fmt.Sprint("c", i)))
			}
			return s
		}()},
	} {
		err := table.Create(e.ctx, md)
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(name)) {
			t.Fatalf("%s: %v", name, err)
		}
	}
	now := time.Now()
	e.ok(table.Create(e.ctx, &bigquery.TableMetadata{Schema: bigquery.Schema{str("a")}, ExpirationTime: now.Add(time.Hour), Labels: map[string]string{"a": "1"}}))
	err := table.Create(e.ctx, &bigquery.TableMetadata{Schema: bigquery.Schema{str("a")}})
	e.refused(err, 409, "duplicate", "Already Exists: Table acme:raw.t")
	e.ok(e.ds.Table("T").Create(e.ctx, &bigquery.TableMetadata{Schema: bigquery.Schema{str("b")}})) // names differ by case
	md, err := table.Metadata(e.ctx)
	e.ok(err)
	u := bigquery.TableMetadataToUpdate{Description: "new", Schema: append(md.Schema, str("b")), ExpirationTime: bigquery.NeverExpire}
	u.SetLabel("b", "2")
	u.DeleteLabel("a")
	next, err := table.Update(e.ctx, u, md.ETag)
	e.ok(err)
	if next.Description != "new" || len(next.Schema) != 2 || !next.ExpirationTime.IsZero() || next.Labels["b"] != "2" || len(next.Labels) != 1 {
		t.Fatalf("%+v", next)
	}
	_, err = table.Update(e.ctx, u, md.ETag)
	e.refused(err, 412, "conditionNotMet", "")
	_, err = table.Update(e.ctx, bigquery.TableMetadataToUpdate{Schema: bigquery.Schema{str("a")}}, "")
	e.refused(err, 400, "invalid", "Field b is missing in new schema")
	_, err = table.Update(e.ctx, bigquery.TableMetadataToUpdate{Schema: bigquery.Schema{{Name: "a", Type: bigquery.IntegerFieldType}, str("b")}}, "")
	e.refused(err, 400, "invalid", "Field a has changed type from STRING to INTEGER")
	e.ok(e.ds.Table("v").Create(e.ctx, &bigquery.TableMetadata{ViewQuery: "SELECT a FROM `acme.raw.t`"}))
	it, n := e.ds.Tables(e.ctx), 0
	for ; ; n++ {
		if _, err := it.Next(); err != nil {
			break
		}
	}
	if n != 3 {
		t.Fatal(n)
	}
	e.ok(table.Delete(e.ctx))
	e.refused(table.Delete(e.ctx), 404, "notFound", "Table acme:raw.t")
	e.same(e.rows("SELECT b FROM `acme.raw.T`"))
	_, err = e.client.DatasetInProject("other", "raw").Table("t").Metadata(e.ctx)
	e.refused(err, 404, "notFound", "Project other")
}

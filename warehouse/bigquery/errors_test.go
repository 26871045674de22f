//go:build cgo && !noduckdb

package bigquery

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/objstore/gcstest"
	"tapline/warehouse"
	"tapline/warehouse/bigquery/bigquerytest"
)

// TestErrors looks at what is said of an environment that is not as it should
// be: which of the contract's errors, and what to do.
func TestErrors(t *testing.T) {
	denied := bigquerytest.Fault{Status: 403, Reason: "accessDenied"}
	for name, c := range map[string]struct {
		config func(*Config)
		match  bigquerytest.Match
		fault  bigquerytest.Fault
		want   error
		says   string
	}{
		"no dataset":       {config: func(c *Config) { c.Dataset = "nope" }, want: warehouse.ErrUnreachable, says: "bq mk"},
		"elsewhere":        {config: func(c *Config) { c.Location = "EU" }, want: warehouse.ErrUnreachable, says: "asia-south1"},
		"see dataset":      {match: bigquerytest.Match{Method: "datasets.get"}, fault: denied, want: warehouse.ErrUnauthorized, says: "roles/bigquery.dataEditor"},
		"create table":     {match: bigquerytest.Match{Method: "tables.insert"}, fault: denied, want: warehouse.ErrUnauthorized, says: "bigquery.tables.create"},
		"load":             {match: bigquerytest.Match{Kind: "load"}, fault: denied, want: warehouse.ErrUnauthorized, says: "roles/bigquery.jobUser"},
		"load into table":  {match: bigquerytest.Match{Kind: "load"}, fault: bigquerytest.Fault{Fail: "accessDenied"}, want: warehouse.ErrUnauthorized, says: "bigquery.tables.updateData"},
		"load from bucket": {match: bigquerytest.Match{Kind: "load"}, fault: bigquerytest.Fault{Fail: "accessDenied", Message: "Access Denied: File gs://b/x: Access Denied"}, want: warehouse.ErrUnauthorized, says: "storage.objects.get is missing"},
		"query":            {match: bigquerytest.Match{Kind: "query"}, fault: denied, want: warehouse.ErrUnauthorized, says: "bigquery.jobs.create"},
		"credentials":      {match: bigquerytest.Match{Method: "datasets.get"}, fault: bigquerytest.Fault{Status: 401, Reason: "authError"}, want: warehouse.ErrUnauthorized, says: "credentials"},
		"quota":            {match: bigquerytest.Match{Kind: "load"}, fault: bigquerytest.Fault{Status: 403, Reason: "quotaExceeded"}, want: warehouse.ErrFull, says: "quota"},
		"rate":             {match: bigquerytest.Match{Kind: "load"}, fault: bigquerytest.Fault{Status: 403, Reason: "rateLimitExceeded"}, want: warehouse.ErrFull, says: "less often"},
		"server gone":      {match: bigquerytest.Match{Kind: "load"}, fault: bigquerytest.Fault{Status: 503, Reason: "backendError"}, want: warehouse.ErrUnreachable, says: "next run"},
		"clock":            {config: func(c *Config) { c.Now = func() time.Time { return time.Now().Add(time.Hour) } }, want: warehouse.ErrUnauthorized, says: "NTP"},
		"server never was": {config: func(c *Config) { c.Endpoint = "http://127.0.0.1:1" }, want: warehouse.ErrUnreachable, says: "did not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := bigquerytest.NewServer(t, bigquerytest.Options{})
			w := openTest(t, s, func(cfg *Config) {
				cfg.Patience = time.Second
				if c.config != nil {
					c.config(cfg)
				}
			})
			if c.fault.Status != 0 || c.fault.Fail != "" {
				s.Fail(c.match, -1, c.fault)
			}
			err := w.Check(t.Context())
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("error = %v, want %v which says %q", err, c.want, c.says)
			}
			s.Heal()
			if c.config == nil {
				if err := w.Check(t.Context()); err != nil {
					t.Errorf("afterwards: %v", err)
				}
			}
		})
	}
}

// TestCheckStage has BigQuery refuse to read the bucket of the stage, and then
// not.
func TestCheckStage(t *testing.T) {
	gcs := gcstest.NewServer(t, gcstest.Options{}, "stage")
	s := bigquerytest.NewServer(t, bigquerytest.Options{Storage: gcs.URL})
	w := openTest(t, s, func(c *Config) { c.Stage = "gs://stage/parts/" })
	s.Fail(bigquerytest.Match{Kind: "load"}, 1, bigquerytest.Fault{}) // the first is an upload
	s.Fail(bigquerytest.Match{Kind: "load"}, 1, bigquerytest.Fault{
		Fail: "accessDenied", Message: "Access Denied: File gs://stage/parts/x: does not have storage.objects.get access"})
	err := w.Check(t.Context())
	if !errors.Is(err, warehouse.ErrUnauthorized) || !strings.Contains(err.Error(), "roles/storage.objectViewer") {
		t.Errorf("error = %v, want ErrUnauthorized which names the role", err)
	}
	if err := w.Check(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	(&shop{T: t, w: w}).noStages()
}

// TestErrSchema looks at tables that are partitioned or named as BigQuery does
// not take it, or by something else.
func TestErrSchema(t *testing.T) {
	s := bigquerytest.NewServer(t, bigquerytest.Options{})
	w := openTest(t, s)
	day := warehouse.Column{Name: "day", Type: arrow.FixedWidthTypes.Date32}
	columns := append(eventColumns(), day)
	if err := w.Ensure(t.Context(), warehouse.Table{Name: "events", Columns: columns, Partition: "event_date"}); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 301)
	for name, c := range map[string]struct {
		table warehouse.Table
		says  string
	}{
		"other partition": {warehouse.Table{Name: "events", Columns: columns, Partition: "day"}, "partitioned by event_date"},
		"no such column":  {warehouse.Table{Name: "new", Columns: eventColumns(), Partition: "day"}, "does not have it"},
		"not a date":      {warehouse.Table{Name: "new", Columns: eventColumns(), Partition: "id"}, "date column"},
		"cluster":         {warehouse.Table{Name: "new", Columns: eventColumns(), Cluster: []string{"a", "b", "c", "d", "e"}}, "takes 4"},
		"cluster by none": {warehouse.Table{Name: "new", Columns: eventColumns(), Cluster: []string{"gone"}}, "does not have it"},
		"column":          {warehouse.Table{Name: "new", Columns: append(textColumns("größe"), eventColumns()...)}, "rename it"},
		"long column":     {warehouse.Table{Name: "new", Columns: append(textColumns(long), eventColumns()...)}, "300"},
		"their column":    {warehouse.Table{Name: "new", Columns: append(textColumns("_partition_x"), eventColumns()...)}, "keeps names"},
		"table":           {warehouse.Table{Name: "a`b", Columns: eventColumns()}, "choose another"},
		"decorator":       {warehouse.Table{Name: "events$20260901", Columns: eventColumns()}, "choose another"},
	} {
		err := w.Ensure(t.Context(), c.table)
		if !errors.Is(err, warehouse.ErrSchema) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error = %v, want a SchemaError which says %q", name, err, c.says)
		}
	}
	flexible := openTest(t, s, func(c *Config) { c.FlexibleNames = true })
	for name, ok := range map[string]bool{"größe in m²": true, "a-b": true, "a.b": false, "a`b": false, "_file_x": false} {
		err := flexible.checkNames(warehouse.Table{Name: "new", Columns: textColumns(name)})
		if (err == nil) != ok {
			t.Errorf("flexible name %q: error = %v", name, err)
		}
	}
}

// TestOptions looks at a table that is made with all options.
func TestOptions(t *testing.T) {
	s := bigquerytest.NewServer(t, bigquerytest.Options{})
	w := openTest(t, s, func(c *Config) {
		c.Location, c.Labels = "ASIA-SOUTH1", map[string]string{"team": "bi"}
		c.RequirePartitionFilter, c.PartitionExpiration = true, 90*24*time.Hour
	})
	columns := eventColumns()
	columns[1].Source = "eventProps.Id"
	want := warehouse.Table{Name: "events", About: "one row for each event", Columns: columns, Partition: "event_date", Cluster: []string{"v", "id"}}
	if err := w.Ensure(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	have, err := w.Table(t.Context(), "events")
	if err != nil || have.Partition != "event_date" || len(have.Cluster) != 2 || have.About != want.About || have.Columns[1].Source != "eventProps.Id" {
		t.Errorf("table = %+v, %v", have, err)
	}
	md, err := w.table("events").Metadata(t.Context())
	if err != nil || !md.RequirePartitionFilter || md.TimePartitioning.Expiration != 90*24*time.Hour || md.Labels["team"] != "bi" {
		t.Errorf("metadata = %+v, %v", md, err)
	}
	// All that tapline itself does says which partitions it wants.
	h := &shop{T: t, s: s, w: w, table: "events"}
	for rev := 1; rev <= 2; rev++ {
		l := h.load(rev, 4, rev)
		r, err := w.Load(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		for p, err := range w.Verify(t.Context(), "") {
			if err != nil || !p.OK() || p.Receipt != r {
				t.Errorf("proof = %+v, %v", p, err)
			}
		}
	}
	for rec, err := range w.Query(t.Context(), "SELECT rows_total FROM _tapline_freshness") {
		if err != nil || rec.Column(0).ValueStr(0) != "4" {
			t.Errorf("freshness: %v, %v", rec, err)
		}
	}
}

// A tape keeps the bodies of requests that begin jobs.
type tape struct {
	mu     sync.Mutex
	bodies []string
}

func (c *tape) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && strings.Contains(r.URL.Path, "/projects/") && r.Method == http.MethodPost {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		c.bodies = append(c.bodies, string(body))
		c.mu.Unlock()
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return http.DefaultTransport.RoundTrip(r)
}

// TestMaxBytesBilled finds the limit on every query.
func TestMaxBytesBilled(t *testing.T) {
	c := &tape{}
	s := bigquerytest.NewServer(t, bigquerytest.Options{})
	w := openTest(t, s, func(cfg *Config) { cfg.MaxBytesBilled, cfg.HTTP = 123456789, &http.Client{Transport: c} })
	h := &shop{T: t, s: s, w: w, table: "events"}
	if err := w.Ensure(t.Context(), warehouse.Table{Name: "events", Columns: eventColumns()}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Load(t.Context(), h.load(1, 4, 2)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.selects(t.Context(), "SELECT * FROM events", nil); err != nil {
		t.Fatal(err)
	}
	queries := 0
	for _, body := range c.bodies {
		if !strings.Contains(body, `"query":`) {
			continue
		}
		if queries++; !strings.Contains(body, `"maximumBytesBilled":"123456789"`) {
			t.Errorf("a query without the limit: %s", body)
		}
	}
	if queries < 3 {
		t.Errorf("%d queries were seen", queries)
	}
}

// TestSelects asks what queries would read, and of what is no query.
func TestSelects(t *testing.T) {
	h := newShop(t)
	if _, err := h.w.Load(t.Context(), h.load(1, 100, 1)); err != nil {
		t.Fatal(err)
	}
	if n, err := h.w.selects(t.Context(), "SELECT id FROM events", nil); err != nil || n <= 0 {
		t.Errorf("estimate = %d, %v", n, err)
	}
	for _, sql := range []string{"SELECT nothing FROM events", "DELETE FROM events WHERE TRUE", "SELEKT"} {
		if _, err := h.w.selects(t.Context(), sql, nil); !errors.Is(err, warehouse.ErrQuery) {
			t.Errorf("%s: error = %v, want ErrQuery", sql, err)
		}
	}
}

//go:build cgo && !noduckdb

package bigquery

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tapline/objstore/gcstest"
	"tapline/warehouse"
	"tapline/warehouse/bigquery/bigquerytest"
	"tapline/warehouse/warehousetest"
)

// days makes n loads of as many slices of the shop's table, all of one revision,
// of two rows each. Every third has a row aside, every fifth has no rows.
func (h *shop) days(rev, n int) []warehouse.Load {
	h.Helper()
	var loads []warehouse.Load
	for i := range n {
		pipeline := fmt.Sprint(h.table, "-", i)
		l := h.loadOf(pipeline, rev, 2, 1)
		if i%5 == 4 {
			l.Parts, l.RowsRead, l.RowsLoaded = nil, 0, 0
		} else if i%3 == 1 {
			h.parts++
			l.RowsRead, l.RowsQuarantined = l.RowsRead+1, 1
			l.Quarantine = []warehouse.Part{warehousetest.WritePart(h, filepath.Join(h.TempDir(), fmt.Sprint(h.parts, ".parquet")), warehouse.QuarantineColumns(),
				[][]any{{l.ID, l.Slice, l.Table, int64(2), "", "", "test", "here", "raw", eventDay}})}
		}
		loads = append(loads, l)
	}
	return loads
}

// proven checks that these loads, and no others, are in force, and that each is
// proven from the dataset alone.
func (h *shop) proven(loads []warehouse.Load) {
	h.Helper()
	have := make(map[string]bool)
	for p, err := range openTest(h, h.s).Verify(h.Context(), "") {
		if err != nil || !p.OK() {
			h.Errorf("not proven: %+v, %v", p, err)
		}
		if p.Receipt.Table == h.table {
			have[p.Receipt.ID] = true
		}
	}
	for _, l := range loads {
		if !have[l.ID] {
			h.Errorf("%s is not in force", l.ID)
		}
	}
	if len(have) != len(loads) {
		h.Errorf("%d loads are in force, want %d", len(have), len(loads))
	}
}

// loadAll loads, as runs do one after the other, until all goes well.
func (h *shop) loadAll(loads []warehouse.Load) {
	h.Helper()
	for range 3 {
		var wrong error
		for _, o := range h.w.LoadAll(h.Context(), loads) {
			if o.Err != nil {
				wrong = o.Err
			}
		}
		if wrong == nil {
			return
		}
		h.Log("once more after:", wrong)
		h.w = openTest(h, h.s)
	}
	h.Error("does not come to an end")
}

// TestGroupFaults has things go wrong with each kind of job of a group; with its
// transaction, all that can.
func TestGroupFaults(t *testing.T) {
	kinds := map[string]bigquerytest.Match{
		"upload": {Kind: "load", Text: "_0_load_a0"}, "claim": {Kind: "query", Text: "_0_load_a0"},
		"aside": {Kind: "load", Text: "tapline_s_"}, "commit": {Kind: "query", Text: "COMMIT TRANSACTION"}, "receipts": {Kind: "query", Text: "@slices"},
	}
	for name, c := range map[string]struct {
		fault bigquerytest.Fault
		with  string // kinds of job beside the transaction
	}{
		"answer lost":           {bigquerytest.Fault{Lose: true}, "upload claim"},
		"lost and later":        {bigquerytest.Fault{Lose: true, Polls: 4}, ""},
		"fails":                 {bigquerytest.Fault{Fail: "backendError"}, "aside receipts"},
		"fails, having applied": {bigquerytest.Fault{Fail: "backendError", Applied: true}, "upload"},
		"fails for good":        {bigquerytest.Fault{Fail: "invalid", Applied: true}, "upload"},
		"503":                   {bigquerytest.Fault{Status: 503, Reason: "backendError"}, ""},
		"quota":                 {bigquerytest.Fault{Status: 403, Reason: "quotaExceeded"}, "claim aside"},
		"contention":            {bigquerytest.Fault{Fail: "invalidQuery", Message: "Transaction is aborted due to concurrent update against table acme:raw._tapline_receipts."}, ""},
		"history over":          {bigquerytest.Fault{Forget: true}, ""},
		"lost, history over":    {bigquerytest.Fault{Lose: true, Forget: true}, "upload claim"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := bigquerytest.NewServer(t, bigquerytest.Options{})
			for _, kind := range append(strings.Fields(c.with), "commit") {
				h := newShopAt(t, s, kind)
				loads := h.days(1, 5)
				s.Fail(kinds[kind], 1, c.fault)
				h.loadAll(loads)
				s.Heal()
				h.proven(loads)
			}
		})
	}
}

// A killer is a way to the server on which the answer to the n-th request that
// begins a job does not arrive, and no other is sent: the process is gone.
type killer struct {
	at   int64
	die  context.CancelFunc
	jobs atomic.Int64
	dead atomic.Bool
}

func (k *killer) RoundTrip(r *http.Request) (*http.Response, error) {
	if k.dead.Load() {
		return nil, context.Canceled
	}
	if r.Method != http.MethodPost || !strings.Contains(r.URL.Path, "/jobs") || k.jobs.Add(1) != k.at {
		return http.DefaultTransport.RoundTrip(r)
	}
	k.dead.Store(true)
	defer k.die()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	again := r.Clone(context.WithoutCancel(r.Context()))
	again.Body = io.NopCloser(bytes.NewReader(body))
	answer, err := http.DefaultTransport.RoundTrip(again)
	if err == nil {
		err = answer.Body.Close()
	}
	if err == nil {
		err = context.Canceled
	}
	return nil, err
}

// TestGroupDied has a process die after every job of a group that it begins;
// another one loads the same, in a group or slice by slice.
func TestGroupDied(t *testing.T) {
	for at := int64(1); ; at++ {
		h := newShop(t)
		loads := h.days(1, 5)
		ctx, die := context.WithCancel(t.Context())
		k := &killer{at: at, die: die}
		dying := openTest(t, h.s, func(c *Config) { c.HTTP = &http.Client{Transport: k} })
		dying.own = true
		dying.LoadAll(ctx, loads)
		die()
		if at%2 == 0 {
			for _, l := range loads {
				if _, err := h.w.Load(t.Context(), l); err != nil {
					t.Errorf("job %d: %s: %v", at, l.Slice, err)
				}
			}
		} else {
			h.loadAll(loads)
		}
		h.proven(loads)
		if k.jobs.Load() < at || t.Failed() {
			t.Logf("a group of 5 slices is of %d jobs", at-1)
			return
		}
	}
}

// TestGroupGrace: a group that may be at work is waited for, and one that was
// stopped, and said so, is not.
func TestGroupGrace(t *testing.T) {
	for name, c := range map[string]struct {
		dies        bool
		least, most time.Duration
	}{"stopped": {false, 0, time.Second}, "dead": {true, grace - 5*time.Second, grace + 20*time.Second}} {
		t.Run(name, func(t *testing.T) {
			h := newShop(t)
			loads := h.days(1, 4)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			k := &killer{die: stop}
			first := openTest(t, h.s, func(c *Config) { c.HTTP = &http.Client{Transport: k} })
			stopping := slices.Clone(loads)
			p, path := stopping[3].Parts[0], stopping[3].Parts[0].Path
			p.Path, p.Open = "", func(context.Context) (io.ReadCloser, error) {
				for len(h.s.Calls(bigquerytest.Match{Kind: "load", Text: "_load_a0"})) < 3 { // the claims of the others
					time.Sleep(time.Millisecond)
				}
				k.dead.Store(c.dies)
				stop()
				return os.Open(path)
			}
			stopping[3].Parts = []warehouse.Part{p}
			first.LoadAll(ctx, stopping)
			var slept atomic.Int64
			next := openTest(t, h.s, func(c *Config) {
				c.Sleep = func(ctx context.Context, d time.Duration) error { slept.Add(int64(d)); return ctx.Err() }
			})
			for _, o := range next.LoadAll(t.Context(), loads) {
				if o.Err != nil {
					t.Error(o.Err)
				}
			}
			if d := time.Duration(slept.Load()); d < c.least || d > c.most {
				t.Errorf("waited %s, want %s to %s", d, c.least, c.most)
			}
			h.proven(loads)
		})
	}
}

// TestGroupRivals has two processes load two revisions of the same slices, or the
// same, in a group or slice by slice, at the same time; also while the transaction
// of one is long in coming, or lasts long.
func TestGroupRivals(t *testing.T) {
	late, long, lost := bigquerytest.Fault{Stall: 100 * time.Millisecond}, bigquerytest.Fault{Polls: 12}, bigquerytest.Fault{Lose: true, Polls: 6}
	for i, c := range []struct {
		fault *bigquerytest.Fault // of the first transaction
		group bool                // the rival's way
		newer int                 // by how much is its revision
	}{
		{nil, true, 0}, {nil, true, 1}, {nil, false, 1}, {&late, true, 0}, {&late, false, 0}, {&long, true, 1}, {&long, false, 0}, {&lost, true, 0}, {&lost, false, 1},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			h := newShop(t)
			if c.fault != nil {
				h.s.Fail(bigquerytest.Match{Kind: "query", Text: "COMMIT TRANSACTION"}, 1, *c.fault)
			}
			a, b := h.days(1, 6), h.days(1+c.newer, 6)
			rival := openTest(t, h.s)
			var wg sync.WaitGroup
			wg.Go(func() { h.w.LoadAll(t.Context(), a) })
			wg.Go(func() {
				if c.group {
					rival.LoadAll(t.Context(), b)
					return
				}
				for _, l := range b {
					_, _ = rival.Load(t.Context(), l) // told by what is in force
				}
			})
			wg.Wait()
			h.s.Heal()
			h.loadAll(b)
			h.proven(b)
		})
	}
}

// jobs counts those that were begun, by kind.
func (h *shop) jobs() map[string]int {
	ids, count := make(map[string]bool), make(map[string]int)
	for _, c := range h.s.Calls(bigquerytest.Match{}) {
		if (c.Method == "jobs.insert" || c.Method == "jobs.query" || c.Media) && !ids[c.Job] {
			ids[c.Job] = true
			count[c.Kind]++
		}
	}
	return count
}

// TestGroupJobs counts the jobs of 200 small slices: by themselves each would be a
// load job into the table, a transaction and a query.
func TestGroupJobs(t *testing.T) {
	gcs := gcstest.NewServer(t, gcstest.Options{}, "stage")
	for name, c := range map[string]struct {
		gs      bool
		loads   int
		queries int
	}{"uploads": {false, 200, 2}, "gs": {true, 1, 202}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newShopAt(t, bigquerytest.NewServer(t, bigquerytest.Options{Storage: gcs.URL}), "events")
			var loads []warehouse.Load
			for i := range 200 {
				l := h.loadOf(fmt.Sprint("p", i), 1, 1, 1)
				if i%2 == 1 {
					l.Day = time.Time{}
				}
				if c.gs {
					l.Parts[0] = upload(t, gcs, l.Parts[0].Path, 1)
				}
				loads = append(loads, l)
			}
			before := h.jobs()
			for i, o := range h.w.LoadAll(t.Context(), loads) {
				if o.Err != nil || o.Receipt.ID != loads[i].ID {
					t.Fatalf("%+v, %v", o.Receipt, o.Err)
				}
			}
			after := h.jobs()
			if l, q := after["load"]-before["load"], after["query"]-before["query"]; l != c.loads || q != c.queries {
				t.Errorf("%d load jobs and %d queries, want %d and %d", l, q, c.loads, c.queries)
			}
			if n := h.s.Loads("raw.events"); n != 0 {
				t.Errorf("%d load jobs into the table, want none", n)
			}
			h.proven(loads)
			h.noStages()
		})
	}
}

// TestEmptyIsMarked has a process die that has marked a slice without rows: the
// next one finds nothing to remove.
func TestEmptyIsMarked(t *testing.T) {
	h := newShop(t, func(c *Config) { c.Patience = 300 * time.Millisecond })
	l := h.days(1, 5)[4]
	commits := bigquerytest.Match{Kind: "query", Text: "COMMIT TRANSACTION"}
	h.s.Fail(commits, -1, bigquerytest.Fault{Status: 503, Reason: "backendError"})
	if _, err := h.w.Load(t.Context(), l); err == nil {
		t.Fatal("no error")
	}
	h.s.Heal()
	h.finish(l)
	h.proven([]warehouse.Load{l})
	for _, c := range h.s.Calls(commits) {
		if strings.Contains(c.SQL, "DELETE") {
			t.Errorf("removes rows: %s", c.SQL)
		}
	}
	if n := len(h.s.Calls(bigquerytest.Match{Method: "jobs.insert", Text: "_load_a"})); n != 1 {
		t.Errorf("%d marks, want 1", n)
	}
}

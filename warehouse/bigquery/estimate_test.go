//go:build cgo && !noduckdb

package bigquery

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/warehouse"
	"tapline/warehouse/bigquery/bigquerytest"
)

// expected is what the loader would say of a load.
func expected(l warehouse.Load, parts int, bytes int64) warehouse.Expected {
	return warehouse.Expected{
		Pipeline: l.Pipeline, Table: l.Table, Stream: l.Stream, Slice: l.Slice, Mode: l.Mode, Key: l.Key,
		Day: l.Day, Partitioned: l.Partitioned, Parts: parts, Bytes: bytes,
	}
}

// brief tells the jobs of an estimate, without those that only verify makes.
func brief(e warehouse.Estimate) []string {
	var all []string
	for _, j := range e.Jobs {
		if !j.OnDemand {
			all = append(all, fmt.Sprintf("%s %d %s %d unknown, %d MiB billed, free %t, more %t", j.Table, j.Count, j.What, j.Unknown, j.Billed>>20, j.Free, j.More))
		}
	}
	return all
}

// TestEstimate compares what is told of loads with what they are.
func TestEstimate(t *testing.T) {
	h := newShop(t, func(c *Config) { c.PricePerTiB = ListPrice })
	next := expected(h.load(2, 1, 1), 0, -1)
	for name, c := range map[string]struct {
		change func(*warehouse.Expected)
		want   []string
	}{
		"first":   {func(l *warehouse.Expected) { l.Slice = "events/events/new"; l.Day = l.Day.AddDate(0, 0, 1) }, []string{"1 load job 1 unknown, 0 MiB billed, free true, more true", "1 SELECT 0 unknown, 10 MiB billed, free false, more false", "1 transaction 0 unknown, 20 MiB billed, free false, more false"}},
		"replace": {func(*warehouse.Expected) {}, []string{"1 load job 1 unknown, 0 MiB billed, free true, more true", "1 SELECT 0 unknown, 10 MiB billed, free false, more false", "1 transaction 0 unknown, 60 MiB billed, free false, more false"}},
		"alone":   {func(l *warehouse.Expected) { l.Partitioned = true }, []string{"1 load job 1 unknown, 0 MiB billed, free true, more true", "1 SELECT 0 unknown, 10 MiB billed, free false, more false", "1 transaction 0 unknown, 40 MiB billed, free false, more false"}},
		"merge":   {func(l *warehouse.Expected) { l.Mode, l.Key = warehouse.Merge, []string{"id"} }, []string{"1 load job 1 unknown, 0 MiB billed, free true, more true", "1 SELECT 0 unknown, 10 MiB billed, free false, more false", "1 transaction 0 unknown, 70 MiB billed, free false, more false"}},
		"staged":  {func(l *warehouse.Expected) { l.Parts, l.Bytes = 3, 6000 }, []string{"3 load job 0 unknown, 0 MiB billed, free true, more false", "1 SELECT 0 unknown, 10 MiB billed, free false, more false", "1 transaction 0 unknown, 60 MiB billed, free false, more false"}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := h.w.Load(t.Context(), h.load(1, 100, 1)); err != nil {
				t.Fatal(err)
			}
			l := next
			c.change(&l)
			e, err := h.w.Estimate(t.Context(), []warehouse.Expected{l})
			if err != nil {
				t.Fatal(err)
			}
			for i := range c.want {
				c.want[i] = "events " + c.want[i]
			}
			if diff := cmp.Diff(c.want, brief(e)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if e.Currency != "USD" || e.Rate != "6.25 USD per TiB" || e.Price <= 0 || e.Price > 0.01 {
				t.Errorf("price %v %s at %s", e.Price, e.Currency, e.Rate)
			}
		})
	}
}

// TestEstimateReads wants bytes where there is something to read, and the price
// of all that is billed.
func TestEstimateReads(t *testing.T) {
	h := newShop(t, func(c *Config) { c.PricePerTiB = 8 })
	l := h.load(1, 1000, 1)
	l.Partitioned = true
	if _, err := h.w.Load(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	e, err := h.w.Estimate(t.Context(), []warehouse.Expected{expected(h.load(2, 1, 1), 1, 5000), expected(warehouse.Load{Pipeline: "p", Table: "other", Slice: "p/s/x", Mode: warehouse.Snapshot}, 0, 77)})
	if err != nil {
		t.Fatal(err)
	}
	var billed, loaded int64
	tables := map[string]bool{}
	for _, j := range e.Jobs {
		tables[j.Table] = true
		switch {
		case j.Free:
			loaded += j.Bytes
		case j.OnDemand:
			if j.Table != "events" || j.Bytes < 1000 || j.Billed < 30<<20 {
				t.Errorf("verify: %+v", j)
			}
			continue
		case j.What == "transaction" && j.Table == "events" && j.Bytes < 1000:
			t.Errorf("reads too little: %+v", j)
		}
		billed += j.Billed
	}
	if loaded != 5077 || !tables["events"] || !tables["other"] {
		t.Errorf("%d bytes are loaded, want 5077; tables %v", loaded, tables)
	}
	if want := float64(billed) / (1 << 40) * 8; math.Abs(e.Price-want) > 1e-12 {
		t.Errorf("price %v, want %v", e.Price, want)
	}
}

// TestEstimateAsksLittle bounds the dry runs of a plan of many days.
func TestEstimateAsksLittle(t *testing.T) {
	c := &tape{}
	s := bigquerytest.NewServer(t, bigquerytest.Options{})
	h := newShopAt(t, s, "events", func(cfg *Config) { cfg.HTTP = &http.Client{Transport: c} })
	if _, err := h.w.Load(t.Context(), h.load(1, 10, 1)); err != nil {
		t.Fatal(err)
	}
	c.bodies = nil
	var loads []warehouse.Expected
	first := expected(h.load(1, 1, 1), 0, -1)
	for i := range 400 {
		l := first
		l.Slice, l.Day, l.Partitioned = fmt.Sprint("events/events/", i), eventDay.AddDate(0, 0, i+1), true
		loads = append(loads, l)
	}
	e, err := h.w.Estimate(t.Context(), loads)
	if err != nil {
		t.Fatal(err)
	}
	wrote, asked := 0, 0
	for _, body := range c.bodies {
		asked++
		if !strings.Contains(body, `"dryRun":true`) {
			wrote++
		}
	}
	if wrote != 1 || asked > 3*mostDryRuns+5 {
		t.Errorf("%d requests, %d of them real, want 1", asked, wrote)
	}
	if len(e.Jobs) != 4 || e.Jobs[0].Count != 400 || e.Jobs[2].Count != 400 {
		t.Errorf("%q", brief(e))
	}
}

// TestEstimateNothing: what cannot be loaded is left out, and nothing is asked
// of a dataset without tables of tapline.
func TestEstimateNothing(t *testing.T) {
	s := bigquerytest.NewServer(t, bigquerytest.Options{})
	w := openTest(t, s)
	if err := w.exec(t.Context(), "CREATE TABLE theirs (id INT64)"); err != nil {
		t.Fatal(err)
	}
	e, err := w.Estimate(t.Context(), []warehouse.Expected{{Pipeline: "p", Table: "theirs", Slice: "p/s/x", Mode: warehouse.Replace, Bytes: -1}})
	if err != nil || len(e.Jobs) > 0 || e.Price != 0 {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := w.Table(t.Context(), warehouse.TableReceipts); err == nil {
		t.Error("an estimate made tables")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Estimate(ctx, []warehouse.Expected{{Table: "t"}}); err == nil {
		t.Error("no error after the end of the context")
	}
}

// TestEstimateCountsJobs loads what was estimated and counts the jobs.
func TestEstimateCountsJobs(t *testing.T) {
	for name, c := range map[string]struct {
		parts  int
		change func(*warehouse.Load)
	}{
		"first":    {1, func(l *warehouse.Load) { l.Day = l.Day.AddDate(0, 0, 1) }},
		"replaced": {1, nil},
		"alone":    {1, func(l *warehouse.Load) { l.Partitioned = true }},
		"parts":    {3, func(l *warehouse.Load) { l.Partitioned = true }},
		"merge":    {1, func(l *warehouse.Load) { l.Mode, l.Key = warehouse.Merge, []string{"id"} }},
		"snapshot": {2, func(l *warehouse.Load) { l.Mode = warehouse.Snapshot }},
	} {
		t.Run(name, func(t *testing.T) {
			tape := &tape{}
			h := newShop(t, func(cfg *Config) { cfg.HTTP = &http.Client{Transport: tape} })
			if name != "first" {
				h.finish(h.load(1, 10, 1))
			}
			l := h.load(2, 30, c.parts)
			if c.change != nil {
				c.change(&l)
			}
			var size int64
			for _, p := range l.Parts {
				size += p.Size
			}
			e, err := h.w.Estimate(t.Context(), []warehouse.Expected{expected(l, c.parts, size)})
			if err != nil {
				t.Fatal(err)
			}
			want := countedJobs(e)
			tape.bodies = nil
			if _, err := h.w.Load(t.Context(), l); err != nil {
				t.Fatal(err)
			}
			got := tape.jobs()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("jobs (-estimated +made):\n%s", diff)
			}
		})
	}
}

// countedJobs are how many load jobs and queries an estimate speaks of.
func countedJobs(e warehouse.Estimate) map[string]int64 {
	n := map[string]int64{}
	for _, j := range e.Jobs {
		if !j.OnDemand {
			n[map[bool]string{true: "load", false: "query"}[j.Free]] += j.Count
		}
	}
	return n
}

// jobs counts what the tape heard of.
func (c *tape) jobs() map[string]int64 {
	n := map[string]int64{}
	for _, body := range c.bodies {
		for _, kind := range []string{"load", "query"} {
			if strings.Contains(body, `"`+kind+`":{`) {
				n[kind]++
			}
		}
	}
	return n
}

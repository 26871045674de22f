//go:build cgo && !noduckdb

package bigquery

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"google.golang.org/api/iterator"

	"tapline/warehouse"
	"tapline/warehouse/bigquery/bigquerytest"
	"tapline/warehouse/warehousetest"
)

var eventDay = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

// A shop makes loads of one table of events and looks at what came of them.
type shop struct {
	*testing.T
	s     *bigquerytest.Server
	w     *Warehouse
	table string // also the pipeline's name
	parts int
}

func newShop(t *testing.T, change ...func(*Config)) *shop {
	return newShopAt(t, bigquerytest.NewServer(t, bigquerytest.Options{}), "events", change...)
}

func newShopAt(t *testing.T, s *bigquerytest.Server, table string, change ...func(*Config)) *shop {
	h := &shop{T: t, s: s, w: openTest(t, s, change...), table: table}
	if err := h.w.Ensure(t.Context(), warehouse.Table{Name: table, Columns: eventColumns()}); err != nil {
		t.Fatal(err)
	}
	return h
}

func eventColumns() []warehouse.Column {
	return join(
		[]warehouse.Column{{Name: "event_date", Type: arrow.FixedWidthTypes.Date32}, {Name: "id", Type: arrow.PrimitiveTypes.Int64}, {Name: "v", Type: arrow.BinaryTypes.String}},
		taplineColumns())
}

// load is a revision of the day's slice with n rows, in so many parts.
func (h *shop) load(rev, n, parts int) warehouse.Load {
	h.Helper()
	return h.loadOf(h.table, rev, n, parts)
}

// loadOf is a load of the same table and day from some pipeline.
func (h *shop) loadOf(pipeline string, rev, n, parts int) warehouse.Load {
	h.Helper()
	l := warehouse.Load{
		ID: fmt.Sprint(pipeline, "-", rev), Pipeline: pipeline, Table: h.table, Stream: "events", Slice: pipeline + "/events/2026-09-01",
		Revision: fmt.Sprint(rev), Run: "run", ReadAt: eventDay.Add(time.Duration(rev) * time.Hour), Mode: warehouse.Replace,
		Day: eventDay, Columns: eventColumns(), RowsRead: int64(n), RowsLoaded: int64(n),
	}
	var rows [][]any
	for i := range n {
		rows = append(rows, []any{eventDay, int64(i), fmt.Sprint("rev", rev), l.Slice, l.ID, int64(i), l.ReadAt})
	}
	for i := range parts {
		h.parts++
		path := filepath.Join(h.TempDir(), fmt.Sprint(h.parts, ".parquet"))
		l.Parts = append(l.Parts, warehousetest.WritePart(h, path, l.Columns, rows[i*n/parts:(i+1)*n/parts]))
	}
	return l
}

// finish loads again, as the next run does, until it goes well.
func (h *shop) finish(l warehouse.Load) warehouse.Receipt {
	h.Helper()
	var err error
	for range 3 {
		var r warehouse.Receipt
		if r, err = h.w.Load(h.Context(), l); err == nil {
			return r
		}
		h.Log("once more after:", err)
		h.w = openTest(h, h.s)
	}
	h.Fatal(err)
	return warehouse.Receipt{}
}

// holds checks that the table has the rows of this load and no others.
func (h *shop) holds(l warehouse.Load, r warehouse.Receipt) {
	h.Helper()
	var have []string
	for rec, err := range h.w.Query(h.Context(), "SELECT _tapline_load, COUNT(*), COUNT(DISTINCT _tapline_row) FROM "+h.table+" GROUP BY _tapline_load") {
		if err != nil {
			h.Fatal(err)
		}
		for i := range int(rec.NumRows()) {
			have = append(have, strings.Join([]string{rec.Column(0).ValueStr(i), rec.Column(1).ValueStr(i), rec.Column(2).ValueStr(i)}, " "))
		}
	}
	var want []string
	if l.RowsLoaded > 0 {
		want = []string{fmt.Sprintf("%s %d %d", l.ID, l.RowsLoaded, l.RowsLoaded)}
	}
	if !slices.Equal(have, want) {
		h.Fatalf("the table holds %q, want %q", have, want)
	}
	again, err := openTest(h, h.s).Load(h.Context(), l)
	if err != nil || again != r {
		h.Fatalf("once more: %+v, %v; want %+v", again, err, r)
	}
	n := 0
	for p, err := range h.w.Verify(h.Context(), h.table) {
		if n++; err != nil || !p.OK() || p.Receipt != r {
			h.Fatalf("not proven: %+v, %v; want %+v", p, err, r)
		}
	}
	if n != 1 {
		h.Fatalf("%d receipts in force, want 1", n)
	}
}

// noStages checks that no staging table is left.
func (h *shop) noStages() {
	h.Helper()
	for it := h.w.dataset().Tables(h.Context()); ; {
		t, err := it.Next()
		if errors.Is(err, iterator.Done) {
			return
		}
		if err != nil {
			h.Fatal(err)
		}
		if isStage(t.TableID) {
			h.Errorf("the staging table %s is left", t.TableID)
		}
	}
}

// ways are the ways that rows go: by what is loaded, and whether an older
// revision is there.
func ways() map[string]func(h *shop) warehouse.Load {
	whole := func(l warehouse.Load) warehouse.Load { l.Partitioned = true; return l }
	second := func(h *shop) {
		if _, err := h.w.Load(h.Context(), h.load(1, 4, 1)); err != nil {
			h.Fatal(err)
		}
	}
	return map[string]func(h *shop) warehouse.Load{
		"append":          func(h *shop) warehouse.Load { return h.load(2, 5, 1) },
		"partition":       func(h *shop) warehouse.Load { return whole(h.load(2, 5, 1)) },
		"partition again": func(h *shop) warehouse.Load { second(h); return whole(h.load(2, 5, 1)) },
		"transaction":     func(h *shop) warehouse.Load { return h.load(2, 5, 2) },
		"another time":    func(h *shop) warehouse.Load { second(h); return h.load(2, 5, 1) },
		"nothing": func(h *shop) warehouse.Load {
			second(h)
			l := h.load(2, 0, 0)
			l.RowsRead = 0
			return l
		},
	}
}

// TestFaults has each thing go wrong that can, with the load job and with the
// transaction, and expects one correct load.
func TestFaults(t *testing.T) {
	loads, scripts := bigquerytest.Match{Kind: "load"}, bigquerytest.Match{Kind: "query", Text: "COMMIT TRANSACTION"}
	for name, fault := range map[string]bigquerytest.Fault{
		"answer lost":           {Lose: true},
		"finishes later":        {Polls: 4},
		"lost and later":        {Lose: true, Polls: 4},
		"fails":                 {Fail: "backendError"},
		"fails, having applied": {Fail: "backendError", Applied: true},
		"fails for good":        {Fail: "invalid", Applied: true},
		"503":                   {Status: 503, Reason: "backendError"},
		"too often":             {Status: 403, Reason: "rateLimitExceeded"},
		"job too often":         {Fail: "jobRateLimitExceeded"},
		"quota":                 {Status: 403, Reason: "quotaExceeded"},
		"contention":            {Fail: "invalidQuery"},
		"wrong rows":            {Rows: 3},
		"fewer rows":            {Rows: -1},
		"history over":          {Forget: true},
		"lost, history over":    {Lose: true, Forget: true},
	} {
		if name == "contention" {
			fault.Message = "Transaction is aborted due to concurrent update against table acme:raw._tapline_receipts."
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := bigquerytest.NewServer(t, bigquerytest.Options{})
			for way, make := range ways() {
				for kind, match := range map[string]bigquerytest.Match{"load": loads, "commit": scripts} {
					if kind == "load" && way == "nothing" {
						continue // there is no load job
					}
					t.Run(fmt.Sprint(way, "/", kind), func(t *testing.T) {
						h := newShopAt(t, s, strings.ReplaceAll(way+"_"+kind, " ", "_"))
						l := make(h)
						s.Fail(match, 1, fault)
						r := h.finish(l)
						s.Heal()
						h.holds(l, r)
					})
				}
			}
		})
	}
}

// TestDied has a process die between the load job and the receipt: the next
// one finds the job's work and does not repeat it.
func TestDied(t *testing.T) {
	for way, make := range ways() {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			h := newShop(t, func(c *Config) { c.Patience = 300 * time.Millisecond })
			l := make(h)
			h.s.Fail(bigquerytest.Match{Kind: "query", Text: "COMMIT TRANSACTION"}, -1, bigquerytest.Fault{Status: 503, Reason: "backendError"})
			if _, err := h.w.Load(t.Context(), l); !errors.Is(err, warehouse.ErrUnreachable) {
				t.Fatalf("error = %v, want ErrUnreachable", err)
			}
			h.s.Heal()
			before := h.s.Loads("raw.events")
			h.w = openTest(t, h.s)
			r := h.finish(l)
			if after := h.s.Loads("raw.events"); after != before {
				t.Errorf("%d more load jobs into the table, want none", after-before)
			}
			h.holds(l, r)
		})
	}
}

// TestSharedPartition has two pipelines load a day each into one table, which
// each of them takes for its own: neither loses rows when one is read again.
func TestSharedPartition(t *testing.T) {
	h := newShop(t)
	for _, l := range []warehouse.Load{h.loadOf("a", 1, 4, 1), h.loadOf("b", 1, 3, 1), h.loadOf("a", 2, 5, 1), h.loadOf("b", 2, 6, 1)} {
		l.Partitioned = true
		if _, err := h.w.Load(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	proofs := 0
	for p, err := range h.w.Verify(t.Context(), "") {
		if proofs++; err != nil || !p.OK() {
			t.Errorf("%+v, %v", p, err)
		}
	}
	if proofs != 2 {
		t.Errorf("%d receipts in force, want 2", proofs)
	}
}

// TestOtherRevision has a process die with rows in the table and no receipt;
// another one loads another revision of the slice.
func TestOtherRevision(t *testing.T) {
	for way, newer := range map[string]func(h *shop) warehouse.Load{
		"append":      func(h *shop) warehouse.Load { return h.load(3, 6, 1) },
		"transaction": func(h *shop) warehouse.Load { return h.load(3, 6, 3) },
		"partition":   func(h *shop) warehouse.Load { l := h.load(3, 6, 1); l.Partitioned = true; return l },
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			h := newShop(t, func(c *Config) { c.Patience = 300 * time.Millisecond })
			old := h.load(2, 5, 1)
			h.s.Fail(bigquerytest.Match{Kind: "query", Text: "COMMIT TRANSACTION"}, -1, bigquerytest.Fault{Status: 503, Reason: "backendError"})
			if _, err := h.w.Load(t.Context(), old); err == nil {
				t.Fatal("no error")
			}
			h.s.Heal()
			h.w = openTest(t, h.s)
			l := newer(h)
			r := h.finish(l)
			h.holds(l, r)
			if _, err := openTest(t, h.s).Load(t.Context(), old); !errors.Is(err, warehouse.ErrConflict) {
				t.Errorf("the old one: error = %v, want ErrConflict", err)
			}
			h.holds(l, r)
		})
	}
}

// TestJobs counts what a small load costs.
func TestJobs(t *testing.T) {
	for way, want := range map[string]struct{ loads, scripts, queries int }{
		"append":          {1, 1, 1},
		"partition again": {1, 1, 1},
		"another time":    {1, 1, 1},
		"transaction":     {2, 1, 1},
		"nothing":         {0, 1, 1},
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			h := newShop(t)
			l := ways()[way](h)
			count := func(m bigquerytest.Match) int {
				ids := make(map[string]bool)
				for _, c := range h.s.Calls(m) {
					if c.Method == "jobs.insert" || c.Method == "jobs.query" || c.Media {
						ids[c.Job] = true
					}
				}
				return len(ids)
			}
			loads, queries := bigquerytest.Match{Kind: "load"}, bigquerytest.Match{Kind: "query"}
			scripts := bigquerytest.Match{Kind: "query", Text: "COMMIT TRANSACTION"}
			a, b, c := count(loads), count(scripts), count(queries)
			if _, err := h.w.Load(t.Context(), l); err != nil {
				t.Fatal(err)
			}
			a, b, c = count(loads)-a, count(scripts)-b, count(queries)-c
			if a != want.loads || b != want.scripts || c-b != want.queries {
				t.Errorf("%d load jobs, %d transactions and %d queries; want %+v", a, b, c-b, want)
			}
			h.noStages()
		})
	}
}

// TestNoGaps refuses the first attempt of a slot until the load gives it up: the
// next attempt is not begun before that one is taken, or a group could take it.
func TestNoGaps(t *testing.T) {
	for way, parts := range map[string]int{"append": 1, "transaction": 2} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			h := newShop(t)
			l := h.load(1, 4, parts)
			h.s.Fail(bigquerytest.Match{Kind: "load", Text: "_load_a0"}, mostTries, bigquerytest.Fault{Status: 503, Reason: "backendError"})
			r, err := h.w.Load(t.Context(), l)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.w.lookup(t.Context(), h.w.newSlot("load", 0, l.Table, l.Slice).attempt(0)); err != nil {
				t.Error(err)
			}
			h.holds(l, r)
		})
	}
}

package loader_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/loader"
	"tapline/objstore"
	"tapline/warehouse"
)

// A rig is a pipeline with everything in memory.
type rig struct {
	vendor *vendor
	bank   *bank
	stage  objstore.Store
	cfg    loader.Config
	runs   int
	// together, if not nil, is the bank with the ability to load several slices.
	together *batches
}

func newRig(t testing.TB, v *vendor) *rig {
	t.Helper()
	return &rig{vendor: v, bank: newBank(), stage: newShelf(), cfg: loader.Config{
		Pipeline: "orders", Targets: []loader.Target{{Table: "ev_{event}"}},
		Window: exporter.Window{Since: day(1)},
	}}
}

func (r *rig) loader(t testing.TB) *loader.Loader {
	t.Helper()
	r.runs++
	cfg := r.cfg
	cfg.Source, cfg.Warehouse, cfg.Stage, cfg.Run = r.vendor, r.bank, r.stage, fmt.Sprintf("run%03d", r.runs)
	if r.together != nil {
		cfg.Warehouse = r.together
	}
	l, err := loader.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// run runs the pipeline and wants no failure.
func (r *rig) run(t testing.TB) loader.Summary {
	t.Helper()
	s, err := r.loader(t).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range s.Failures {
		t.Errorf("%s %s: %v", f.Stream, f.Slice, f.Err)
	}
	return s
}

// empty checks that the stage holds nothing more.
func (r *rig) empty(t testing.TB) {
	t.Helper()
	for o, err := range r.stage.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		t.Errorf("left on the stage: %s", o.Name)
	}
}

func same(t testing.TB, what, want, got string) {
	t.Helper()
	if want != got {
		t.Errorf("%s: (-want +got)\n%s", what, cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
	}
}

// messy is a vendor whose columns mix kinds within and between days.
func messy(batchRows int, events ...string) *vendor {
	if len(events) == 0 {
		events = []string{"Order Placed", "App Launched"}
	}
	v := newVendor(batchRows, events...)
	rng := rand.New(rand.NewPCG(1, 2))
	noon := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	mixed := []any{true, false, 1, 0, 12, -3, 1 << 60, 1.5, 2.0, "12", "007", "true", "", "é", noon, nil, bad("?")}
	for _, event := range events {
		for d := 1; d <= 5; d++ {
			for i := range 37 {
				r := row{"id": i, "eventProps.CT App Version": "6.1", "amount": i}
				if i%5 == d {
					r["amount"] = float64(i) + 0.25 // a column that has fractions only now and then
				}
				if i > 20 {
					r["late"] = i > 30 && d > 2
					r["eventProps.ct_app_version"] = "6.2" // the same column name
				}
				if d == 3 && i%7 == 0 {
					r["fresh"] = noon.Add(time.Duration(i) * time.Second)
				}
				if d >= 4 {
					r["fresh"] = mixed[rng.IntN(len(mixed))]
				}
				r["mixed"] = mixed[rng.IntN(len(mixed))]
				r[fmt.Sprintf("mixed%d", d)] = mixed[rng.IntN(5)] // no text, so numbers and bools
				if i == 11 {
					r = row{"!": "{broken"}
				}
				v.add(event, d, r)
			}
		}
	}
	return v
}

func TestRunLoadsEverythingOnce(t *testing.T) {
	r := newRig(t, messy(10))
	s := r.run(t)
	if len(s.Loads) != 10 || s.Skipped != 0 {
		t.Fatalf("%d loads, %d skipped; want 10, 0", len(s.Loads), s.Skipped)
	}
	r.empty(t)
	before := r.bank.content(t)
	for _, want := range []string{"table ev_order_placed", "table ev_app_launched", "  event_props_ct_app_version string (eventProps.CT App Version)",
		"  event_props_ct_app_version_", "kept orders/events/Order Placed/2026-09-01   11", "  amount float64 (amount)"} {
		if !strings.Contains(before, want) {
			t.Errorf("want %q in\n%s", want, before)
		}
	}
	s = r.run(t)
	if len(s.Loads) != 0 || s.Skipped != 10 || r.bank.loads != 10 {
		t.Errorf("second run: %d loads, %d skipped", len(s.Loads), s.Skipped)
	}
	same(t, "after the second run", before, r.bank.content(t))
}

// Neither batch size, concurrency, memory, the codec nor the way the days are
// spread over runs may show in the table.
func TestNothingShowsInTheTable(t *testing.T) {
	plain := newRig(t, messy(10))
	plain.cfg.Concurrency = 1
	plain.run(t)
	want := plain.bank.content(t)
	for _, c := range []struct {
		batch, concurrency int
		memory             int64
		codec              string
		daily              bool
	}{
		{1, 1, 0, "zstd", false}, {3, 8, 1, "snappy", false}, {7, 3, 100, "", false}, {1000, 5, 0, "", false},
		{10, 4, 0, "", true}, {37, 2, 0, "", true}, {2, 1, 0, "", true},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			r := newRig(t, messy(c.batch))
			r.cfg.Concurrency, r.cfg.Memory, r.cfg.Codec = c.concurrency, c.memory, c.codec
			if c.daily {
				for d := 2; d <= 5; d++ {
					r.cfg.Window.Until = day(d)
					r.run(t)
				}
				r.cfg.Window.Until = exporter.Day{}
			}
			r.run(t)
			same(t, "content", want, r.bank.content(t))
			r.empty(t)
		})
	}
}

func TestResumeReadsOnFromTheCursor(t *testing.T) {
	v := newVendor(10, "A")
	for i := range 100 {
		v.add("A", 1, row{"n": i})
	}
	r := newRig(t, v)
	ctx, cancel := context.WithCancel(t.Context())
	parts := 0
	r.cfg.Observe = func(e loader.Event) {
		if e.Kind == loader.Progress {
			if parts++; parts == 4 {
				cancel()
			}
		}
	}
	if _, err := r.loader(t).Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("err = %v, want canceled", err)
	}
	var started loader.Event
	r.cfg.Observe = func(e loader.Event) {
		if e.Kind == loader.Started {
			started = e
		}
	}
	v.expire = 1
	s := r.run(t)
	if s.Resumed != 1 || started.Rows < 40 {
		t.Errorf("resumed %d at row %d, want 1 at 40 or later", s.Resumed, started.Rows)
	}
	if got := len(r.bank.tables["ev_a"].rows); got != 100 {
		t.Errorf("%d rows after an expired cursor, want 100", got)
	}
	r.empty(t)
}

func TestLookbackReadsAgain(t *testing.T) {
	v := newVendor(10, "A")
	for d := 1; d <= 5; d++ {
		v.add("A", d, row{"n": d})
	}
	r := newRig(t, v)
	r.cfg.Lookback = 2
	r.run(t)
	v.add("A", 3, row{"n": 33}) // too late for the look-back
	v.add("A", 4, row{"n": 44})
	v.add("A", 5, row{"n": 55})
	if s := r.run(t); len(s.Loads) != 2 || s.Skipped != 3 {
		t.Errorf("%d loads, %d skipped; want 2, 3", len(s.Loads), s.Skipped)
	}
	if got := len(r.bank.tables["ev_a"].rows); got != 7 {
		t.Errorf("%d rows, want 7", got)
	}
	r.cfg.Reread = true
	if s := r.run(t); len(s.Loads) != 5 {
		t.Errorf("backfill: %d loads, want 5", len(s.Loads))
	}
	if got := len(r.bank.tables["ev_a"].rows); got != 8 {
		t.Errorf("after backfill: %d rows, want 8", got)
	}
}

func TestRevisionDecidesWhatIsLoaded(t *testing.T) {
	v := newVendor(10, "A")
	v.revision = "g1"
	v.add("A", 1, row{"n": 1})
	r := newRig(t, v)
	r.run(t)
	if s := r.run(t); len(s.Loads) != 0 {
		t.Errorf("same revision: %d loads", len(s.Loads))
	}
	v.revision = "g2"
	v.add("A", 1, row{"n": 2})
	if s := r.run(t); len(s.Loads) != 1 || s.Loads[0].Receipt.Revision != "g2" {
		t.Errorf("new revision: %+v", s.Loads)
	}
	if got := len(r.bank.tables["ev_a"].rows); got != 2 {
		t.Errorf("%d rows, want 2", got)
	}
}

func TestFailedSliceHoldsWhatWouldDecideInItsPlace(t *testing.T) {
	v := newVendor(10, "A")
	for d := 1; d <= 4; d++ {
		v.add("A", d, row{"n": d})
	}
	v.add("A", 3, row{"extra": "x"})
	v.refuse["events/A/2026-09-02"] = errInjected
	r := newRig(t, v)
	s, err := r.loader(t).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var failed, held []string
	for _, f := range s.Failures {
		if errors.Is(f.Err, loader.ErrHeld) {
			held = append(held, f.Slice)
		} else {
			failed = append(failed, f.Slice)
		}
	}
	if diff := cmp.Diff([]string{"2026-09-02"}, failed); diff != "" {
		t.Error("failed:", diff)
	}
	if diff := cmp.Diff([]string{"2026-09-03"}, held); diff != "" {
		t.Error("held:", diff)
	}
	if len(s.Loads) != 2 { // days 1 and 4 change nothing
		t.Errorf("%d loads, want 2", len(s.Loads))
	}
	delete(v.refuse, "events/A/2026-09-02")
	if s := r.run(t); s.Resumed != 2 || v.reads["events/A/2026-09-03"] != 1 {
		t.Errorf("resumed %d, day 3 read %d times; want 2 and 1", s.Resumed, v.reads["events/A/2026-09-03"])
	}
	r.empty(t)
}

func TestNotExportableIsANotice(t *testing.T) {
	v := newVendor(10, "Push", "A")
	v.add("A", 1, row{"n": 1})
	v.add("Push", 1, row{"n": 1})
	v.add("Push", 2, row{"n": 1})
	v.refuse["events/Push/2026-09-01"], v.refuse["events/Push/2026-09-02"] = exporter.ErrNotExportable, exporter.ErrNotExportable
	r := newRig(t, v)
	r.cfg.Targets[0].Table = "all_events" // which Push, the first, would have made
	s := r.run(t)
	if len(s.Notices) != 1 || s.Notices[0].Stream != "events/Push" || len(s.Loads) != 1 {
		t.Errorf("notices %+v, %d loads", s.Notices, len(s.Loads))
	}
	r.empty(t)
}

// What is not there yet is asked for again, and holds nothing back.
func TestNotReadyIsANotice(t *testing.T) {
	v := newVendor(10, "A")
	v.add("A", 1, row{"n": 1})
	v.add("A", 2, row{"n": 2})
	v.refuse["events/A/2026-09-01"] = exporter.ErrNotReady
	r := newRig(t, v)
	if s := r.run(t); len(s.Notices) != 1 || s.Notices[0].Stream != "events/A 2026-09-01" || len(s.Loads) != 1 || len(s.Failures) != 0 {
		t.Errorf("notices %+v, %d loads, failures %+v", s.Notices, len(s.Loads), s.Failures)
	}
	v.add("A", 3, row{"n": 3})
	v.refuse["events/A/2026-09-03"] = exporter.ErrNotReady
	if s := r.run(t); len(s.Notices) != 1 || !strings.HasSuffix(s.Notices[0].Text, "; so it is with 1 more") {
		t.Errorf("two that are not ready: notices %+v", s.Notices)
	}
	v.refuse = nil
	if s := r.run(t); len(s.Loads) != 2 || len(s.Notices) != 0 {
		t.Errorf("the next run: %d loads, notices %+v; want 2 and none", len(s.Loads), s.Notices)
	}
	r.empty(t)
}

// Rows of a child go into a table of their own, by a key of their own.
func TestChildTable(t *testing.T) {
	v := newVendor(10, "A", "B")
	v.add("A", 1, row{"id": 1, "n": 1})
	v.add("B", 1, row{"id": 1, "k": 1}, row{"id": 1, "k": 2})
	v.streams[1].Child, v.streams[1].ChildKey = "parts", []string{"k"}
	r := newRig(t, v)
	a := &asked{bank: r.bank}
	r.cfg.Targets[0] = loader.Target{Table: "t", Mode: warehouse.Merge, Key: []string{"id"}}
	cfg := r.cfg
	cfg.Source, cfg.Stage, cfg.Warehouse, cfg.Run = v, r.stage, a, "one"
	l, err := loader.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys := map[string][]string{}
	for _, load := range a.loads {
		keys[load.Table] = load.Key
	}
	if diff := cmp.Diff(map[string][]string{"t": {"id"}, "t__parts": {"id", "k"}}, keys); diff != "" {
		t.Errorf("keys by table (-want +got):\n%s", diff)
	}
}

func TestQuarantineLimit(t *testing.T) {
	v := newVendor(10, "A")
	for i := range 100 {
		v.add("A", 1, row{"n": i})
	}
	v.add("A", 1, row{"!": "x"}, row{"n": bad("y")}, row{"n": bad("z"), "m": bad("z")})
	for _, c := range []struct {
		limit loader.Limit
		ok    bool
	}{{loader.Limit{Rows: 3}, true}, {loader.Limit{Rows: 2}, false}, {loader.Limit{Share: 0.03}, true}, {loader.Limit{Share: 0.02}, false}} {
		r := newRig(t, v)
		r.cfg.Targets[0].MaxQuarantined = c.limit
		s, err := r.loader(t).Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if ok := len(s.Failures) == 0; ok != c.ok {
			t.Errorf("limit %v: %+v", c.limit, s.Failures)
		} else if !ok && !errors.Is(s.Failures[0].Err, loader.ErrLimit) {
			t.Errorf("limit %v: %v", c.limit, s.Failures[0].Err)
		}
		if !c.ok && (len(r.bank.receipts) != 0 || len(r.bank.tables) != 0) {
			t.Error("a load over the limit became visible, or decided the table")
		}
		if !c.ok && !strings.Contains(s.Failures[0].Err.Error(), "most often column n: test.cell (2), column m: test.cell (1), whole rows: test.row (1)") {
			t.Errorf("the message does not say why: %v", s.Failures[0].Err)
		}
	}
}

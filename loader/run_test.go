package loader_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync/atomic"
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

var errInjected = errors.New("injected")

// brittle makes the k-th operation of stage and warehouse fail, before or after it takes effect.
type brittle struct {
	objstore.Store
	count atomic.Int64
	at    int64
	stop  func() // called instead of failing, when set
}

func (b *brittle) hit() error {
	if b.count.Add(1) == b.at {
		if b.stop != nil {
			b.stop()
			return nil
		}
		return errInjected
	}
	return nil
}

func (b *brittle) Put(ctx context.Context, name string, when objstore.Precondition, write func(io.Writer) error) (objstore.Object, error) {
	if err := b.hit(); err != nil {
		return objstore.Object{}, err
	}
	o, err := b.Store.Put(ctx, name, when, write)
	if err == nil {
		err = b.hit()
	}
	return o, err
}

func (b *brittle) Remove(ctx context.Context, names ...string) error {
	for _, n := range names {
		if strings.HasSuffix(n, "lease.json") { // in one process nobody sees that the holder is dead
			if err := b.Store.Remove(ctx, n); err != nil {
				return err
			}
			continue
		}
		if err := b.hit(); err != nil {
			return err
		}
		if err := b.Store.Remove(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// Whatever operation fails, or at whatever operation the run is stopped, the
// next runs end with the table of an undisturbed one.
func TestDieEverywhere(t *testing.T) {
	plain := newRig(t, messy(20, "Order Placed"))
	plain.run(t)
	want := plain.bank.content(t)
	for _, stopping := range []bool{false, true} {
		for k := int64(1); ; k += 2 {
			r := newRig(t, messy(20, "Order Placed"))
			ctx, cancel := context.WithCancel(t.Context())
			b := &brittle{Store: r.stage, at: k}
			if stopping {
				b.stop = cancel
			}
			r.bank.fail = func(string) error { return b.hit() }
			inner := r.stage
			r.stage = b
			_, err := r.loader(t).Run(ctx)
			cancel()
			reached := b.count.Load() >= k
			if stopping && reached && err == nil {
				t.Logf("k=%d: stopped after all was done", k)
			}
			r.stage, r.bank.fail = inner, nil
			r.run(t)
			r.run(t) // what an error left behind is swept by the next run
			same(t, fmt.Sprintf("stopping=%v k=%d", stopping, k), want, r.bank.content(t))
			r.empty(t)
			if !reached || t.Failed() {
				break
			}
		}
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

func TestTwoRunsAtOnce(t *testing.T) {
	v := newVendor(5, "A")
	for i := range 50 {
		v.add("A", 1, row{"n": i})
	}
	r := newRig(t, v)
	var other error
	second := r.loader(t)
	r.cfg.Observe = func(e loader.Event) {
		if e.Kind == loader.Started {
			_, other = second.Run(t.Context())
		}
	}
	r.run(t)
	var busy *loader.BusyError
	if !errors.As(other, &busy) || busy.Run != "run002" {
		t.Errorf("second run: %v, want busy with run002", other)
	}
	if got := len(r.bank.tables["ev_a"].rows); got != 50 {
		t.Errorf("%d rows, want 50", got)
	}
}

// A run whose lease and manifest another has taken stops at its next write.
func TestTheOneThatLosesStops(t *testing.T) {
	v := newVendor(5, "A")
	for i := range 50 {
		v.add("A", 1, row{"n": i})
	}
	r := newRig(t, v)
	second := r.loader(t)
	taken := false
	r.cfg.Observe = func(e loader.Event) {
		if e.Kind == loader.Progress && !taken {
			taken = true
			if err := r.stage.Remove(t.Context(), "orders/lease.json"); err != nil {
				t.Error(err)
			}
			if s, err := second.Run(t.Context()); err != nil || len(s.Loads) != 1 {
				t.Errorf("second run: %v, %+v", err, s)
			}
		}
	}
	if s, err := r.loader(t).Run(t.Context()); !errors.Is(err, loader.ErrBusy) || len(s.Loads) != 0 {
		t.Errorf("first run: %v with %d loads, want busy and none", err, len(s.Loads))
	}
	if got := len(r.bank.tables["ev_a"].rows); got != 50 {
		t.Errorf("%d rows, want 50", got)
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
	v := newVendor(10, "A", "Push")
	v.add("A", 1, row{"n": 1})
	v.add("Push", 1, row{"n": 1})
	v.add("Push", 2, row{"n": 1})
	v.refuse["events/Push/2026-09-01"], v.refuse["events/Push/2026-09-02"] = exporter.ErrNotExportable, exporter.ErrNotExportable
	r := newRig(t, v)
	s := r.run(t)
	if len(s.Notices) != 1 || s.Notices[0].Stream != "events/Push" || len(s.Loads) != 1 {
		t.Errorf("notices %+v, %d loads", s.Notices, len(s.Loads))
	}
	r.empty(t)
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

func TestColumnRules(t *testing.T) {
	v := newVendor(2, "A")
	v.add("A", 1, row{"email": "a@example.com", "phone": 15550100, "n": 7, "secret": "s"}, row{"email": bad("b@"), "n": "8", "secret": bad("s")}, row{"n": "x"})
	r := newRig(t, v)
	r.cfg.Targets[0].Columns = []loader.ColumnRule{
		{From: "email", Hash: "sha256"}, {From: "phone", Hash: "hmac-sha256", HashKey: []byte("k")},
		{From: "n", Type: "int64", Rename: "amount"}, {From: "secret", Drop: true},
	}
	r.run(t)
	mac := hmac.New(sha256.New, []byte("k"))
	mac.Write([]byte("15550100"))
	same(t, "content", fmt.Sprintf(`table ev_a
  email string (email)
  event_date date (event_date)
  amount int64 (n)
  phone string (phone)
  _tapline_slice string ()
  _tapline_load string ()
  _tapline_row int64 ()
  _tapline_loaded_at timestamp ()
orders/events/A/2026-09-01    0 amount=7(int64) email=%x(string) event_date=20697(arrow.Date32) phone=%x(string)
orders/events/A/2026-09-01    1 amount=8(int64) event_date=20697(arrow.Date32)
orders/events/A/2026-09-01    2 event_date=20697(arrow.Date32)
kept orders/events/A/2026-09-01    1 "email" "email" test.cell "%x"
kept orders/events/A/2026-09-01    2 "amount" "n" value.type "x"
`, sha256.Sum256([]byte("a@example.com")), mac.Sum(nil), sha256.Sum256([]byte("b@"))), r.bank.content(t))
}

func TestFreezeKeepsNewColumnsOut(t *testing.T) {
	v := newVendor(10, "A")
	v.add("A", 1, row{"n": 1})
	v.add("A", 2, row{"n": 2, "extra": "x"})
	r := newRig(t, v)
	r.cfg.Targets[0].Contract = loader.Freeze
	r.run(t)
	if got := r.bank.content(t); strings.Contains(got, "extra string") || !strings.Contains(got, `"extra" "extra" column.frozen "x"`) {
		t.Error(got)
	}
	// Once the column may come, what was kept can be moved into it.
	r.cfg.Targets[0].Contract = loader.Evolve
	v.add("A", 3, row{"extra": "y"})
	r.run(t)
	moved, left, err := r.loader(t).Replay(t.Context(), warehouse.Filter{})
	if err != nil || moved != 1 || left != 0 {
		t.Fatalf("replay: moved %d, left %d, %v", moved, left, err)
	}
	if got := r.bank.content(t); strings.Contains(got, "kept") || !strings.Contains(got, "extra=x(string)") {
		t.Error(got)
	}
}

func TestReplayRows(t *testing.T) {
	v := newVendor(10, "A")
	v.add("A", 1, row{"amount": 1}, row{"!": "amount=2"}, row{"!": "amount=x"}, row{"amount": 4})
	r := newRig(t, v)
	r.run(t)
	if moved, left, err := r.loader(t).Replay(t.Context(), warehouse.Filter{}); err != nil || moved != 0 || left != 2 {
		t.Fatalf("replay of unreadable rows: moved %d, left %d, %v", moved, left, err)
	}
	v.readable = true
	if moved, left, err := r.loader(t).Replay(t.Context(), warehouse.Filter{}); err != nil || moved != 1 || left != 1 {
		t.Fatalf("replay: moved %d, left %d, %v", moved, left, err)
	}
	got := r.bank.content(t)
	if !strings.Contains(got, "orders/events/A/2026-09-01    1 amount=2(int64) event_date") || strings.Count(got, "kept") != 1 {
		t.Error(got)
	}
	r.empty(t)
}

func TestPlanWritesNothing(t *testing.T) {
	r := newRig(t, messy(10))
	p, err := r.loader(t).Plan(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Tables) != 2 || !p.Pending() || p.Tables[0].Exists || len(p.Tables[0].Slices) != 5 || len(p.Tables[0].New) < 4 {
		t.Errorf("plan %+v", p)
	}
	r.empty(t)
	r.run(t)
	if p, err = r.loader(t).Plan(t.Context(), true); err != nil || p.Pending() {
		t.Errorf("after the run: pending %v, %v", p.Pending(), err)
	}
}

func TestGoneParts(t *testing.T) {
	v := newVendor(10, "A")
	for i := range 100 {
		v.add("A", 1, row{"n": i})
	}
	r := newRig(t, v)
	r.bank.fail = func(string) error { return errInjected }
	if s, err := r.loader(t).Run(t.Context()); err != nil || len(s.Failures) != 1 {
		t.Fatal(err, s.Failures)
	}
	r.bank.fail = nil
	for o, err := range r.stage.List(t.Context(), "orders/loads/") {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(o.Name, ".parquet") {
			if err := r.stage.Remove(t.Context(), o.Name); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	r.run(t)
	if got := len(r.bank.tables["ev_a"].rows); got != 100 || v.reads["events/A/2026-09-01"] != 2 {
		t.Errorf("%d rows after %d reads, want 100 after 2", got, v.reads["events/A/2026-09-01"])
	}
	r.empty(t)
}

// What is staged went through the column rules of its run. When they change, it
// is read again: what must no longer be stored is not loaded from the stage.
func TestRulesReachWhatIsStaged(t *testing.T) {
	v := newVendor(10, "A")
	v.add("A", 1, row{"n": 1, "email": "a@example.com"})
	r := newRig(t, v)
	r.bank.fail = func(string) error { return errInjected }
	if s, err := r.loader(t).Run(t.Context()); err != nil || len(s.Failures) != 1 {
		t.Fatal(err, s.Failures)
	}
	r.bank.fail = nil
	r.cfg.Targets[0].Columns = []loader.ColumnRule{{From: "email", Drop: true}}
	r.run(t)
	if got := r.bank.content(t); strings.Contains(got, "example.com") || v.reads["events/A/2026-09-01"] != 2 {
		t.Errorf("after %d reads:\n%s", v.reads["events/A/2026-09-01"], got)
	}
	r.empty(t)
}

// A column that cannot be widened keeps its type, and the values that need a
// wider one go to quarantine.
func TestRefusedWidening(t *testing.T) {
	v := newVendor(10, "A")
	v.add("A", 1, row{"n": 1<<53 + 1})
	v.add("A", 2, row{"n": 2.5}, row{"n": 3.0})
	r := newRig(t, v)
	r.run(t)
	got := r.bank.content(t)
	for _, want := range []string{"  n int64 (n)", "n=9007199254740993(int64)", "n=3(int64)", `kept orders/events/A/2026-09-02    0 "n" "n" value.type "2.5"`} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
}

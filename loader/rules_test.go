package loader_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"tapline/loader"
	"tapline/warehouse"
)

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

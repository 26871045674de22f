package loader_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tapline/loader"
	"tapline/warehouse"
)

// batches are a bank that loads several slices at once.
type batches struct {
	*bank

	mu     sync.Mutex
	groups [][]string       // the slices of each call of Load and LoadAll
	refuse map[string]error // by slice
}

func (b *batches) Load(ctx context.Context, l warehouse.Load) (warehouse.Receipt, error) {
	o := b.all(ctx, []warehouse.Load{l})[0]
	return o.Receipt, o.Err
}

func (b *batches) LoadAll(ctx context.Context, loads []warehouse.Load) []warehouse.Outcome {
	return b.all(ctx, loads)
}

func (b *batches) all(ctx context.Context, loads []warehouse.Load) []warehouse.Outcome {
	b.mu.Lock()
	defer b.mu.Unlock()
	var names []string
	outcomes := make([]warehouse.Outcome, len(loads))
	for i, l := range loads {
		name := l.Slice[strings.LastIndex(l.Slice, "/")+1:]
		names = append(names, name)
		if outcomes[i].Err = b.refuse[name]; outcomes[i].Err == nil {
			outcomes[i].Receipt, outcomes[i].Err = b.bank.Load(ctx, l)
		}
	}
	b.groups = append(b.groups, names)
	return outcomes
}

// newQueue is a rig of which all days are ready by the time that the first has
// made its table. It notes the order of events about slices.
func newQueue(t *testing.T, v *vendor, days int) (r *rig, told *[]string) {
	t.Helper()
	r = newRig(t, v)
	staged, told := make(chan struct{}), new([]string)
	r.together = &batches{bank: r.bank, refuse: map[string]error{}}
	r.bank.fail = func(op string) error {
		if op == "ensure" {
			<-staged
		}
		return nil
	}
	r.cfg.Concurrency = days
	n := 0
	r.cfg.Observe = func(e loader.Event) {
		switch e.Kind {
		case loader.Staged:
			if n++; n == days {
				time.AfterFunc(50*time.Millisecond, func() { close(staged) }) // it is told a moment before it is so
			}
		case loader.Loaded, loader.Failed, loader.Held:
			*told = append(*told, fmt.Sprint(e.Kind, " ", e.Slice))
		}
	}
	return r, told
}

// numbered is a vendor of so many days of one event.
func numbered(days int) *vendor {
	v := newVendor(10, "A")
	for d := 1; d <= days; d++ {
		v.add("A", d, row{"n": d}, row{"n": d + 1})
	}
	return v
}

func TestLoadsGoTogether(t *testing.T) {
	v := numbered(9)
	r, told := newQueue(t, v, 9)
	r.run(t)
	if n := len(r.together.groups); n != 1 || len(r.together.groups[0]) != 9 {
		t.Errorf("loaded as %v, want all together", r.together.groups)
	}
	if !slices.IsSorted(*told) || len(*told) != 9 {
		t.Errorf("told of %v", *told)
	}
	plain := newRig(t, v)
	plain.run(t)
	same(t, "content", plain.bank.content(t), r.bank.content(t))
	r.empty(t)
}

// What would change the table waits for those before it, whatever becomes of them.
func TestLoadsBeforeAnAlteration(t *testing.T) {
	v := numbered(9)
	v.add("A", 6, row{"fresh": "x"})
	r, _ := newQueue(t, v, 9)
	wait := r.bank.fail
	r.bank.fail = func(op string) error {
		if n := len(r.bank.receipts); op == "ensure" && n != 0 && n != 5 {
			t.Errorf("the table changes after %d loads, want 5", n)
		}
		return wait(op)
	}
	r.run(t)
	if n := len(r.together.groups); n != 2 || len(r.together.groups[0]) != 5 || len(r.together.groups[1]) != 4 {
		t.Errorf("loaded as %v, want days 1 to 5, then 6 to 9", r.together.groups)
	}
	r.empty(t)
}

func TestLoadsBehindAFailedOne(t *testing.T) {
	v := numbered(9)
	v.add("A", 6, row{"fresh": "x"})     // would change the table
	v.add("A", 7, row{"n": "no number"}) // would put a cell aside
	r, told := newQueue(t, v, 9)
	r.together.refuse["2026-09-03"] = errInjected
	s, err := r.loader(t).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"loaded 2026-09-01", "loaded 2026-09-02", "failed 2026-09-03", "loaded 2026-09-04", "loaded 2026-09-05",
		"held 2026-09-06", "held 2026-09-07", "loaded 2026-09-08", "loaded 2026-09-09",
	}
	if diff := cmp.Diff(want, *told); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(s.Failures) != 3 || !errors.Is(s.Failures[0].Err, errInjected) || !errors.Is(s.Failures[1].Err, loader.ErrHeld) {
		t.Errorf("failures %+v", s.Failures)
	}
	r.together.refuse, r.cfg.Observe = nil, nil
	if s := r.run(t); s.Resumed != 3 {
		t.Errorf("resumed %d, want 3", s.Resumed)
	}
	plain := newRig(t, v)
	plain.run(t)
	same(t, "content", plain.bank.content(t), r.bank.content(t))
	r.empty(t)
}

// Modes in which one load looks at the rows of others are loaded in turn.
func TestOtherModesGoSingly(t *testing.T) {
	r, _ := newQueue(t, numbered(5), 5)
	r.cfg.Targets[0].Mode, r.cfg.Targets[0].Key = warehouse.Merge, []string{"n"}
	r.run(t)
	if len(r.together.groups) != 5 {
		t.Errorf("loaded as %v, want each by itself", r.together.groups)
	}
}

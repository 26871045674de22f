package clevertap

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestGate lets 20 in at once through 3 slots.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGates().of("a", "events", 3)
		start := time.Now()
		if most := crowd(t, 20, time.Second, g); most != 3 || time.Since(start) != 7*time.Second {
			t.Errorf("at most %d were in, for %s; want 3, 7s", most, time.Since(start))
		}
	})
}

// crowd lets n enter each of the gates at once, stay a while and leave, and
// returns how many were in at a time.
func crowd(t *testing.T, n int, stay time.Duration, gates ...*gate) int64 {
	t.Helper()
	var in, most atomic.Int64
	var wg sync.WaitGroup
	for _, g := range gates {
		for range n {
			wg.Go(func() {
				leave, err := g.enter(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				defer leave()
				now := in.Add(1)
				for before := most.Load(); now > before && !most.CompareAndSwap(before, now); before = most.Load() {
				}
				time.Sleep(stay)
				in.Add(-1)
			})
		}
	}
	wg.Wait()
	return most.Load()
}

// TestGateOrder: first come, first served.
func TestGateOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGates().of("a", "events", 1)
		first, err := g.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var order []int
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				leave, err := g.enter(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				order = append(order, i)
				leave()
			})
			synctest.Wait() // it stands in the queue
		}
		first()
		wg.Wait()
		for i, o := range order {
			if i != o {
				t.Fatalf("served in order %v", order)
			}
		}
	})
}

// TestGateGiveUp: one who leaves the queue takes no slot with him, even if it
// is given to him at that moment.
func TestGateGiveUp(t *testing.T) {
	for name, gates := range map[string]*Gates{"alone": NewGates(), "shared": SharedGates(t.TempDir(), nil)} {
		t.Run(name, func(t *testing.T) {
			g := gates.of("a", "events", 1)
			for range 200 {
				leave, err := g.enter(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				var wg sync.WaitGroup
				wg.Go(func() {
					switch leave, err := g.enter(ctx); {
					case err == nil:
						leave()
					case !errors.Is(err, context.Canceled):
						t.Error(err)
					}
				})
				wg.Go(cancel)
				wg.Go(leave)
				wg.Wait()
			}
			if g.taken != 0 || len(g.queue) != 0 {
				t.Errorf("%d slots taken, %d in the queue, want none", g.taken, len(g.queue))
			}
		})
	}
}

func TestGatesShared(t *testing.T) {
	gates := NewGates()
	a := gates.of("a", "events", 3)
	if gates.of("a", "events", 2) != a || a.slots != 2 {
		t.Errorf("two Sources of one account have gates apart, or %d slots, want 2", a.slots)
	}
	if gates.of("b", "events", 3) == a || gates.of("a", "schema", 3) == a {
		t.Error("other accounts and APIs share the gate")
	}
}

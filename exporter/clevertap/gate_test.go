package clevertap

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestGate lets 20 in at once through 3 slots.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGates().of("a", "events", 3)
		var mu sync.Mutex
		in, most := 0, 0
		start := time.Now()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := g.enter(t.Context()); err != nil {
					t.Error(err)
					return
				}
				defer g.leave()
				mu.Lock()
				in++
				most = max(most, in)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				in--
				mu.Unlock()
			})
		}
		wg.Wait()
		if most != 3 || time.Since(start) != 7*time.Second {
			t.Errorf("at most %d were in, for %s; want 3, 7s", most, time.Since(start))
		}
	})
}

// TestGateOrder: first come, first served.
func TestGateOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGates().of("a", "events", 1)
		if err := g.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		var order []int
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				if err := g.enter(t.Context()); err != nil {
					t.Error(err)
					return
				}
				order = append(order, i)
				g.leave()
			})
			synctest.Wait() // it stands in the queue
		}
		g.leave()
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
	g := NewGates().of("a", "events", 1)
	for range 200 {
		if err := g.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			switch err := g.enter(ctx); {
			case err == nil:
				g.leave()
			case !errors.Is(err, context.Canceled):
				t.Error(err)
			}
		})
		wg.Go(cancel)
		wg.Go(g.leave)
		wg.Wait()
	}
	if g.taken != 0 || len(g.queue) != 0 {
		t.Errorf("%d slots taken, %d in the queue, want none", g.taken, len(g.queue))
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

package clevertap

import (
	"context"
	"sync"
)

// Gates hold back calls beyond what an account may have in flight on one API:
// one gate per account and API, for all the Sources that share them.
type Gates struct {
	mu    sync.Mutex
	gates map[string]*gate
}

// NewGates returns gates for a process.
func NewGates() *Gates { return &Gates{gates: map[string]*gate{}} }

// of returns the gate of the account's API. When Sources want different
// numbers of slots the smallest counts.
func (g *Gates) of(account, api string, slots int) *gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := account + "\x00" + api
	if g.gates[key] == nil {
		g.gates[key] = &gate{slots: slots}
	}
	g.gates[key].limit(slots)
	return g.gates[key]
}

// A gate lets slots callers in, first come first served.
type gate struct {
	mu    sync.Mutex
	slots int
	taken int
	queue []chan struct{}
}

func (g *gate) limit(slots int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.slots = min(g.slots, slots)
}

// enter waits for a slot. Whoever gets nil calls leave.
func (g *gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.mu.Lock()
	if g.taken < g.slots && len(g.queue) == 0 {
		g.taken++
		g.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	g.queue = append(g.queue, turn)
	g.mu.Unlock()

	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		g.giveUp(turn)
		return ctx.Err()
	}
}

// giveUp leaves the queue, or hands on a slot that came at the same moment.
func (g *gate) giveUp(turn chan struct{}) {
	g.mu.Lock()
	for i, t := range g.queue {
		if t == turn {
			g.queue = append(g.queue[:i], g.queue[i+1:]...)
			g.mu.Unlock()
			return
		}
	}
	g.mu.Unlock()
	g.leave()
}

// leave gives the slot to the next in the queue.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.queue) > 0 && g.taken <= g.slots {
		close(g.queue[0])
		g.queue = g.queue[1:]
		return
	}
	g.taken--
}

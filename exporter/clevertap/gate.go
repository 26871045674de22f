package clevertap

import (
	"context"
	"log/slog"
	"os"
	"sync"
)

// Gates hold back calls beyond what an account may have in flight on one API:
// one gate per account and API, for all the Sources that share them, and for
// those of other processes where they share a directory.
type Gates struct {
	dir string // of slot files; "" = this process alone
	log *slog.Logger

	mu    sync.Mutex
	gates map[string]*gate
}

// NewGates returns gates for this process alone.
func NewGates() *Gates {
	return &Gates{log: slog.New(slog.DiscardHandler), gates: map[string]*gate{}}
}

// SharedGates returns gates that count together with those of every process
// that uses the directory, which is made when it is needed. Where that does not
// work, it is logged, once, and the gates are this process's alone. A nil log
// says nothing.
func SharedGates(dir string, log *slog.Logger) *Gates {
	g := NewGates()
	g.dir = dir
	if log != nil {
		g.log = log
	}
	return g
}

// of returns the gate of the account's API. When Sources want different
// numbers of slots the smallest counts.
func (g *Gates) of(account, api string, slots int) *gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := account + "\x00" + api
	if g.gates[key] == nil {
		g.gates[key] = &gate{all: g, slots: slots, files: newSlotFiles(key)}
	}
	g.gates[key].limit(slots)
	return g.gates[key]
}

// place is where slot files are, "" when processes do not share them.
func (g *Gates) place() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.dir
}

// alone stops sharing, and says why the first time.
func (g *Gates) alone(why error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dir == "" {
		return
	}
	g.log.Warn("calls in flight are counted in this process alone: others of the same account may be in its way", "dir", g.dir, "err", why)
	g.dir = ""
}

// A gate lets slots callers in: those of this process first come, first served,
// and one of them at a time asks the other processes for a slot.
type gate struct {
	all   *Gates
	files *slotFiles

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

// enter waits for a slot. Whoever gets one calls leave when he is done.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	slots, err := g.line(ctx)
	if err != nil {
		return nil, err
	}
	var file *os.File
	if dir := g.all.place(); dir != "" {
		file, err = g.files.take(ctx, dir, slots)
		switch {
		case ctx.Err() != nil:
			closeSlot(file)
			g.leave()
			return nil, ctx.Err()
		case err != nil:
			g.all.alone(err)
		}
	}
	return func() {
		closeSlot(file)
		g.leave()
	}, nil
}

// line waits for a slot within this process and returns how many there are.
func (g *gate) line(ctx context.Context) (slots int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	g.mu.Lock()
	slots = g.slots
	if g.taken < g.slots && len(g.queue) == 0 {
		g.taken++
		g.mu.Unlock()
		return slots, nil
	}
	turn := make(chan struct{})
	g.queue = append(g.queue, turn)
	g.mu.Unlock()

	select {
	case <-turn:
		return slots, nil
	case <-ctx.Done():
		g.giveUp(turn)
		return 0, ctx.Err()
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

package loader

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// A roster hands the jobs of a run to its workers. Kinds of stream take turns,
// so that a long export of events does not keep counts waiting that take a
// second each.
//
// Jobs of one table begin in commit order. What is at work or done of a table
// is therefore the beginning of its queue, and nobody ever waits for a slice
// that has not begun.
type roster struct {
	mu     sync.Mutex
	groups []*group
	open   int // groups that have jobs left or at work
	turn   int
}

// A group holds the jobs of one kind of stream.
type group struct {
	jobs   []*job // not begun yet, in commit order
	atWork int
	last   int // the turn in which it last began one
	// room counts the shares of memory that its jobs may hold: all but one, as
	// long as there are others. Nil = no limit of its own.
	room *semaphore.Weighted
}

// newRoster sorts jobs, which are in commit order, into groups. A table that
// several kinds go into belongs to the first of them.
func newRoster(jobs []*job) *roster {
	r := &roster{}
	byKind, byTable := map[string]*group{}, map[string]*group{}
	for _, j := range jobs {
		g := byTable[j.t.table]
		if g == nil {
			g = byKind[j.t.stream.Kind]
		}
		if g == nil {
			g = &group{}
			r.groups = append(r.groups, g)
			byKind[j.t.stream.Kind] = g
		}
		byTable[j.t.table] = g
		j.group = g
		g.jobs = append(g.jobs, j)
	}
	if r.open = len(r.groups); r.open > 1 {
		for _, g := range r.groups {
			g.room = semaphore.NewWeighted(shares)
			g.room.TryAcquire(1) // for the others; see done
		}
	}
	return r
}

// next returns a job to begin, or nil when all have begun: one of the group that
// has the fewest at work; of several such, of the one whose turn was longest ago.
func (r *roster) next() *job {
	r.mu.Lock()
	defer r.mu.Unlock()
	var best *group
	for _, g := range r.groups {
		if len(g.jobs) == 0 {
			continue
		}
		if best == nil || g.atWork < best.atWork || g.atWork == best.atWork && g.last < best.last {
			best = g
		}
	}
	if best == nil {
		return nil
	}
	r.turn++
	best.last = r.turn
	best.atWork++
	j := best.jobs[0]
	best.jobs = best.jobs[1:]
	return j
}

// done takes a job back. The last group that has any gets all the memory.
func (r *roster) done(j *job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if j.group.atWork--; !j.group.over() {
		return
	}
	if r.open--; r.open != 1 {
		return
	}
	for _, g := range r.groups {
		if !g.over() {
			g.room.Release(1)
		}
	}
}

func (g *group) over() bool { return len(g.jobs) == 0 && g.atWork == 0 }

// take waits for one of the shares that the group may hold. Without that limit
// one kind could hold all there are for as long as its vendor takes to answer,
// and the others would have nothing to read into.
func (g *group) take(ctx context.Context) error {
	if g.room == nil {
		return nil
	}
	if err := g.room.Acquire(ctx, 1); err != nil {
		return context.Cause(ctx)
	}
	return nil
}

func (g *group) release() {
	if g.room != nil {
		g.room.Release(1)
	}
}

// room waits for a batch's share of the memory, and returns what gives it back.
func (s *stager) room(ctx context.Context) (release func(), err error) {
	if err := s.group.take(ctx); err != nil {
		return nil, err
	}
	held, err := s.l.budget.take(ctx, s.l.budget.share)
	if err != nil {
		s.group.release()
		return nil, err
	}
	return func() {
		s.l.budget.release(held)
		s.group.release()
	}, nil
}

package loader

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"tapline/warehouse"
)

// A line commits the loads of one table in slice order. Staging is parallel, so
// slices get ready in any order; whoever makes the next one ready commits it
// and all that are ready behind it.
//
// Where the warehouse is a Batcher, small loads that are ready one behind the
// other are loaded together. Each is fitted to the table in its turn all the
// same, and what would change the table, or has values that it cannot hold, waits
// until all before it are loaded: whether they are decides whether it may.
type line struct {
	mu     sync.Mutex
	queue  []*job
	busy   bool // somebody commits
	failed bool // a slice failed: later ones may no longer change the table's columns
	guess  *guess

	waiting []fitted // to be loaded together; of whoever is busy
}

// A fitted job has only to be loaded. Its slice was read and the table is able to hold it.
type fitted struct {
	job  *job
	fit  fit
	load warehouse.Load
}

const (
	// muchRows is from how many rows on a load takes long enough to tidy up before.
	muchRows = 500_000
	// What is loaded together is at most so many loads, which all come late to
	// people's eyes when one of them fails and each is loaded by itself; and so many
	// rows and bytes of parts, beyond which a load of its own costs little beside
	// what it moves.
	mostTogether  = 500
	rowsTogether  = muchRows
	bytesTogether = 64 << 20
)

// ready marks a job as staged or failed, and commits what can be committed now.
func (ln *line) ready(ctx context.Context, j *job, err error) {
	ln.mu.Lock()
	j.ready, j.err = true, err
	if ln.busy {
		ln.mu.Unlock()
		return
	}
	ln.busy = true
	for next := ln.next(); next != nil || len(ln.waiting) > 0; next = ln.next() {
		ln.mu.Unlock()
		if next != nil {
			ln.commit(ctx, next)
		} else {
			ln.load(ctx)
		}
		ln.mu.Lock()
	}
	ln.busy = false
	ln.mu.Unlock()
}

// next takes the first job from the queue, or returns nil if it is not ready.
// ln.mu is held.
func (ln *line) next() *job {
	if len(ln.queue) == 0 || !ln.queue[0].ready {
		return nil
	}
	next := ln.queue[0]
	ln.queue = ln.queue[1:]
	next.more = len(ln.queue) > 0 && ln.queue[0].ready && ln.queue[0].err == nil
	return next
}

// commit fits a job to its table, and loads it or has it wait for others.
func (ln *line) commit(ctx context.Context, j *job) {
	var f fitted
	if j.err == nil {
		f, j.err = j.prepare(ctx)
	}
	if j.err != nil {
		ln.load(ctx) // those before it come before it
		ln.conclude(ctx, j)
		return
	}
	joins := f.joins()
	if !joins || !ln.room(f.load) {
		ln.load(ctx)
	}
	ln.waiting = append(ln.waiting, f)
	if !joins {
		ln.load(ctx)
	}
}

// joins reports whether a load may go together with others.
func (f fitted) joins() bool {
	_, ok := f.job.l.cfg.Warehouse.(warehouse.Batcher)
	return ok && f.load.Mode == warehouse.Replace && f.load.Pulled == nil
}

// room reports whether one more load may go together with those that wait.
func (ln *line) room(more warehouse.Load) bool {
	rows, bytes := more.RowsRead, size(more)
	for _, f := range ln.waiting {
		rows, bytes = rows+f.load.RowsRead, bytes+size(f.load)
	}
	return len(ln.waiting) < mostTogether && rows <= rowsTogether && bytes <= bytesTogether
}

// size is that of all parts of a load, in bytes.
func size(l warehouse.Load) (n int64) {
	for _, parts := range [][]warehouse.Part{l.Parts, l.Quarantine} {
		for _, p := range parts {
			n += p.Size
		}
	}
	return n
}

// load loads the jobs that wait, and tells what became of each.
func (ln *line) load(ctx context.Context) {
	jobs := ln.waiting
	if ln.waiting = nil; len(jobs) == 0 {
		return
	}
	loads := make([]warehouse.Load, len(jobs))
	for i, f := range jobs {
		loads[i] = f.load
	}
	for i, o := range jobs[0].job.l.load(ctx, loads) {
		f := jobs[i]
		if f.job.err = o.Err; o.Err == nil {
			f.done(ctx, o.Receipt)
		}
		ln.conclude(ctx, f.job)
	}
}

// load loads several loads of one table together, or one.
func (l *Loader) load(ctx context.Context, loads []warehouse.Load) []warehouse.Outcome {
	if loads[0].RowsLoaded > muchRows {
		// What reading and staging held is not needed meanwhile; the warehouse's
		// library, which the collector does not see, has use for it.
		debug.FreeOSMemory()
		debug.FreeOSMemory() // pools let go only of what they did not use twice
	}
	began := time.Now()
	defer func() { l.spent(&l.loadTime, began) }()
	if b, ok := l.cfg.Warehouse.(warehouse.Batcher); ok && len(loads) > 1 {
		return b.LoadAll(ctx, loads)
	}
	r, err := l.cfg.Warehouse.Load(ctx, loads[0])
	return []warehouse.Outcome{{Receipt: r, Err: err}}
}

// conclude ends a job, loaded or not.
func (ln *line) conclude(ctx context.Context, j *job) {
	j.drop(ctx)
	j.l.finish(j)
	ln.mu.Lock()
	defer ln.mu.Unlock()
	// What never gives rows has nothing to decide for the table.
	ln.failed = ln.failed || j.err != nil && !passed(j.err)
}

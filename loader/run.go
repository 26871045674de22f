package loader

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/sourcegraph/conc/pool"

	"tapline/exporter"
	"tapline/loader/parquet"
	"tapline/warehouse"
)

// state is what a Loader works with beside its Config.
type state struct {
	shelf    shelf
	rules    []rules // by entry
	budget   *budget
	codec    parquet.Codec
	pages    *parquet.Pool
	parallel int // goroutines that encode one part
	stop     context.CancelCauseFunc
	mem      memory.Allocator
	log      *slog.Logger
	now      func() time.Time
	started  time.Time

	mu                                       sync.Mutex // guards what follows
	summary                                  Summary
	unready                                  map[string]*unready // by stream
	readTime, stageTime, shapeTime, loadTime time.Duration
}

const (
	defaultConcurrency = 4
	defaultMemory      = 256 << 20
)

func newLoader(cfg Config) (*Loader, error) {
	switch {
	case cfg.Pipeline == "" || cfg.Source == nil || cfg.Warehouse == nil || cfg.Stage == nil:
		return nil, errors.New("loader: pipeline, source, warehouse and stage are required")
	case cfg.Run == "":
		return nil, errors.New("loader: a run needs an id")
	}
	if cfg.Concurrency <= 0 {
		cfg.Concurrency = defaultConcurrency
	}
	if cfg.Memory <= 0 {
		cfg.Memory = defaultMemory
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	codec, err := parseCodec(cfg.Codec)
	if err != nil {
		return nil, err
	}
	l := &Loader{cfg: cfg, state: state{
		shelf: newShelf(cfg.Stage, cfg.Pipeline, cfg.Run), budget: newBudget(cfg.Memory),
		codec: codec, pages: new(parquet.Pool), parallel: 1, mem: memory.DefaultAllocator, log: cfg.Log.With("pipeline", cfg.Pipeline, "run", cfg.Run),
		now: cfg.Now, started: cfg.Now().Truncate(time.Microsecond), unready: map[string]*unready{},
	}}
	for _, t := range cfg.Targets {
		r, err := newRules(t.Columns)
		if err != nil {
			return nil, err
		}
		l.rules = append(l.rules, r)
	}
	return l, nil
}

func parseCodec(name string) (parquet.Codec, error) {
	switch name {
	case "", "zstd":
		return parquet.Zstd, nil
	case "snappy":
		return parquet.Snappy, nil
	}
	return "", fmt.Errorf("loader: codec %q: want zstd or snappy", name)
}

func (l *Loader) run(ctx context.Context) (Summary, error) {
	l.summary = Summary{Pipeline: l.cfg.Pipeline, Run: l.cfg.Run, Started: l.started}
	held, release, err := l.shelf.hold(ctx, l.cfg.Pipeline, l.now)
	if err != nil {
		return l.finished(), err
	}
	defer release()
	held, l.stop = context.WithCancelCause(held)
	defer l.stop(nil)
	w, err := l.plan(held)
	if err != nil {
		return l.finished(), err
	}
	if err := l.sweep(held, w); err != nil {
		return l.finished(), err
	}
	l.announce(w)
	files, err := l.seen(held, w)
	if err != nil {
		return l.finished(), err
	}
	l.work(held, w.due())
	files.done(context.WithoutCancel(held))
	s := l.finished()
	l.log.Info("run ends", "loads", len(s.Loads), "failures", len(s.Failures), "skipped", s.Skipped, "dur", s.Finished.Sub(s.Started).Round(time.Millisecond))
	return s, context.Cause(held)
}

// announce tells log and observer what is planned.
func (l *Loader) announce(w *work) {
	due := w.due()
	l.summary.Notices, l.summary.Late, l.summary.Failures = w.notices, w.late, w.failed
	for _, t := range w.tasks {
		if t.action == Wait {
			l.summary.Settling++
		}
	}
	l.summary.Skipped = len(w.tasks) - len(due) - l.summary.Settling
	l.log.Info("run starts", "slices", len(due), "skipped", l.summary.Skipped)
	l.observe(Event{Kind: Planned, Slices: len(due)})
	for _, n := range w.notices {
		l.log.Warn("stream gives no rows", "stream", n.Stream, "reason", n.Text)
		l.observe(Event{Kind: Noticed, Stream: n.Stream, Err: errors.New(n.Text)})
	}
	for _, f := range w.failed {
		l.observe(Event{Kind: Failed, Stream: f.Stream, Table: f.Table, Err: f.Err})
	}
}

// sweep removes what finished, stale or unwanted loads left on the stage.
func (l *Loader) sweep(ctx context.Context, w *work) error {
	for _, m := range w.debris {
		if err := l.shelf.remove(ctx, m); err != nil {
			return fmt.Errorf("loader: sweep: %w", err)
		}
	}
	if err := l.cfg.Stage.Remove(ctx, w.parts...); err != nil {
		return fmt.Errorf("loader: sweep: %w", err)
	}
	return nil
}

// work takes every task through the pool. Those of a table begin in commit
// order, so the slice that a table waits for is always among those at work.
func (l *Loader) work(ctx context.Context, tasks []*task) {
	lines := map[string]*line{}
	var jobs []*job
	for _, t := range tasks {
		ln := lines[t.table]
		if ln == nil {
			ln = &line{guess: newGuess(t, l.tableNow(ctx, t.table))}
			lines[t.table] = ln
		}
		j := &job{stager: &stager{l: l, t: t, guess: ln.guess}, line: ln}
		ln.queue = append(ln.queue, j)
		jobs = append(jobs, j)
	}
	// A slice alone may use both sides of a part's columns.
	if len(jobs) == 1 || l.cfg.Concurrency == 1 {
		l.parallel = 2
	}
	r := newRoster(jobs)
	workers := pool.New()
	for range min(l.cfg.Concurrency, len(jobs)) {
		workers.Go(func() {
			for ctx.Err() == nil {
				j := r.next()
				if j == nil {
					return
				}
				j.line.ready(ctx, j, j.read(ctx))
				r.done(j)
			}
		})
	}
	workers.Wait()
}

// tableNow describes a table for the first guess; what cannot be had is not guessed.
func (l *Loader) tableNow(ctx context.Context, name string) warehouse.Table {
	t, err := l.cfg.Warehouse.Table(ctx, name)
	if err != nil {
		return warehouse.Table{}
	}
	return t
}

// read takes a job from its beginning to a complete manifest.
func (j *job) read(ctx context.Context) (err error) {
	j.began = time.Now()
	if j.m, err = j.l.begin(ctx, j.t); err != nil {
		return err
	}
	j.named = time.Now()
	if j.t.found != nil {
		j.l.resumed()
	}
	j.l.observe(j.progress(Started))
	if err := j.stage(ctx); err != nil {
		return err
	}
	j.l.observe(j.progress(Staged))
	return nil
}

func (l *Loader) resumed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.summary.Resumed++
}

// loaded notes a finished load.
func (l *Loader) loaded(j *job, r warehouse.Receipt, f fit) {
	took := time.Since(j.began)
	l.log.Info("loaded", "stream", r.Stream, "slice", j.m.Slice, "table", r.Table, "rows", r.RowsLoaded,
		"quarantined", r.RowsQuarantined+r.CellsQuarantined, "bytes", r.BytesRead, "parts", len(j.m.Parts), "dur", took.Round(time.Millisecond))
	l.mu.Lock()
	l.summary.Loads = append(l.summary.Loads, LoadSummary{Receipt: r, Duration: took, Parts: len(j.m.Parts), NewTable: f.created, Changes: f.changes})
	l.mu.Unlock()
	e := j.progress(Loaded)
	e.Receipt = &r
	l.observe(e)
}

// finish notes a job that is not loaded, and why. What a stopped run did not
// get to is no failure.
func (l *Loader) finish(j *job) {
	kind := Failed
	switch {
	case j.err == nil, errors.Is(j.err, context.Canceled):
		return
	case errors.Is(j.err, ErrBusy):
		l.stop(j.err) // the one that loses stops, whole
		return
	case errors.Is(j.err, exporter.ErrNotExportable):
		l.passOver(j, j.t.stream.Name)
		return
	case errors.Is(j.err, exporter.ErrNotReady) && l.moreUnready(j):
		l.forget(j)
		return
	case passed(j.err):
		l.passOver(j, j.t.stream.Name+" "+j.t.slice.Name)
		return
	case errors.Is(j.err, ErrHeld):
		kind = Held
	case errors.Is(j.err, exporter.ErrContent):
		l.forget(j) // what came before the damage may be damaged as well
	}
	e := j.t.event(kind)
	e.Err = j.err
	l.mu.Lock()
	l.summary.Failures = append(l.summary.Failures, Failure{j.t.stream.Name, j.t.slice.Name, j.t.table, j.err})
	l.mu.Unlock()
	l.observe(e)
}

// passed reports whether err says that there is nothing to load, now or ever,
// which is no failure.
func passed(err error) bool {
	return errors.Is(err, exporter.ErrNotExportable) || errors.Is(err, exporter.ErrReplaced) || errors.Is(err, exporter.ErrNotReady)
}

// moreUnready counts a slice that is not there yet, and reports whether there
// was one of its stream before: a notice about the first is enough, and says at
// the end of the run how many more there are.
func (l *Loader) moreUnready(j *job) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.unready[j.t.stream.Name]
	if u == nil {
		l.unready[j.t.stream.Name] = &unready{about: j.t.stream.Name + " " + j.t.slice.Name}
		return false
	}
	u.more++
	return true
}

// unready are the slices of a stream that are not there yet.
type unready struct {
	about string // the first, as its notice has it
	more  int
}

// passOver turns the refusal of a stream, an object that was replaced while it
// was read, or content that is not there yet, into one notice about it, and
// clears the stage of the slice.
func (l *Loader) passOver(j *job, about string) {
	l.forget(j)
	l.mu.Lock()
	for _, n := range l.summary.Notices {
		if n.Stream == about {
			l.mu.Unlock()
			return
		}
	}
	l.summary.Notices = append(l.summary.Notices, Notice{about, j.err.Error()})
	l.mu.Unlock()
	e := j.t.event(Noticed)
	e.Err = j.err
	l.observe(e)
}

// forget clears the stage of a job's slice: it is read from its start again.
func (l *Loader) forget(j *job) {
	if j.m == nil {
		return
	}
	if err := l.shelf.remove(context.Background(), j.m); err != nil {
		l.log.Warn("staged parts stay behind", "stream", j.m.Stream, "slice", j.m.Slice, "err", err)
	}
}

func (l *Loader) finished() Summary {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.summary
	s.Finished = l.now()
	s.Notices = slices.Clone(s.Notices)
	for _, u := range l.unready {
		if i := slices.IndexFunc(s.Notices, func(n Notice) bool { return n.Stream == u.about }); i >= 0 && u.more > 0 {
			s.Notices[i].Text += fmt.Sprintf("; so it is with %d more", u.more)
		}
	}
	s.ReadTime, s.StageTime, s.ShapeTime, s.LoadTime = l.readTime, l.stageTime, l.shapeTime, l.loadTime
	return s
}

func (l *Loader) observe(e Event) {
	if l.cfg.Observe == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cfg.Observe(e)
}

func (t *task) event(kind EventKind) Event {
	return Event{Kind: kind, Stream: t.stream.Name, Slice: t.slice.Name, Table: t.table}
}

// spent adds the time since began to one of the run's sums.
func (l *Loader) spent(sum *time.Duration, began time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*sum += time.Since(began)
}

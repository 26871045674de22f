package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"tapline/loader"
)

// A progress shows a line per stream while a run goes on: slices done, rows,
// rate. It is silent unless a person watches stderr.
type progress struct {
	bars *mpb.Progress // nil = silent

	mu    sync.Mutex
	lines map[string]*progressLine
}

type progressLine struct {
	bar     *mpb.Bar
	rows    map[string]int64 // by slice
	started time.Time

	// Read while the line is drawn, which must not wait for anybody.
	total, done atomic.Int64
	failed      atomic.Bool
}

// newProgress draws for a person at a terminal, unless log lines would get in
// between.
func (a *app) newProgress() *progress {
	p := &progress{lines: map[string]*progressLine{}}
	if a.terminal.err && !a.flags.noProgress && !a.flags.quiet && !a.log.Enabled(context.Background(), slog.LevelInfo) {
		p.bars = mpb.New(mpb.WithOutput(a.console), mpb.WithAutoRefresh(), mpb.WithRefreshRate(150*time.Millisecond))
	}
	return p
}

// begin forgets the lines of the pipeline before.
func (p *progress) begin(string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.close()
	p.lines = map[string]*progressLine{}
}

// event takes in what the loader tells. It does not block.
func (p *progress) event(e loader.Event) {
	if p.bars == nil || e.Stream == "" || e.Kind == loader.Noticed {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lines[e.Stream]
	if l == nil {
		l = &progressLine{rows: map[string]int64{}, started: time.Now()}
		p.lines[e.Stream] = l
		l.bar = p.bars.New(0, mpb.NopStyle(), mpb.PrependDecorators(
			decor.Name(printable(e.Stream), decor.WCSyncSpaceR),
			decor.Any(func(decor.Statistics) string { return l.describe() }),
		))
	}
	l.total.Add(e.Rows - l.rows[e.Slice])
	l.rows[e.Slice] = e.Rows
	switch e.Kind {
	case loader.Loaded:
		l.done.Add(1)
	case loader.Failed, loader.Held:
		l.failed.Store(true)
	}
}

func (l *progressLine) describe() string {
	total := l.total.Load()
	s := fmt.Sprintf("%s  %s rows", plural(l.done.Load(), "slice"), count(total))
	if seconds := time.Since(l.started).Seconds(); seconds >= 1 {
		s += fmt.Sprintf("  %s rows/s", count(int64(float64(total)/seconds)))
	}
	if l.failed.Load() {
		s += "  FAIL"
	}
	return s
}

// stop ends the lines, so that what is printed next stands below them.
func (p *progress) stop() {
	if p.bars == nil {
		return
	}
	p.mu.Lock()
	p.close()
	bars := p.bars
	p.bars = nil
	p.mu.Unlock()
	bars.Wait()
}

func (p *progress) close() {
	for _, l := range p.lines {
		l.bar.Abort(false)
	}
}

package main

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"tapline/config"
	"tapline/loader"
	"tapline/warehouse"
)

func newRun(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "run [PIPELINE...]", Short: "Load what is due",
		Long: `run reads the slices that are not loaded yet and those within lookback, and loads
them. Without a name it runs all pipelines, one after the other. Running it again
after anything, a crash too, goes on where it stopped. At the end it makes the views
of the warehouses that it loaded into.`,
		Example: `  tapline run
  tapline run orders --since 2026-09-01 --until 2026-09-08
  tapline run -q                 # in cron: prints failures only`,
	}
	var when windowFlags
	var dry bool
	var wait time.Duration
	when.add(cmd)
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would be done, and do nothing")
	cmd.Flags().DurationVar(&wait, "wait-lock", 0, "how long to wait for another run of the pipeline, such as 10m")
	concurrencyFlag(cmd)
	cmd.RunE = a.does(func(ctx context.Context, args []string) (view, error) {
		p, err := a.project(cmd)
		if err != nil {
			return nil, err
		}
		if dry {
			return p.plan(ctx, args, when, true)
		}
		return p.run(ctx, args, runOptions{command: "run", window: when, wait: wait})
	})
	return cmd
}

// runOptions say how pipelines are run.
type runOptions struct {
	command string
	window  windowFlags
	wait    time.Duration
	reread  bool
}

// run runs the pipelines selected, one after the other. What befalls one does
// not keep the next from running, unless nothing can be written or somebody
// wants it all to stop.
func (p *project) run(ctx context.Context, names []string, o runOptions) (*runResult, error) {
	result := &runResult{Pipelines: []pipelineResult{}, Views: []viewResult{}}
	pipelines, err := p.selected(names)
	if err != nil {
		return result, err
	}
	if err := o.window.check(); err != nil {
		return result, err
	}
	progress := p.a.newProgress()
	defer progress.stop()
	var errs []error
	finishing := newFinishing()
	for _, pl := range pipelines {
		r, err := p.runOne(ctx, pl, o, progress)
		if r != nil {
			result.Pipelines = append(result.Pipelines, *r)
			finishing.add(ctx, pl.To, err, len(r.Loads))
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	progress.stop()
	views, viewErrs := p.finish(ctx, finishing)
	result.Views = views
	return result, together(append(errs, viewErrs...))
}

// runOne runs a pipeline. The result is nil when no run began, because the
// configuration does not let it.
func (p *project) runOne(ctx context.Context, pl config.Pipeline, o runOptions, progress *progress) (*pipelineResult, error) {
	f, err := p.open(ctx, pl)
	if err != nil {
		return nil, err
	}
	defer p.a.closing(f)
	p.limitMemory()
	cfg := f.config
	cfg.Run, cfg.Reread = newRunID(time.Now()), o.reread
	o.window.apply(&cfg)
	if _, err := loader.New(cfg); err != nil {
		return nil, err
	}
	r := &pipelineResult{Pipeline: pl.Name, Run: cfg.Run, StartedAt: p.now().UTC(), verbose: p.a.flags.verbose > 0}
	diary := p.diary(ctx, r.Run, pl.Name, o.command)
	defer diary.close()
	cfg.Observe = func(e loader.Event) {
		progress.event(e)
		diary.event(e)
	}
	progress.begin(pl.Name)
	summary, err := runWaiting(ctx, cfg, o.wait)
	if err == nil && len(summary.Failures) > 0 {
		err = &runError{pipeline: pl.Name, failures: summary.Failures, loaded: len(summary.Loads), there: summary.Skipped}
	}
	if err == nil && len(summary.Late) > 0 {
		err = lateError{pl.Name, summary.Late}
	}
	if !p.hasViews(pl.To) && publishes(ctx, err, len(summary.Loads)) {
		err = published(ctx, f.warehouse, err)
	}
	if ctx.Err() != nil && err != nil {
		err = interruptedError{err}
	}
	for _, n := range summary.Notices {
		p.a.warn(n.Stream + ": " + n.Text)
	}
	for _, n := range summary.Late {
		p.a.warn("late: " + n.Stream + ": " + n.Text)
	}
	diary.finish(summary, err)
	r.ended(summary, err, p.a)
	r.Usage = usageOf(f.source)
	return r, err
}

// limitMemory has the garbage collector keep this process near the memory that
// the settings allow. Most of what a run holds are large buffers that are used
// again, so that it costs little to collect often.
func (p *project) limitMemory() {
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(int64(p.cfg.Settings.Memory) * 5 / 8)
}

// runWaiting runs, and when another run holds the pipeline tries again until
// the time is over.
func runWaiting(ctx context.Context, cfg loader.Config, wait time.Duration) (loader.Summary, error) {
	until := time.Now().Add(wait)
	for {
		l, err := loader.New(cfg)
		if err != nil {
			return loader.Summary{}, err
		}
		summary, err := l.Run(ctx)
		left := time.Until(until)
		if !errors.Is(err, loader.ErrBusy) || left <= 0 {
			return summary, err
		}
		timer := time.NewTimer(min(left, time.Second))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return summary, context.Cause(ctx)
		}
	}
}

// publishes reports whether readers outside should see the warehouse as it is
// after a run. A run with nothing to do publishes too: the copy may be new in
// the configuration, or be stale. One that did nothing because it may not, or
// because the warehouse is another's, does not.
func publishes(ctx context.Context, err error, loads int) bool {
	if loads > 0 || err == nil {
		return true
	}
	code := exitCode(err)
	return ctx.Err() == nil && code != exitUsage && code != exitBusy && !errors.Is(err, warehouse.ErrLocked)
}

// published lets readers outside see what was loaded. A run that was stopped
// publishes too: what is loaded is whole.
func published(ctx context.Context, w warehouse.Warehouse, before error) error {
	pub, ok := w.(warehouse.Publisher)
	if !ok {
		return before
	}
	if err := pub.Publish(context.WithoutCancel(ctx)); err != nil && before == nil {
		return err
	}
	return before
}

package main

import (
	"context"

	"tapline/loader"
)

// A diary writes one run into the history. When that fails the run goes on: it
// says so once, as a warning, and writes no more.
type diary struct {
	a   *app
	ctx context.Context //nolint:containedctx // the run's, without its end: how it ended is written too
	h   *history
	run string
}

func (p *project) diary(ctx context.Context, run, pipeline, command string) *diary {
	d := &diary{a: p.a, ctx: context.WithoutCancel(ctx), run: run}
	h, err := openHistory(d.ctx, p.cfg.Settings.State)
	if err != nil {
		d.a.warn("the run history is not written: " + err.Error())
		return d
	}
	d.h = h
	d.try(wrapHistory("begin", func() error { return h.begin(d.ctx, run, pipeline, command) }))
	return d
}

func (d *diary) event(e loader.Event) {
	if d.h != nil {
		d.try(wrapHistory("slice", func() error { return d.h.slice(d.ctx, d.run, e, d.a.redact) }))
	}
}

func (d *diary) finish(s loader.Summary, failed error) {
	if d.h != nil {
		d.try(wrapHistory("finish", func() error { return d.h.finish(d.ctx, d.run, s, failed, d.a.redact) }))
	}
}

func (d *diary) try(write func() error) {
	if err := write(); err != nil {
		d.a.warn("the run history is not written: " + err.Error())
		d.close()
	}
}

func (d *diary) close() {
	if d.h == nil {
		return
	}
	if err := d.h.close(); err != nil {
		d.a.warn("the run history: " + err.Error())
	}
	d.h = nil
}

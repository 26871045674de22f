package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tapline/config"
	"tapline/exporter"
	"tapline/warehouse"
)

func newCheck(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "check [PIPELINE...]", Short: "Does everything that a run needs answer?",
		Long: `check reads the configuration, looks up the secrets, asks every source and
warehouse that the pipelines use, and tries whether stage and state can be written.
It reads no rows and changes nothing.`,
	}
	cmd.RunE = a.does(func(ctx context.Context, args []string) (view, error) {
		p, err := a.project(cmd)
		if err != nil {
			return nil, err
		}
		pipelines, err := p.selected(args)
		if err != nil {
			return nil, err
		}
		var f findings
		f.add(good("config "+p.cfg.Path, plural(int64(len(p.cfg.Pipelines)), "pipeline")))
		p.checkEnds(ctx, &f, pipelines)
		f.add(p.checkStage(ctx))
		f.add(p.checkState(ctx))
		return f, f.failed(errCheck)
	})
	return cmd
}

// checkEnds asks each connection that the pipelines use, once.
func (p *project) checkEnds(ctx context.Context, f *findings, pipelines []config.Pipeline) {
	asked := map[string]bool{}
	for _, pl := range pipelines {
		what := "source " + pl.From
		f.add(p.checkSource(ctx, what, pl))
		if !asked[pl.To] {
			asked[pl.To] = true
			f.add(p.checkWarehouse(ctx, pl.To))
		}
		if _, err := p.loaderConfig(pl); err != nil {
			f.add(p.a.bad("pipeline "+pl.Name, err))
		}
	}
}

// checkSource asks the source whether it answers, and whether it has the
// streams that the pipeline wants.
func (p *project) checkSource(ctx context.Context, what string, pl config.Pipeline) finding {
	s, err := p.source(ctx, pl, 0)
	if err != nil {
		return p.a.bad(what, err)
	}
	defer p.closeSource(s)
	if c, ok := s.(exporter.Checker); ok {
		if err := c.Check(ctx); err != nil {
			return p.a.bad(what, err)
		}
	}
	streams, err := s.Streams(ctx)
	if err != nil {
		return p.a.bad(what, err)
	}
	return good(what, fmt.Sprintf("answers; pipeline %s has %s", pl.Name, plural(int64(len(streams)), "stream")))
}

func (p *project) checkWarehouse(ctx context.Context, name string) finding {
	what := "warehouse " + name
	err := p.inWarehouse(name, func(w warehouse.Warehouse) error {
		if c, ok := w.(warehouse.Checker); ok {
			return c.Check(ctx)
		}
		return nil
	})
	if err != nil {
		return p.a.bad(what, err)
	}
	return good(what, "answers")
}

// checkState opens the history. A run would only warn, so this does too.
func (p *project) checkState(ctx context.Context) finding {
	h, err := openHistory(ctx, p.cfg.Settings.State)
	if err == nil {
		err = h.close()
	}
	if err != nil {
		f := p.a.bad("state", err)
		f.Status, f.Detail = findingWarn, f.Detail+"; runs go on without history"
		return f
	}
	return good("state", p.cfg.Settings.State+" is writable")
}

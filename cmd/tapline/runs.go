package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

func newRuns(a *app) *cobra.Command {
	list := &cobra.Command{Use: "list", Short: "The newest runs", Args: cobra.NoArgs}
	limit := list.Flags().Int("limit", 20, "how many runs to show")
	pipeline := list.Flags().String("pipeline", "", "of this pipeline only")
	list.RunE = a.does(func(ctx context.Context, _ []string) (view, error) {
		return a.withHistory(ctx, list, func(h *history) (view, error) {
			found, err := h.list(ctx, *pipeline, *limit)
			return runsList{found}, err
		})
	})
	show := &cobra.Command{Use: "show RUN", Short: "What became of the slices of a run", Args: cobra.ExactArgs(1)}
	show.RunE = a.does(func(ctx context.Context, args []string) (view, error) {
		return a.withHistory(ctx, show, func(h *history) (view, error) {
			r, err := h.find(ctx, args[0])
			if err != nil {
				return nil, err
			}
			slices, err := h.slices(ctx, r.ID)
			return runShown{r, slices}, err
		})
	})
	return listing("runs", "The history of runs on this machine", list, show)
}

// withHistory opens the history, in which runs whose processes are gone are
// marked first.
func (a *app) withHistory(ctx context.Context, cmd *cobra.Command, do func(*history) (view, error)) (_ view, err error) {
	p, err := a.project(cmd)
	if err != nil {
		return nil, err
	}
	h, err := openHistory(ctx, p.cfg.Settings.State)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closeErr := h.close(); err == nil {
			err = closeErr
		}
	}()
	if err := h.interrupted(ctx); err != nil {
		return nil, err
	}
	return do(h)
}

type runsList struct {
	Runs []record `json:"runs"`
}

// Text implements view.
func (l runsList) Text(p *printer) {
	if len(l.Runs) == 0 {
		p.line("no runs yet")
		return
	}
	t := &table{heads: []string{"run", "pipeline", "command", "status", clockHead("started"), "took", ">loads", ">rows", ">quarantined", "code"}}
	for _, r := range l.Runs {
		t.add(r.ID, r.Pipeline, r.Command, r.Status, minute(r.StartedAt), r.took(), count(r.Loads), count(r.Rows), count(r.Quarantined), r.Code)
	}
	p.table(t)
}

func (r record) took() string {
	if r.FinishedAt == nil || r.Status == statusInterrupted {
		return ""
	}
	return r.FinishedAt.Sub(r.StartedAt).Round(10 * time.Millisecond).String()
}

// clock is a time for people: in their zone, which it names.
func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 -07:00") }

// minute is clock for a column of a table, whose head is clockHead.
func minute(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

func clockHead(word string) string { return word + " (" + time.Now().Local().Format("-07:00") + ")" }

type runShown struct {
	record
	Slices []sliceRecord `json:"slices"`
}

// Text implements view.
func (r runShown) Text(p *printer) {
	p.line("run       %s", r.ID)
	p.line("pipeline  %s (%s)", r.Pipeline, r.Command)
	p.line("status    %s", r.Status)
	p.line("started   %s%s", clock(r.StartedAt), prefixed("  took ", r.took()))
	if r.Code != "" {
		p.line("error     %s: %s", r.Code, r.Message)
	}
	t := &table{heads: []string{"stream", "slice", "table", "status", ">rows", ">quarantined", "error"}}
	for _, s := range r.Slices {
		t.add(s.Stream, s.Slice, s.Table, s.Status, count(s.Rows), count(s.Quarantined), s.Code)
	}
	if len(t.rows) > 0 {
		p.table(t)
	}
}

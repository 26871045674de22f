package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tapline/loader"
	"tapline/warehouse"
)

func newPlan(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "plan [PIPELINE...]", Short: "What would run do?",
		Long: `plan says which tables and columns would be made, which slices read and which
skipped. It writes nothing. To tell new columns it reads the first page of each
stream that has something due; --no-sample leaves that out. It does not read files
that the warehouse reads itself (via:), whose columns the run is the first to see.
Where the warehouse charges by the job, plan also says which jobs there would be,
how many bytes they would load and read as far as that is known, and what they
would cost.`,
	}
	var when windowFlags
	var noSample, detailed bool
	when.add(cmd)
	cmd.Flags().BoolVar(&noSample, "no-sample", false, "read nothing from the source; new columns stay unknown")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 6 when a run would do something")
	cmd.RunE = a.does(func(ctx context.Context, args []string) (view, error) {
		p, err := a.project(cmd)
		if err != nil {
			return nil, err
		}
		v, err := p.plan(ctx, args, when, !noSample)
		if err == nil && detailed && v.pending() {
			a.status = exitChanges
		}
		return v, err
	})
	return cmd
}

// plan asks each pipeline's loader what it would do.
func (p *project) plan(ctx context.Context, names []string, when windowFlags, sample bool) (*planResult, error) {
	result := &planResult{Pipelines: []planned{}, failed: true}
	pipelines, err := p.selected(names)
	if err != nil {
		return result, err
	}
	if err := when.check(); err != nil {
		return result, err
	}
	var errs []error
	for _, pl := range pipelines {
		f, err := p.open(ctx, pl)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		cfg := f.config
		cfg.Run = newRunID(time.Now())
		when.apply(&cfg)
		one, err := p.planOne(ctx, f, cfg, sample)
		p.a.closing(f)
		if err != nil {
			errs = append(errs, err)
		}
		if one.Pipeline != "" {
			result.Pipelines = append(result.Pipelines, one)
		}
	}
	err = together(errs)
	result.failed = err != nil
	return result, err
}

func (p *project) planOne(ctx context.Context, f *flow, cfg loader.Config, sample bool) (planned, error) {
	l, err := loader.New(cfg)
	if err != nil {
		return planned{}, err
	}
	plan, err := l.Plan(ctx, sample)
	if err != nil {
		return planned{}, err
	}
	one := newPlanned(plan)
	if one.Estimate, err = p.estimate(ctx, f.estimator, plan.Loads); err != nil {
		return planned{}, err
	}
	if len(plan.Failures) > 0 {
		return one, &runError{pipeline: plan.Pipeline, failures: plan.Failures, there: len(plan.Tables)}
	}
	return one, nil
}

// planResult is the result of plan.
type planResult struct {
	Pipelines []planned `json:"pipelines"`

	failed bool // something is not planned
}

type planned struct {
	Pipeline string         `json:"pipeline"`
	Since    string         `json:"since,omitempty"`
	Until    string         `json:"until,omitempty"`
	Pending  bool           `json:"pending"`
	Tables   []plannedTable `json:"tables"`
	Notices  []string       `json:"notices"`
	Late     []string       `json:"late"`    // what should have come and did not
	Ignored  int            `json:"ignored"` // objects that match and are never read
	Estimate *estimated     `json:"estimate,omitempty"`
}

type plannedTable struct {
	Table      string         `json:"table"`
	Mode       string         `json:"mode"`
	Exists     bool           `json:"exists"`
	NewColumns []columnResult `json:"newColumns"`
	Unseen     bool           `json:"columnsUnseen"` // the warehouse reads files itself: the run sees their columns first
	Slices     []plannedSlice `json:"slices"`

	columns int
}

type plannedSlice struct {
	Stream string `json:"stream"`
	Slice  string `json:"slice"`
	Action string `json:"action"`
	Why    string `json:"why,omitempty"`
}

// A columnResult is a column as people and programs are told of it.
type columnResult struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Source string `json:"source,omitempty"` // the vendor's name
}

func columnResults(columns []warehouse.Column) []columnResult {
	all := []columnResult{}
	for _, c := range columns {
		all = append(all, columnResult{Name: c.Name, Type: warehouse.TypeName(c.Type), Source: c.Source})
	}
	return all
}

func newPlanned(plan loader.Plan) planned {
	r := planned{Pipeline: plan.Pipeline, Since: plan.Window.Since.String(), Until: plan.Window.Until.String(),
		Pending: plan.Pending(), Tables: []plannedTable{}, Notices: []string{}, Late: []string{}, Ignored: plan.Ignored}
	for _, n := range plan.Late {
		r.Late = append(r.Late, n.Stream+": "+n.Text)
	}
	for _, n := range plan.Notices {
		r.Notices = append(r.Notices, n.Stream+": "+n.Text)
	}
	for _, t := range plan.Tables {
		pt := plannedTable{Table: t.Table, Mode: string(t.Mode), Exists: t.Exists, Unseen: t.Unseen,
			NewColumns: columnResults(t.New), Slices: []plannedSlice{}, columns: len(t.Columns)}
		for _, s := range t.Slices {
			pt.Slices = append(pt.Slices, plannedSlice{Stream: s.Stream, Slice: s.Slice, Action: string(s.Action), Why: s.Why})
		}
		r.Tables = append(r.Tables, pt)
	}
	return r
}

func (r *planResult) pending() bool {
	for _, p := range r.Pipelines {
		if p.Pending {
			return true
		}
	}
	return false
}

// Text implements view.
func (r *planResult) Text(p *printer) {
	for _, pl := range r.Pipelines {
		p.line("%s  %s", pl.Pipeline, days(pl.Since, pl.Until))
		for _, n := range pl.Notices {
			p.line("  ! %s", n)
		}
		for _, n := range pl.Late {
			p.line("  ! late: %s", n)
		}
		for _, t := range pl.Tables {
			t.text(p)
		}
		if pl.Ignored > 0 {
			p.line("  = ignored: %s that match", plural(int64(pl.Ignored), "object"))
		}
		pl.Estimate.text(p)
		if !pl.Pending {
			p.line("  = nothing to do")
		}
	}
	if !r.failed {
		p.line("no changes made")
	}
}

func (t plannedTable) text(p *printer) {
	const unseen = " are known when the warehouse has read the files"
	switch {
	case !t.Exists && t.Unseen:
		p.line("  + create table %s, whose columns%s", t.Table, unseen)
	case !t.Exists:
		p.line("  + create table %s%s", t.Table, prefixed(" ", columnCount(t.columns)))
	}
	for _, c := range t.NewColumns {
		if t.Exists {
			p.line("  ~ add column %s.%s %s", t.Table, c.Name, c.Type)
		}
	}
	if t.Unseen && t.Exists {
		p.line("  ~ new columns of %s%s", t.Table, unseen)
	}
	for _, run := range runsOf(t.Slices) {
		sign := ">"
		if !loader.Action(run.action).Due() {
			sign = "="
		}
		p.line("  %s %s %s: %s  %s%s", sign, run.action, t.Table, run.stream, run.slices(), prefixed("  ", run.why))
	}
}

func columnCount(n int) string {
	if n == 0 {
		return ""
	}
	return "(" + plural(int64(n), "column") + ")"
}

// A sliceRun is neighbouring slices of a stream of which the same is said.
type sliceRun struct {
	stream, action, why, first, last string
	n                                int64
}

func (r sliceRun) slices() string {
	switch r.n {
	case 1:
		return r.first
	case 2:
		return r.first + ", " + r.last
	}
	return fmt.Sprintf("%s .. %s (%s)", r.first, r.last, plural(r.n, "slice"))
}

func runsOf(slices []plannedSlice) []sliceRun {
	var runs []sliceRun
	last := map[string]int{} // by stream: the run it is in
	for _, s := range slices {
		i, ok := last[s.Stream]
		if ok && runs[i].action == s.Action && runs[i].why == s.Why {
			runs[i].last = s.Slice
			runs[i].n++
			continue
		}
		last[s.Stream] = len(runs)
		runs = append(runs, sliceRun{stream: s.Stream, action: s.Action, why: s.Why, first: s.Slice, last: s.Slice, n: 1})
	}
	return runs
}

func days(since, until string) string {
	var parts []string
	if since != "" {
		parts = append(parts, "from "+since)
	}
	if until != "" {
		parts = append(parts, "before "+until)
	}
	return strings.Join(parts, " ")
}

package loader

import (
	"context"
	"errors"
	"time"

	"tapline/exporter"
	"tapline/warehouse"
)

func (l *Loader) planForPeople(ctx context.Context, sample bool) (Plan, error) {
	w, err := l.plan(ctx)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Pipeline: l.cfg.Pipeline, Window: w.window, Notices: w.notices, Late: w.late, Ignored: len(w.ignored), Failures: w.failed}
	index := map[string]int{}
	sampled := map[string]map[string]exporter.Kinds{} // table -> vendor column -> kinds
	seen := map[string]bool{}                         // streams that were sampled
	for _, t := range w.tasks {
		i, known := index[t.table]
		if !known {
			i = len(p.Tables)
			index[t.table] = i
			p.Tables = append(p.Tables, TablePlan{Table: t.table, Mode: t.mode()})
			sampled[t.table] = map[string]exporter.Kinds{}
		}
		p.Tables[i].Slices = append(p.Tables[i].Slices, SlicePlan{t.stream.Name, t.slice.Name, t.action, t.why})
		if !t.action.Due() {
			continue
		}
		p.Tables[i].Unseen = p.Tables[i].Unseen || t.pulls()
		if !seen[t.stream.Name] {
			seen[t.stream.Name] = true
			err := l.look(ctx, t, sample, sampled[t.table])
			if err != nil && !passed(err) && whole(ctx, err) {
				return Plan{}, err
			}
			p.note(t, err)
		}
	}
	fits := make([]fit, len(p.Tables))
	for _, t := range w.tasks {
		i := index[t.table]
		if err := l.describe(ctx, t, &p.Tables[i], &fits[i], sampled[t.table]); err != nil {
			return Plan{}, err
		}
		if t.action.Due() {
			p.Loads = append(p.Loads, l.expected(t, fits[i]))
		}
	}
	return p, nil
}

// note notes what came of looking at a slice.
func (p *Plan) note(t *task, err error) {
	switch {
	case passed(err):
		p.Notices = append(p.Notices, Notice{t.stream.Name, err.Error()})
	case err != nil:
		p.Failures = append(p.Failures, Failure{t.stream.Name, t.slice.Name, t.table, err})
	}
}

// expected is what is known of the task's load before it is made.
func (l *Loader) expected(t *task, f fit) warehouse.Expected {
	x := warehouse.Expected{
		Pipeline: l.cfg.Pipeline, Table: t.table, Stream: t.stream.Name, Slice: l.sliceID(t.stream.Name, t.slice.Name),
		Mode: t.mode(), Partitioned: t.partitioned(), Bytes: -1,
	}
	if !t.slice.Day.IsZero() {
		x.Day = t.slice.Day.Start(time.UTC)
	}
	// A key that is in no column yet is the run's to complain of.
	x.Key, _ = mergeKey(t, f)
	o := t.slice.Object
	switch {
	case t.found != nil && t.found.Complete:
		x.Parts, x.Bytes = t.found.staged()
	case o != nil:
		x.Bytes = o.Size
	}
	if t.pulls() && o != nil {
		x.Pull, x.Format, x.Packing = true, o.Format, o.Packing
	}
	return x
}

// pulls reports whether the warehouse is to read the slice itself: one that an
// earlier run began to read here is gone on with here.
func (t *task) pulls() bool {
	return t.target.Pull && (t.found == nil || len(t.found.Parts) == 0 && !t.found.Complete)
}

// look samples a slice that is read here, if it may. Of one that the warehouse
// reads it says what a run would refuse before anything is read.
func (l *Loader) look(ctx context.Context, t *task, sample bool, kinds map[string]exporter.Kinds) error {
	if t.pulls() {
		where, puller, err := l.ends(t)
		if err != nil || !sample {
			return err
		}
		at, err := where.Locate(ctx, t.slice)
		if err != nil {
			return err
		}
		return puller.Pullable(objectAt(at))
	}
	if !sample {
		return nil
	}
	return l.sample(ctx, t, kinds)
}

// sample unites the kinds of the slice's first batch into kinds.
func (l *Loader) sample(ctx context.Context, t *task, kinds map[string]exporter.Kinds) error {
	if t.found != nil {
		for source, k := range t.found.kinds() {
			kinds[source] |= k
		}
		return nil
	}
	for b, err := range l.cfg.Source.Read(ctx, t.slice, "") {
		if err != nil {
			return err
		}
		if b.Record == nil {
			continue
		}
		for i, f := range b.Record.Schema().Fields() {
			if !t.rules.by[f.Name].Drop {
				kinds[f.Name] |= b.Kinds[i]
			}
		}
		break
	}
	return nil
}

// describe fills in the table as it is and the columns that the sample adds,
// once a table, and how the columns fit.
func (l *Loader) describe(ctx context.Context, t *task, p *TablePlan, f *fit, kinds map[string]exporter.Kinds) error {
	if p.Columns != nil || p.Exists {
		return nil
	}
	have, err := l.cfg.Warehouse.Table(ctx, t.table)
	if err != nil && !errors.Is(err, warehouse.ErrNotExist) {
		return err
	}
	p.Exists = err == nil
	if *f, err = shape(t, have, p.Exists, kinds, nil); err != nil {
		return err
	}
	p.Columns = have.Columns
	for _, c := range f.columns {
		if c.fresh && !c.frozen {
			p.New = append(p.New, warehouse.Column{Name: c.name, Type: c.typ, Source: c.source})
		}
	}
	if !p.Exists {
		p.Columns = f.table.Columns
	}
	return nil
}

// partitioned is Load.Partitioned of the task's load.
func (t *task) partitioned() bool {
	return t.sole && !t.slice.Day.IsZero() && t.mode() == warehouse.Replace && t.stream.Partition != ""
}

func (t *task) mode() warehouse.Mode {
	if t.target.Mode == "" {
		return warehouse.Replace
	}
	return t.target.Mode
}

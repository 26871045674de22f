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
		if sample && t.action.Due() && !seen[t.stream.Name] {
			seen[t.stream.Name] = true
			switch err := l.sample(ctx, t, sampled[t.table]); {
			case passed(err):
				p.Notices = append(p.Notices, Notice{t.stream.Name, err.Error()})
			case err != nil && whole(ctx, err):
				return Plan{}, err
			case err != nil:
				p.Failures = append(p.Failures, Failure{t.stream.Name, t.slice.Name, t.table, err})
			}
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
	switch {
	case t.found != nil && t.found.Complete:
		x.Parts, x.Bytes = t.found.staged()
	case t.slice.Object != nil:
		x.Bytes = t.slice.Object.Size
	}
	return x
}

// sample unites the kinds of the slice's first batch into kinds.
func (l *Loader) sample(ctx context.Context, t *task, kinds map[string]exporter.Kinds) error {
	if t.target.Pull {
		return nil // nothing of it is to be read here
	}
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

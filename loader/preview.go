package loader

import (
	"context"
	"errors"

	"tapline/exporter"
	"tapline/warehouse"
)

func (l *Loader) planForPeople(ctx context.Context, sample bool) (Plan, error) {
	w, err := l.plan(ctx)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Pipeline: l.cfg.Pipeline, Window: w.window, Notices: w.notices, Late: w.late, Ignored: len(w.ignored)}
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
			if err := l.sample(ctx, t, sampled[t.table]); errors.Is(err, exporter.ErrNotExportable) {
				p.Notices = append(p.Notices, Notice{t.stream.Name, err.Error()})
			} else if err != nil {
				return Plan{}, err
			}
		}
	}
	for _, t := range w.tasks {
		if err := l.describe(ctx, t, &p.Tables[index[t.table]], sampled[t.table]); err != nil {
			return Plan{}, err
		}
	}
	return p, nil
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

// describe fills in the table as it is and the columns that the sample adds.
func (l *Loader) describe(ctx context.Context, t *task, p *TablePlan, kinds map[string]exporter.Kinds) error {
	if p.Columns != nil || p.Exists {
		return nil
	}
	have, err := l.cfg.Warehouse.Table(ctx, t.table)
	if err != nil && !errors.Is(err, warehouse.ErrNotExist) {
		return err
	}
	p.Exists = err == nil
	fit, err := shape(t, have, p.Exists, kinds, nil)
	if err != nil {
		return err
	}
	p.Columns = have.Columns
	for _, c := range fit.columns {
		if c.fresh && !c.frozen {
			p.New = append(p.New, warehouse.Column{Name: c.name, Type: c.typ, Source: c.source})
		}
	}
	if !p.Exists {
		p.Columns = fit.table.Columns
	}
	return nil
}

func (t *task) mode() warehouse.Mode {
	if t.target.Mode == "" {
		return warehouse.Replace
	}
	return t.target.Mode
}

package bigquery

import (
	"context"
	"slices"
	"time"

	bq "cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"
	"github.com/sourcegraph/conc/pool"

	"tapline/warehouse"
)

// atOnce is how many requests of a group are on their way at a time. One after
// the other, hundreds of them would take minutes, in which others may take the
// group for dead; Google allows 100 a second.
const atOnce = 8

// toUpload are the parts that BigQuery cannot read where they are.
func toUpload(parts []warehouse.Part) []warehouse.Part {
	return slices.DeleteFunc(slices.Clone(parts), onGoogle)
}

// stage claims the members' slices, and stages rows and quarantine of those that
// are claimed. What BigQuery can read where it is comes in one job, claimed or
// not. Members whose own jobs fail are to be loaded by themselves.
func (g *group) stage(ctx context.Context) error {
	var rows, aside []warehouse.Part
	for _, m := range g.members {
		rows, aside = append(rows, m.l.Parts...), append(aside, m.l.Quarantine...)
	}
	var err error
	if g.x.stage, err = g.newStage(ctx, g.x.l.Columns, rows); err != nil {
		return err
	}
	if g.x.aside, err = g.newStage(ctx, warehouse.QuarantineColumns(), aside); err != nil {
		return err
	}
	g.each(func(m *member) error { return g.put(ctx, m) })
	g.each(func(m *member) error {
		for _, job := range m.jobs {
			if _, err := g.w.finish(ctx, job); err != nil {
				return err
			}
		}
		return nil
	})
	if g.x.stage != "" {
		g.x.stage, err = g.x.inDecimals(ctx, g.x.stage)
	}
	return err
}

// each does something with every member at once. A member with which it fails is
// to be loaded by itself.
func (g *group) each(do func(*member) error) {
	p := pool.New().WithMaxGoroutines(atOnce)
	for _, m := range g.members {
		p.Go(func() {
			if err := do(m); err != nil {
				m.alone = true
				g.w.cfg.Log.Warn("a load falls out of its group", "load", m.l.ID, "err", err)
			}
		})
	}
	p.Wait()
}

// newStage makes a staging table for parts, "" when there are none, with those in
// it that BigQuery can read where they are.
func (g *group) newStage(ctx context.Context, columns []warehouse.Column, parts []warehouse.Part) (string, error) {
	if len(parts) == 0 {
		return "", nil
	}
	name := fresh(stagePrefix)
	g.x.stages = append(g.x.stages, name)
	if err := g.w.createStage(ctx, name, columns); err != nil {
		return "", err
	}
	for _, u := range units(slices.DeleteFunc(slices.Clone(parts), func(p warehouse.Part) bool { return !onGoogle(p) })) {
		job, err := g.fill(ctx, name, columns, u)
		if err == nil {
			_, err = g.w.finish(ctx, job)
		}
		if err != nil {
			return "", g.w.explainLoad(ctx, g.x.l.Table, err)
		}
	}
	return name, nil
}

// fill begins a load job into a staging table of the group.
func (g *group) fill(ctx context.Context, stage string, columns []warehouse.Column, u unit) (*bq.Job, error) {
	id := fresh("tapline_s_")
	labels := map[string]string{labelLoad: loadLabel(g.id), labelCall: g.x.call}
	return g.w.submit(ctx, id, g.w.beginStage(ctx, id, u, stage, columns, labels))
}

// put claims a member's slice and begins the jobs that upload its parts. The
// first upload of rows is the claim.
func (g *group) put(ctx context.Context, m *member) error {
	rows := toUpload(m.l.Parts)
	begin := func(id string, labels map[string]string) func(context.Context) (*bq.Job, error) {
		if len(rows) == 0 {
			return g.w.beginClaim(ctx, id, labels)
		}
		return g.w.beginStage(ctx, id, unit{part: rows[0]}, g.x.stage, g.x.l.Columns, labels)
	}
	job, err := g.claim(ctx, m, begin)
	if err != nil || job == nil {
		return err
	}
	if len(rows) > 0 { // that nothing was done no one needs to know
		m.jobs = append(m.jobs, job)
		rows = rows[1:]
	}
	for _, p := range rows {
		if job, err = g.fill(ctx, g.x.stage, g.x.l.Columns, unit{part: p}); err != nil {
			return err
		}
		m.jobs = append(m.jobs, job)
	}
	for _, p := range toUpload(m.l.Quarantine) {
		if job, err = g.fill(ctx, g.x.aside, warehouse.QuarantineColumns(), unit{part: p}); err != nil {
			return err
		}
		m.jobs = append(m.jobs, job)
	}
	return nil
}

// A groupLoad is a load as the transaction of its group takes it, in a parameter.
type groupLoad struct {
	Nth              int64      `bigquery:"nth"` // its place among the members
	ID               string     `bigquery:"id"`
	Pipeline         string     `bigquery:"pipeline"`
	Stream           string     `bigquery:"stream"`
	Slice            string     `bigquery:"slice"`
	Revision         string     `bigquery:"revision"`
	Run              string     `bigquery:"run"`
	Day              civil.Date `bigquery:"day"` // as loadParams has it
	ReadAt           time.Time  `bigquery:"read_at"`
	RowsRead         int64      `bigquery:"rows_read"`
	RowsLoaded       int64      `bigquery:"rows_loaded"`
	RowsQuarantined  int64      `bigquery:"rows_quarantined"`
	CellsQuarantined int64      `bigquery:"cells_quarantined"`
	BytesRead        int64      `bigquery:"bytes_read"`
}

// commit runs the transaction for those members that are ready for it. Errors:
// errMoved.
func (g *group) commit(ctx context.Context, ready []*member) error {
	now := g.w.cfg.Now()
	var loads []groupLoad
	var staged []string
	for i, m := range g.members {
		staged = append(staged, m.l.ID)
		if !slices.Contains(ready, m) {
			continue
		}
		r := m.l.Receipt(now)
		loads = append(loads, groupLoad{
			int64(i), r.ID, r.Pipeline, r.Stream, r.Slice, r.Revision, r.Run, civil.DateOf(r.Day), r.ReadAt,
			r.RowsRead, r.RowsLoaded, r.RowsQuarantined, r.CellsQuarantined, r.BytesRead,
		})
	}
	sql, err := g.script()
	if err != nil {
		return err
	}
	err = g.x.runScript(ctx, g.id, sql, params{
		"loads": loads, "staged": staged, "in_table": g.x.l.Table, "mode": string(warehouse.Replace), "committed_at": warehouse.Micros(now),
	})
	if err != nil {
		return err
	}
	for _, m := range ready {
		m.outcome.Receipt = m.l.Receipt(now)
	}
	return nil
}

// script is the transaction, of as many statements for any number of loads.
func (g *group) script() (string, error) {
	s, x := &script{}, g.x
	s.add("group_guard", nil)
	if x.aside != "" {
		s.add("group_aside", map[string]any{"Stage": x.aside})
	}
	if x.stage != "" {
		s.add("group_check", map[string]any{"Stage": x.stage})
		for _, i := range x.inexact() {
			s.add("exact_check", map[string]any{"Stage": x.stage, "Column": x.l.Columns[i].Name, "Index": i})
		}
		s.add("group_insert", groupData(x.l.Table, x.l.Columns, x.stage, warehouse.ColLoad))
	}
	if x.aside != "" {
		s.add("group_insert", groupData(warehouse.TableQuarantine, warehouse.QuarantineColumns(), x.aside, "load"))
	}
	s.add("group_receipts", nil)
	return s.sql()
}

func groupData(table string, columns []warehouse.Column, stage, load string) map[string]any {
	data := insertData(table, columns, stage)
	data["Load"] = load
	return data
}

package bigquery

import (
	"context"
	"errors"
	"slices"
	"time"

	bq "cloud.google.com/go/bigquery"
	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

const (
	// mostGroup is how many loads a group has at most: as many as one transaction
	// takes as a parameter without coming near the 12 MB that a query may have.
	mostGroup = 1000
	// mostUploads is how many parts of a group are uploaded, a job each: a staging
	// table takes 1,500 load jobs a day, as any other.
	mostUploads = 1000
	// mostRounds is how often the loads of a group that are not in the table yet
	// are tried together before each is tried by itself.
	mostRounds = 4
)

// LoadAll loads first revisions in groups, each in one transaction; see claim.go
// for what keeps them from other processes. All that is something else is loaded
// by Load, in its place in the order: a newer revision, another mode, what was
// pulled. So is a load whose counts are wrong, or whose slice somebody else is
// loading, after its group.
func (w *Warehouse) LoadAll(ctx context.Context, loads []warehouse.Load) []warehouse.Outcome {
	outcomes := make([]warehouse.Outcome, len(loads))
	for from := 0; from < len(loads); {
		to := from + max(groupable(loads[from:]), 1)
		if to-from > 1 {
			w.loadGroup(ctx, loads[from:to], outcomes[from:to])
		}
		for ; from < to; from++ {
			if o := &outcomes[from]; o.Receipt.ID == "" {
				o.Receipt, o.Err = w.Load(ctx, loads[from])
			}
		}
	}
	return outcomes
}

// groupable is how many of the loads, from the first on, may be of one group by
// what they say of themselves.
func groupable(loads []warehouse.Load) int {
	seen := make(map[string]bool, len(loads))
	uploads := 0
	for i, l := range loads {
		uploads += len(toUpload(l.Parts)) + len(toUpload(l.Quarantine))
		if i == mostGroup || uploads > mostUploads || seen[l.Slice] || l.Table != loads[0].Table || l.Mode != warehouse.Replace ||
			l.Pulled != nil || l.Check() != nil || checkManifest(l) != nil {
			return i
		}
		seen[l.Slice] = true
	}
	return len(loads)
}

// A member is a load of a group.
type member struct {
	l       warehouse.Load
	outcome *warehouse.Outcome // with a receipt when nothing is left to do

	slot slot
	next int  // the attempt of the slot to claim next
	held bool // it is, or may be, claimed for the group of this round

	rival string  // a group that holds the slice; "" = none
	claim *bq.Job // by this job
	alone bool    // it is to be loaded by itself

	jobs []*bq.Job // that stage its parts
}

// A group is one round of loads that go into the table together.
type group struct {
	w       *Warehouse
	id      string   // of the transaction's job
	x       *loading // the members as if they were one load, for what both do
	members []*member
}

// loadGroup loads what it can of the loads together, and writes down the receipts.
// The outcomes of others stay as they are, for Load to find out more.
func (w *Warehouse) loadGroup(ctx context.Context, loads []warehouse.Load, outcomes []warehouse.Outcome) {
	var all []*member
	for i, l := range loads {
		all = append(all, &member{l: l, outcome: &outcomes[i], slot: w.newSlot("load", 0, l.Table, l.Slice)})
	}
	var pace pacing
	for range mostRounds {
		g, err := w.gather(ctx, all)
		if err == nil && len(g.members) < 2 {
			return
		}
		if err == nil {
			err = g.load(ctx)
			g.x.tidy(ctx)
			if ctx.Err() != nil {
				return
			}
		}
		if err != nil {
			w.cfg.Log.Warn("loads are not made together", "loads", len(all), "err", err)
			if !g.again(err) {
				return
			}
		}
		for _, m := range g.members {
			if m.rival == "" {
				continue
			}
			if err := w.outlive(ctx, m.rival, m.claim); err != nil {
				m.alone = true
			}
		}
		if err != nil && pace.pause(ctx, w) != nil {
			return
		}
	}
}

// gather begins a round: with those members that have no receipt, and fit into
// the table together. Of the others it notes what is known of them.
func (w *Warehouse) gather(ctx context.Context, all []*member) (*group, error) {
	g := &group{w: w, id: fresh("tapline_g_")}
	var names []string
	for _, m := range all {
		if m.held, m.rival, m.jobs = false, "", nil; m.outcome.Receipt.ID == "" && !m.alone {
			g.members, names = append(g.members, m), append(names, m.l.Slice)
		}
	}
	if len(g.members) < 2 {
		return g, nil
	}
	if err := w.ready(ctx); err != nil {
		return g, err
	}
	table := g.members[0].l.Table
	found, err := w.scanReceipts(ctx, "group_earlier", nil, params{"in_table": table, "slices": names})
	if err != nil {
		return g, err
	}
	earlier := make(map[string][]warehouse.Earlier)
	for _, r := range found {
		earlier[r.Slice] = append(earlier[r.Slice], r.Earlier)
	}
	t, err := w.ours(ctx, table)
	if err != nil {
		return g, err
	}
	g.x = &loading{w: w, table: t, call: fresh("c"), l: warehouse.Load{ID: g.id, Table: table, Mode: warehouse.Replace}}
	g.members = slices.DeleteFunc(g.members, func(m *member) bool { return !g.takes(m, earlier[m.l.Slice]) })
	return g, nil
}

// takes reports whether the member is a first revision whose columns fit into the
// table beside those of the members before it.
func (g *group) takes(m *member, earlier []warehouse.Earlier) bool {
	m.alone = true
	if len(earlier) > 0 {
		if done, err := m.l.Settled(earlier); err == nil && done != nil {
			m.outcome.Receipt = *done
		}
		return false
	}
	one := &loading{w: g.w, table: g.x.table, l: m.l}
	if g.x.table == nil || one.checkColumns() != nil {
		return false
	}
	columns := g.x.l.Columns
	for _, c := range m.l.Columns {
		i := slices.IndexFunc(columns, func(h warehouse.Column) bool { return h.Name == c.Name })
		if i < 0 {
			columns = append(columns, c)
		} else if !arrow.TypeEqual(columns[i].Type, c.Type) {
			return false
		}
	}
	g.x.l.Columns, m.alone = columns, false
	return true
}

// load loads the members that it can claim.
func (g *group) load(ctx context.Context) error {
	err := g.stage(ctx)
	held := slices.DeleteFunc(slices.Clone(g.members), func(m *member) bool { return !m.held })
	ready := slices.DeleteFunc(slices.Clone(held), func(m *member) bool { return m.alone })
	begun := err == nil && len(ready) > 0
	if begun {
		err = g.commit(ctx, ready)
	}
	if len(held) > 0 && (!begun || ctx.Err() != nil) { // nobody, the next run neither, has to wait for what does not come
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = errors.Join(err, g.w.bury(ctx, g.id))
	}
	return err
}

// again reports whether a round that ended in an error is to be followed by
// another, and sees to it that that one leaves out what is wrong.
func (g *group) again(err error) bool {
	if n, ok := mark(err, "group"); ok && len(n) > 1 && n[0] == 0 {
		for _, nth := range n[1:] {
			if nth >= 0 && nth < int64(len(g.members)) {
				g.members[nth].alone = true
			}
		}
		return true
	}
	_, moved := mark(err, "moved")
	return moved || errors.Is(err, errMoved) || errors.Is(err, errGone) || isPassing(err)
}

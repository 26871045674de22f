package bigquery

import (
	"context"
	"errors"
	"strconv"
	"time"

	bq "cloud.google.com/go/bigquery"
)

// A group is one transaction for the first revisions of many slices. BigQuery
// lets two transactions run that only add rows, so a slice of a group has to be
// kept from other processes, which may load it by itself or in another group.
// That is what the attempts of its slot for load jobs are for (see job.go):
// whoever wants to load the slice takes the next one, having found out what
// became of those before. A group takes them by claims: jobs which say in a label
// under which id the group's transaction will run. An upload of the slice's rows
// into the group's staging table is one; where there is none, a query of nothing.
//
//	who comes         and finds as the attempts before   does
//	a group           none, or claims of groups over     claims the next one
//	a group           a claim of another, not over       leaves the slice out; then outlives that group and tries again
//	a group           a job of a load by itself          leaves the slice to Load
//	a load by itself  claims                             outlives their groups, looks at the receipts again, takes the next attempt
//	anybody           an attempt taken meanwhile         begins again
//
// To outlive a group is to wait until its transaction is over. Where there is
// none for a while, its process is dead, or slow: then a query of nothing takes
// the transaction's id, which can never begin any more. Its owner, if it lives,
// sees a job that is not its own, and begins again. So of two transactions that
// insert a slice, one of them a group's, the second begins when the first is
// over, and counts its receipt.
//
//	the process dies or fails       what others and the next run find
//	after some claims, or all       claims, no transaction: they take its id and go on
//	while its id is being taken     one of the two jobs is there, the other process sees which
//	while the transaction runs      it ends by itself; they wait, and count the receipts
//	the transaction's answer lost   its id is looked up
//	the transaction failed          a job that is over and no receipts: they go on
//	before staging tables are gone  tables that vanish within a day

// How old a claim gets before the id of its transaction is taken, if that has not
// begun: as long as load jobs take that are not in a hurry, and the more the more
// members the group has, which its claims tell in a label.
const (
	grace       = 15 * time.Second
	graceMember = 200 * time.Millisecond
)

// beginClaim returns what begins a job that does nothing.
func (w *Warehouse) beginClaim(ctx context.Context, id string, labels map[string]string) func(context.Context) (*bq.Job, error) {
	return func(limited context.Context) (*bq.Job, error) {
		sql, err := text("claim", nil)
		if err != nil {
			return nil, err
		}
		q, err := w.newQuery(ctx, id, sql, labels)
		if err != nil {
			return nil, err
		}
		return q.Run(limited)
	}
}

// outlive waits until a group is over, of which claim is one.
func (w *Warehouse) outlive(ctx context.Context, group string, claim *bq.Job) error {
	members, _ := strconv.Atoi(labelOf(claim, labelMembers)) // none: grace alone
	left := grace + time.Duration(members)*graceMember
	if s := claim.LastStatus(); s != nil && s.Statistics != nil {
		left -= max(time.Since(s.Statistics.CreationTime), 0)
	}
	for p := (pacing{}); ; left -= p.next {
		if over, err := w.isOver(ctx, group); over || err != nil {
			return err
		}
		if left <= 0 {
			return w.bury(ctx, group)
		}
		if err := p.pause(ctx, w); err != nil {
			return err
		}
	}
}

// bury takes the id of a group's transaction, so that it never begins. If it has
// begun, bury waits until it is over.
func (w *Warehouse) bury(ctx context.Context, group string) error {
	job, err := w.submit(ctx, group, w.beginClaim(ctx, group, map[string]string{labelCall: fresh("c")}))
	if err == nil {
		_, err = w.wait(ctx, job)
	}
	if errors.Is(err, errGone) {
		return nil
	}
	return err
}

// claim takes the next attempt of the member's slot with a job of the group's. It
// returns nil where the slice is somebody else's: the member says whose.
func (g *group) claim(ctx context.Context, m *member, begin func(id string, labels map[string]string) func(context.Context) (*bq.Job, error)) (*bq.Job, error) {
	labels := map[string]string{labelLoad: loadLabel(m.l.ID), labelCall: g.x.call, labelGroup: g.id, labelMembers: strconv.Itoa(len(g.members))}
	for range mostTries {
		id := m.slot.attempt(m.next)
		m.next++
		job, err := g.w.submit(ctx, id, begin(id, labels))
		if err != nil {
			m.held = true // perhaps
			return nil, err
		}
		if isCallOf(job, g.x.call) {
			m.held = true
			return job, nil
		}
		other := groupOf(job)
		if other == "" {
			m.alone = true
			return nil, nil
		}
		over, err := g.isOver(ctx, other)
		if err != nil {
			return nil, err
		}
		if !over {
			m.rival, m.claim = other, job
			return nil, nil
		}
	}
	m.alone = true
	return nil, nil
}

// isOver reports whether another group is over now. It does not wait: the other
// may wait for this one.
func (g *group) isOver(ctx context.Context, other string) (bool, error) {
	job, err := g.w.lookup(ctx, other)
	if errors.Is(err, errNoJob) {
		return false, nil
	}
	return err == nil && job.LastStatus().Done(), err
}

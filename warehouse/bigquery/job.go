package bigquery

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strings"

	bq "cloud.google.com/go/bigquery"

	"tapline/warehouse"
)

// BigQuery takes a job's id once. A slot is the right to make the next revision
// of a slice: its id comes from table, slice and how many receipts these have,
// so two processes that want to load the same slice, whatever their revisions,
// meet at the same id. Each try of a slot's work is an attempt, numbered in
// the id; attempt n+1 is begun only when attempt n is taken and known to be over,
// so that there are no gaps. A job's label says for which load it was, and its
// destination what it did.

// slot makes the ids of the jobs of one revision to be.
type slot string

// newSlot names the slot after n receipts of a scope.
func (w *Warehouse) newSlot(kind string, n int64, scope ...string) slot {
	scope = append([]string{w.cfg.Project, w.cfg.Dataset}, scope...)
	sum := sha256.Sum256([]byte(strings.Join(scope, "\x00")))
	return slot(fmt.Sprintf("tapline_%s_%d_%s", hex.EncodeToString(sum[:12]), n, kind))
}

func (s slot) attempt(n int) string { return fmt.Sprintf("%s_a%d", s, n) }

// fresh is a name that nobody else has.
func fresh(prefix string) string { return prefix + strings.ToLower(rand.Text()) }

// Labels of jobs.
const (
	labelLoad    = "tapline_load"    // loadLabel of what it was for
	labelCall    = "tapline_call"    // the one Load that began it
	labelGroup   = "tapline_group"   // of a claim: the job of the transaction it is for
	labelMembers = "tapline_members" // of a claim: how many loads its group has
)

// loadLabel is a load's id as a label may be.
func loadLabel(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16])
}

// labels are the user's and more.
func (w *Warehouse) labels(more map[string]string) map[string]string {
	all := maps.Clone(w.cfg.Labels)
	if all == nil {
		all = make(map[string]string, len(more))
	}
	maps.Copy(all, more)
	return all
}

// errGone says that BigQuery knows the id of a job and nothing else about it:
// its history is over, so the job is too. What became of it is to be seen in
// the tables.
var errGone = errors.New("the job's history is over")

// errNoJob says that there is no job of that id.
var errNoJob = errors.New("there is no such job")

// submit begins a job under an id. Whatever happens on the way, there is one
// job of that id at most; where the answer is lost or another was faster, it
// returns the job that is there. Errors: errGone.
func (w *Warehouse) submit(ctx context.Context, id string, begin func(context.Context) (*bq.Job, error)) (*bq.Job, error) {
	limited, cancel := context.WithTimeout(ctx, w.cfg.Patience)
	defer cancel()
	var p pacing
	var err error
	for range mostTries {
		var job *bq.Job
		if job, err = begin(limited); err == nil {
			return job, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if duplicate := isDuplicate(err); duplicate || isPassing(err) || limited.Err() != nil {
			there, lerr := w.lookup(ctx, id)
			switch {
			case lerr == nil:
				return there, nil
			case duplicate && errors.Is(lerr, errNoJob):
				return nil, errGone
			case !errors.Is(lerr, errNoJob):
				return nil, lerr
			}
		}
		if limited.Err() != nil || !isPassing(err) || p.pause(limited, w) != nil {
			break
		}
	}
	return nil, w.explain(ctx, "bigquery.jobs.create", err)
}

// lookup finds a job by its id. Errors: errNoJob.
func (w *Warehouse) lookup(ctx context.Context, id string) (*bq.Job, error) {
	location, err := w.place(ctx)
	if err != nil {
		return nil, err
	}
	var job *bq.Job
	err = w.calling(ctx, "bigquery.jobs.get", func(ctx context.Context) (err error) {
		job, err = w.client.JobFromIDLocation(ctx, id, location)
		return err
	})
	if isNotFound(err) {
		return nil, fmt.Errorf("job %s: %w", id, errNoJob)
	}
	return job, err
}

// wait returns a job's last state. A job that failed is no error here: ask the
// state. Errors: errGone.
func (w *Warehouse) wait(ctx context.Context, job *bq.Job) (*bq.JobStatus, error) {
	var p pacing
	for state := job.LastStatus(); ; {
		if state != nil && state.Done() {
			return state, nil
		}
		err := w.calling(ctx, "bigquery.jobs.get", func(ctx context.Context) (err error) {
			state, err = job.Status(ctx)
			return err
		})
		switch {
		case isNotFound(err):
			return nil, fmt.Errorf("job %s: %w", job.ID(), errGone)
		case err != nil:
			return nil, fmt.Errorf("job %s: %w", job.ID(), err)
		case state.Done():
			return state, nil
		}
		if err := p.pause(ctx, w); err != nil {
			return nil, err
		}
	}
}

// finish waits for a job and returns its statistics. Errors: errGone; a
// *bq.Error when the job failed.
func (w *Warehouse) finish(ctx context.Context, job *bq.Job) (*bq.JobStatistics, error) {
	state, err := w.wait(ctx, job)
	if err != nil {
		return nil, err
	}
	if err := failure(state); err != nil {
		return nil, fmt.Errorf("job %s: %w", job.ID(), err)
	}
	return state.Statistics, nil
}

// failure is the error a job ended with, with the first of its details that
// says more.
func failure(state *bq.JobStatus) error {
	err := state.Err()
	if err == nil {
		return nil
	}
	for _, detail := range state.Errors {
		if detail.Message != "" && !strings.Contains(err.Error(), detail.Message) {
			return fmt.Errorf("%w: %s", err, detail.Message)
		}
	}
	return err
}

// jobConfig is what all jobs have.
func (w *Warehouse) jobConfig(ctx context.Context, id string) (bq.JobIDConfig, error) {
	location, err := w.place(ctx)
	return bq.JobIDConfig{JobID: id, Location: location}, err
}

// A past is what the attempts of a slot have left.
type past struct {
	next    int  // the first attempt that is free
	single  bool // some were of loads by themselves: no group takes the slot any more
	claimed bool // some were claims of groups, whose transactions are over
	// rows may be in the table without a receipt; nil = what load put there is
	// known to be whole.
	orphans bool
	// done is the job of an earlier call that put this very load there.
	done *bq.JobStatistics
	jobs int
}

// past looks at the attempts of a slot, waiting for those that run, and for
// groups to be over. Job for job it tells what the table may hold.
func (w *Warehouse) past(ctx context.Context, s slot, from int, l warehouse.Load) (past, error) {
	p := past{next: from}
	for ; ; p.next++ {
		job, err := w.lookup(ctx, s.attempt(p.next))
		if errors.Is(err, errNoJob) {
			return p, nil
		}
		if err != nil {
			return p, err
		}
		p.jobs++
		if group := groupOf(job); group != "" {
			if err := w.outlive(ctx, group, job); err != nil {
				return p, err
			}
			p.claimed = true // what it put into the table has its receipt
			continue
		}
		p.single = true
		state, err := w.wait(ctx, job)
		if err != nil && !errors.Is(err, errGone) {
			return p, err
		}
		config, cerr := job.Config()
		load, ok := config.(*bq.LoadConfig)
		if cerr == nil && (!ok || isStage(load.Dst.TableID)) {
			continue // a mark, or into a staging table, which nobody reads any more
		}
		if err == nil && failure(state) == nil && ok && load.Labels[labelLoad] == loadLabel(l.ID) && outputRows(state.Statistics) == l.RowsLoaded {
			p.done = state.Statistics
			continue
		}
		p.orphans = true
	}
}

// outputRows are the rows that a load job says it wrote, -1 when it says nothing.
func outputRows(s *bq.JobStatistics) int64 {
	if s == nil {
		return -1
	}
	if d, ok := s.Details.(*bq.LoadStatistics); ok {
		return d.OutputRows
	}
	return -1
}

//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	bq "google.golang.org/api/bigquery/v2"
)

// A jobKey is what identifies a job: ids are unique in a project and location.
type jobKey struct{ location, id string }

// A submission is a job as a request asks for it.
type submission struct {
	bq     *bq.Job
	media  string // the file that was uploaded; "" = none
	params []parameter
}

// A job is one load or query. What is set before it starts never changes.
type job struct {
	key    jobKey
	config *bq.JobConfiguration
	params []parameter
	fault  Fault
	gate   chan struct{} // closed when the job may start
	done   chan struct{}
	cancel context.CancelFunc

	mu        sync.Mutex // guards what follows
	polls     int        // how often it was asked for while it waited
	created   time.Time
	started   time.Time
	ended     time.Time
	stats     *bq.JobStatistics // of the kind of job; nil until done
	result    *result           // of a query
	failure   *problem
	forgotten bool
}

// patience is how long jobs.insert waits for a job: short ones are DONE in the
// first answer, as they may be in the service.
const patience = 2 * time.Second

func jobID(id string) bool {
	for _, c := range id {
		if !(c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return id != "" && len(id) <= 1024
}

// prepareJob reads a job to insert, and says in the call what it is about.
func (s *Server) prepareJob(r *request) error {
	j := new(bq.Job)
	if err := decode(r.body, j); err != nil {
		return err
	}
	params, err := parameters(r.body)
	if err != nil {
		return err
	}
	r.job = &submission{bq: j, params: params}
	return s.describeJob(r)
}

func (s *Server) describeJob(r *request) error {
	j := r.job.bq
	if j.Configuration == nil {
		return invalid("Required parameter is missing: configuration")
	}
	if j.JobReference == nil {
		j.JobReference = &bq.JobReference{}
	}
	if j.JobReference.JobId == "" {
		j.JobReference.JobId = s.name("job_")
	}
	if !jobID(j.JobReference.JobId) {
		return invalid("Invalid job ID %q. Job IDs must be alphanumeric (plus underscores and dashes) and must be at most 1024 characters long.", j.JobReference.JobId)
	}
	if p := j.JobReference.ProjectId; p != "" && p != s.opt.Project {
		return notFound("Project %s", p)
	}
	j.JobReference.ProjectId = s.opt.Project
	r.call.Job = j.JobReference.JobId
	switch c := j.Configuration; {
	case c.Load != nil:
		c.JobType, r.call.Kind = "LOAD", "load"
		if d := c.Load.DestinationTable; d != nil {
			r.call.Table = d.DatasetId + "." + d.TableId
		}
	case c.Query != nil:
		c.JobType, r.call.Kind, r.call.SQL = "QUERY", "query", c.Query.Query
	default:
		return invalid("bigquerytest serves load and query jobs alone")
	}
	return checkOptions(j.Configuration)
}

func (s *Server) insertJob(r *request) (any, error) {
	j, err := s.submit(r)
	if err != nil {
		return nil, err
	}
	if j.fault.Polls == 0 {
		j.wait(r.Context(), patience)
	}
	return s.show(j), nil
}

// submit accepts a job and starts it.
func (s *Server) submit(r *request) (*job, error) {
	b := r.job.bq
	location, err := s.locate(b)
	if err != nil {
		return nil, err
	}
	j := &job{
		key: jobKey{location, b.JobReference.JobId}, config: b.Configuration, params: r.job.params, fault: r.fault,
		gate: make(chan struct{}), done: make(chan struct{}), created: s.opt.Now(),
	}
	if j.fault.Polls == 0 {
		close(j.gate)
	}
	s.mu.Lock()
	_, exists := s.jobs[j.key]
	s.mu.Unlock()
	if exists {
		return nil, duplicate("Job %s:%s.%s", s.opt.Project, location, j.key.id)
	}
	if c := b.Configuration.Load; c != nil {
		if err := s.acceptLoad(c); err != nil {
			return nil, err
		}
	}
	if b.Configuration.DryRun {
		return s.dryRun(r.Context(), j)
	}
	return j, s.launch(j, r.job.media)
}

func (s *Server) launch(j *job, media string) error {
	ctx, cancel := context.WithCancel(s.life)
	j.cancel = cancel
	s.mu.Lock()
	if _, exists := s.jobs[j.key]; exists {
		s.mu.Unlock()
		cancel()
		return duplicate("Job %s:%s.%s", s.opt.Project, j.key.location, j.key.id)
	}
	s.jobs[j.key] = j
	s.mu.Unlock()
	s.working.Go(func() {
		defer cancel()
		s.work(ctx, j, media)
	})
	return nil
}

// locate says where a job runs: where it asks to, or where the dataset is that
// it is about. A dataset of another place is not found.
func (s *Server) locate(b *bq.Job) (string, error) {
	var dataset string
	switch c := b.Configuration; {
	case c.Load != nil && c.Load.DestinationTable != nil:
		dataset = c.Load.DestinationTable.DatasetId
	case c.Query != nil && c.Query.DestinationTable != nil:
		dataset = c.Query.DestinationTable.DatasetId
	}
	location := b.JobReference.Location
	if dataset == "" {
		if location == "" {
			location = s.guessLocation(b.Configuration.Query)
		}
		return canonical(location), nil
	}
	d, err := s.dataset(dataset)
	if err != nil {
		return "", err
	}
	if location != "" && !strings.EqualFold(location, d.Location) {
		return "", notFound("Dataset %s:%s was not found in location %s", s.opt.Project, dataset, location)
	}
	return canonical(d.Location), nil
}

// canonical is a location as ids have it: multi-regions are in capitals.
func canonical(location string) string {
	if strings.EqualFold(location, "US") || strings.EqualFold(location, "EU") {
		return strings.ToUpper(location)
	}
	return strings.ToLower(location)
}

// guessLocation is where a query runs that does not say it: with the first
// dataset it names, or in US.
func (s *Server) guessLocation(q *bq.JobConfigurationQuery) string {
	if q == nil {
		return "US"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if q.DefaultDataset != nil {
		if d, ok := s.datasets[q.DefaultDataset.DatasetId]; ok {
			return d.meta.Location
		}
	}
	for id, d := range s.datasets {
		if strings.Contains(q.Query, id+".") || strings.Contains(q.Query, id+"`.") {
			return d.meta.Location
		}
	}
	return "US"
}

// work waits for the job's turn, does it, and notes how it ended.
func (s *Server) work(ctx context.Context, j *job, media string) {
	defer close(j.done)
	select {
	case <-j.gate:
	case <-ctx.Done():
	}
	j.mu.Lock()
	j.started = s.opt.Now()
	j.mu.Unlock()
	var stats *bq.JobStatistics
	var res *result
	var err error
	if j.fault.Fail == "" || j.fault.Applied {
		stats, res, err = s.do(ctx, j, media)
	}
	if err == nil && j.fault.Fail != "" {
		message := j.fault.Message
		if message == "" {
			message = "a fault of the test: " + j.fault.Fail
		}
		stats, err = nil, refuse(http.StatusBadRequest, j.fault.Fail, "%s", message)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ended, j.stats, j.result, j.forgotten = s.opt.Now(), stats, res, j.fault.Forget
	switch {
	case err == nil:
	case ctx.Err() != nil:
		j.failure = refuse(http.StatusOK, "stopped", "Job execution was cancelled: User requested cancellation")
	default:
		j.failure = asProblem(err)
	}
}

func (s *Server) do(ctx context.Context, j *job, media string) (*bq.JobStatistics, *result, error) {
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	if j.config.Load != nil {
		st, err := s.load(ctx, j, media)
		if err != nil {
			return nil, nil, err
		}
		st.OutputRows += j.fault.Rows
		return &bq.JobStatistics{Load: st}, nil, nil
	}
	return s.query(ctx, j)
}

// wait waits for the job to end, no longer than d.
func (j *job) wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-j.done:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}

// poll counts a question for a job that waits, and lets it start when it was
// asked for often enough.
func (j *job) poll(ctx context.Context) {
	j.mu.Lock()
	j.polls++
	starts := j.polls == j.fault.Polls
	j.mu.Unlock()
	if starts {
		close(j.gate)
		j.wait(ctx, patience)
	}
}

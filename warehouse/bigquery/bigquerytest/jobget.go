//go:build cgo && !noduckdb

package bigquerytest

import (
	"slices"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// show is the job as the API shows it.
func (s *Server) show(j *job) *bq.Job {
	j.mu.Lock()
	defer j.mu.Unlock()
	b := &bq.Job{
		Kind: "bigquery#job", Id: s.opt.Project + ":" + j.key.location + "." + j.key.id, Configuration: j.config,
		JobReference: &bq.JobReference{ProjectId: s.opt.Project, JobId: j.key.id, Location: j.key.location},
		Statistics:   &bq.JobStatistics{CreationTime: j.created.UnixMilli()}, Status: &bq.JobStatus{State: "PENDING"},
		UserEmail: "tester@" + s.opt.Project + ".iam.gserviceaccount.com",
	}
	if j.stats != nil {
		st := *j.stats
		st.CreationTime, b.Statistics = j.created.UnixMilli(), &st
	}
	if !j.started.IsZero() {
		b.Status.State, b.Statistics.StartTime = "RUNNING", j.started.UnixMilli()
	} else if j.fault.Polls > 1 && j.polls > j.fault.Polls/2 {
		b.Status.State = "RUNNING"
	}
	if !j.ended.IsZero() {
		b.Status.State, b.Statistics.EndTime = "DONE", j.ended.UnixMilli()
	}
	if j.failure != nil {
		b.Status.ErrorResult, b.Status.Errors = j.failure.proto(), []*bq.ErrorProto{j.failure.proto()}
	}
	return b
}

// prepareOld says in the call of which kind the job is that is asked for.
func (s *Server) prepareOld(r *request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, j := range s.jobs {
		if k.id != r.call.Job {
			continue
		}
		if q := j.config.Query; q != nil {
			r.call.Kind, r.call.SQL = "query", q.Query
		} else if d := j.config.Load.DestinationTable; d != nil {
			r.call.Kind, r.call.Table = "load", d.DatasetId+"."+d.TableId
		}
	}
	return nil
}

// old finds the job that a request is about. Outside US and EU its location
// must be said.
func (s *Server) old(r *request) (*job, error) {
	location := r.URL.Query().Get("location")
	s.mu.Lock()
	defer s.mu.Unlock()
	places := []string{canonical(location)}
	if location == "" {
		places = []string{"US", "EU"}
	}
	for _, place := range places {
		j, ok := s.jobs[jobKey{place, r.PathValue("job")}]
		if !ok {
			continue
		}
		j.mu.Lock()
		forgotten := j.forgotten
		j.mu.Unlock()
		if !forgotten {
			return j, nil
		}
	}
	return nil, notFound("Job %s:%s", s.opt.Project, strings.TrimPrefix(location+"."+r.PathValue("job"), "."))
}

func (s *Server) getJob(r *request) (any, error) {
	j, err := s.old(r)
	if err != nil {
		return nil, err
	}
	j.poll(r.Context())
	return s.show(j), nil
}

func (s *Server) cancelJob(r *request) (any, error) {
	j, err := s.old(r)
	if err != nil {
		return nil, err
	}
	j.cancel()
	j.wait(r.Context(), patience)
	return &bq.JobCancelResponse{Kind: "bigquery#jobCancelResponse", Job: s.show(j)}, nil
}

func (s *Server) deleteJob(r *request) (any, error) {
	j, err := s.old(r)
	if err != nil {
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.forgotten = true
	return nil, nil
}

func (s *Server) listJobs(r *request) (any, error) {
	s.mu.Lock()
	all := make([]*job, 0, len(s.jobs))
	for _, j := range s.jobs {
		all = append(all, j)
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b *job) int { return b.created.Compare(a.created) })
	from, to, next, err := window(r, len(all), 50)
	if err != nil {
		return nil, err
	}
	list := &bq.JobList{Kind: "bigquery#jobList", NextPageToken: next}
	for _, j := range all[from:to] {
		b := s.show(j)
		list.Jobs = append(list.Jobs, &bq.JobListJobs{
			Id: b.Id, Kind: b.Kind, JobReference: b.JobReference, Configuration: b.Configuration, State: b.Status.State,
			Status: b.Status, Statistics: b.Statistics, ErrorResult: b.Status.ErrorResult,
		})
	}
	return list, nil
}

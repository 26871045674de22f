//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A Call is one request that the server has met.
type Call struct {
	// Method is the API's name for it: "jobs.insert", "tables.get". The start
	// of a resumable upload is "upload.start", a chunk before the last one
	// "upload.chunk"; the last chunk, and a multipart upload, insert the job.
	Method string
	Media  bool   // it came to the upload endpoint
	Kind   string // of its job: "load", "query" or ""
	Job    string // the job's id
	Table  string // "dataset.table", with its decorator: of the request, or a load's destination
	SQL    string // of a query
}

// A Match chooses calls. Empty fields match all.
type Match struct {
	Method string // "upload" = all that comes to the upload endpoint
	Kind   string
	Text   string // is in the call's table, SQL or job id
}

func (m Match) matches(c Call) bool {
	method := m.Method == "" || m.Method == c.Method || m.Method == "upload" && c.Media
	return method && (m.Kind == "" || m.Kind == c.Kind) &&
		(strings.Contains(c.Table, m.Text) || strings.Contains(c.SQL, m.Text) || strings.Contains(c.Job, m.Text))
}

// A Fault is what goes wrong with a call. Several may go wrong at once. Polls,
// Fail, Rows and Forget are of the job that a call inserts.
type Fault struct {
	// Status refuses the request before anything is done, with Reason and
	// Message: 503 backendError, 403 rateLimitExceeded, quotaExceeded or
	// accessDenied, 404 notFound.
	Status          int
	Reason, Message string

	Stall time.Duration // nothing happens for so long; below 0 = until the client leaves
	// Lose does what is asked and then cuts the connection instead of
	// answering; with Status it answers that, as if nothing had been done.
	Lose bool

	// Polls makes the job wait until it was asked for so often (jobs.get,
	// jobs.getQueryResults): PENDING at first, RUNNING for the later half.
	Polls int
	// Fail ends the job that was accepted with this reason and Message;
	// nothing of it is applied, unless Applied.
	Fail    string
	Applied bool
	Rows    int64 // added to the job's outputRows, which are wrong then
	// Forget makes the history expire once the job is done: jobs.get answers
	// 404, and a second insert 409 all the same.
	Forget bool
}

// before is what a fault does ahead of the request.
func (f Fault) before(ctx context.Context) error {
	if f.Stall != 0 {
		var over <-chan time.Time // never, when below 0
		if f.Stall > 0 {
			t := time.NewTimer(f.Stall)
			defer t.Stop()
			over = t.C
		}
		select {
		case <-over:
		case <-ctx.Done():
			panic(http.ErrAbortHandler)
		}
	}
	if f.Lose {
		return nil
	}
	return f.refusal()
}

// refusal is the answer that the fault makes, nil if none.
func (f Fault) refusal() error {
	if f.Status == 0 {
		return nil
	}
	message := f.Message
	if message == "" {
		message = "a fault of the test: " + f.Reason
	}
	return refuse(f.Status, f.Reason, "%s", message)
}

// A rule is a fault that is still to happen.
type rule struct {
	match Match
	left  int // below 0 = for ever
	fault Fault
}

// Fail makes the next n calls that match go wrong; n below 0 = all of them.
// Rules are asked in the order they were made; one rule meets a call.
func (s *Server) Fail(m Match, n int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(s.rules, &rule{m, n, f})
}

// Heal forgets all faults that are still to happen.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = nil
}

// maxCalls bounds what Calls remembers.
const maxCalls = 100_000

// meet notes a call and returns the fault that is due.
func (s *Server) meet(c Call) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) == maxCalls {
		s.calls = slices.Delete(s.calls, 0, maxCalls/2)
	}
	s.calls = append(s.calls, c)
	for _, r := range s.rules {
		if r.left != 0 && r.match.matches(c) {
			r.left--
			return r.fault
		}
	}
	return Fault{}
}

// Calls are the calls that match, in the order in which they came.
func (s *Server) Calls(m Match) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Call
	for _, c := range s.calls {
		if m.matches(c) {
			found = append(found, c)
		}
	}
	return found
}

// Loads is how many load jobs were started on "dataset.table" in the last 24
// hours of the server's clock, as the quota counts them.
func (s *Server) Loads(table string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.recentLoads(table))
}

// recentLoads forgets what the quota no longer counts. s.mu is held.
func (s *Server) recentLoads(table string) []time.Time {
	since := s.opt.Now().Add(-24 * time.Hour)
	left := slices.DeleteFunc(s.loads[table], func(t time.Time) bool { return !t.After(since) })
	s.loads[table] = left
	return left
}

// countLoad counts a load job against its table's quota, or refuses it.
func (s *Server) countLoad(table string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.recentLoads(table)) >= s.opt.LoadsPerDay {
		return refuse(http.StatusForbidden, "quotaExceeded",
			"Quota exceeded: Your table exceeded quota for imports or query appends per table. For more information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas")
	}
	s.loads[table] = append(s.loads[table], s.opt.Now())
	return nil
}

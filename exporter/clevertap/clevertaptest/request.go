package clevertaptest

import (
	"fmt"
	"slices"

	"tapline/exporter"
)

// An Op is what a request was for.
type Op string

// The ops. OpOther is a path that nothing is known of.
const (
	OpOpen   Op = "open"
	OpPage   Op = "page"
	OpSchema Op = "schema"
	OpOther  Op = "other"
)

// A Request is an entry of the server's log. It never holds a credential.
type Request struct {
	N        int // from 0
	Method   string
	Path     string
	Op       Op
	Event    string // of the walk or query
	From, To exporter.Day
	Page     int // of the walk, from 0
	Batch    int // batch_size as asked, or 0
	Walk     int64
	Params   string // of an opening: the query, encoded
	Cursor   string // as it was in the URL
	ReqID    string // of a poll
	Fault    Kind

	body []byte
}

// Body is what was sent with a request to an endpoint beside the events' pages.
func (r Request) Body() string { return string(r.body) }

// Requests returns the log so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Count counts the requests that match.
func (s *Server) Count(match func(Request) bool) int {
	n := 0
	for _, r := range s.Requests() {
		if match(r) {
			n++
		}
	}
	return n
}

// Peak returns the most requests that were in flight on the path at one time.
func (s *Server) Peak(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peak[path]
}

// Violations lists what a well-made client never does: more calls in flight
// than allowed, calls of endpoints that write, a cursor encoded twice, a
// credential in a URL, a wrong content type, odd parameters.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

// violate records a violation. The caller holds mu.
func (s *Server) violate(format string, args ...any) {
	s.violations = append(s.violations, fmt.Sprintf(format, args...))
}

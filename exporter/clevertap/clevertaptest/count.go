package clevertaptest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"tapline/exporter"
)

// The ops of the counts. A poll, a GET with a req_id, has the op of its POST.
const (
	OpEventCount   Op = "event count"
	OpProfileCount Op = "profile count"
	OpTop          Op = "top"
	OpTrend        Op = "trend"
	OpNow          Op = "now"
)

// A query is what a POST of counts asks for.
type query struct {
	Request    `json:"-"`
	Unique     bool                       `json:"unique"`
	Sum        string                     `json:"sum_event_prop"`
	Properties []condition                `json:"event_properties"`
	Groups     map[string]json.RawMessage `json:"groups"`
}

// A ticket is a count that is being worked out.
type ticket struct {
	path   string
	left   int // partial answers to come
	answer answer
}

// counted is the route of an endpoint that counts: by POST, and by GET with the
// ticket that the POST gave while the answer is partial.
func counted(op Op, work func(s *Server, q query) answer) route {
	serve := func(s *Server, r *http.Request, q Request, f Fault) answer {
		switch {
		case r.Method == http.MethodGet:
			return s.polled(q, f)
		case q.ReqID != "":
			s.accuse("request %d: POST %s with a req_id", q.N, q.Path)
			return fail(400, 3, "Incorrect Usage")
		}
		c := query{Request: q}
		if err := json.Unmarshal(q.body, &c); err != nil {
			s.accuse("request %d: %s: a body that is no query: %v", q.N, q.Path, err)
			return fail(400, 400, "Invalid request body")
		}
		s.mu.Lock()
		wait := s.still("count " + string(q.body))
		s.mu.Unlock()
		if wait {
			return fail(200, 2, "Request still in progress, please retry later")
		}
		return s.ticketFor(q.Path, work(s, c))
	}
	return route{op, []string{http.MethodPost, http.MethodGet}, serve}
}

// accuse records a violation; the caller does not hold mu.
func (s *Server) accuse(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violate(format, args...)
}

// ticketFor gives the answer, or a ticket for it when answers are to be partial
// first. Refusals come at once.
func (s *Server) ticketFor(path string, a answer) answer {
	var env struct{ Status string }
	if s.opt.Polls == 0 || json.Unmarshal(a.body, &env) != nil || env.Status != "success" {
		return a
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Odd and beyond 2^53, so that a float64 does not hold it.
	id := strconv.FormatInt(1<<60+2*int64(len(s.tickets))+1, 10)
	s.tickets[id] = &ticket{path, s.opt.Polls - 1, a}
	return s.partial(id)
}

// partial is the answer that names a ticket.
func (s *Server) partial(id string) answer {
	if s.opt.TextIDs {
		id = strconv.Quote(id)
	}
	return text(200, `{"status":"partial","req_id":`+id+`}`)
}

// polled answers a GET with a ticket.
func (s *Server) polled(q Request, f Fault) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := q.ReqID
	if id == "" || len(q.body) > 0 {
		s.violate("request %d: GET %s without a req_id, or with a body", q.N, q.Path)
		return fail(400, 3, "Incorrect Usage")
	}
	t := s.tickets[id]
	switch {
	case t == nil || t.path != q.Path || f.Kind == Expired:
		delete(s.tickets, id)
		return fail(400, 400, "invalid request id : "+id)
	case t.left > 0:
		t.left--
		return s.partial(id)
	}
	return t.answer
}

// refused finds what is wrong with the event and the days of a query.
func (s *Server) refused(q Request) (answer, bool) {
	switch {
	case q.Event == "":
		return fail(400, 400, "event_name is required"), true
	case q.From.IsZero() || q.To.IsZero() || q.To.Before(q.From):
		return fail(400, 4002, "Invalid date"), true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.knows(q.Event) && s.opt.Region != EmptyAccount:
		return fail(200, 0, fmt.Sprintf(`["Invalid event : %s"]`, q.Event)), true
	case exporter.DayOf(s.opt.Now().In(s.opt.Location)).Before(q.To):
		return fail(200, 4002, "Date in the future"), true
	}
	return answer{}, false
}

func eventCount(s *Server, q query) answer {
	if a, bad := s.refused(q.Request); bad {
		return a
	}
	return success("count", s.tally(q, q.From, q.To, q.Unique, ""))
}

func profileCount(s *Server, q query) answer {
	if a, bad := s.refused(q.Request); bad {
		return a
	}
	return success("count", s.tally(q, q.From, q.To, true, ""))
}

// success is an answer of one value.
func success(key string, v any) answer {
	b, err := json.Marshal(map[string]any{"status": "success", key: v})
	if err != nil {
		return text(500, "")
	}
	return answer{status: 200, body: b}
}

// tally counts the events of the query in the days from first to last, both
// included: the events, the people, or with sum the whole part of that property.
func (s *Server) tally(q query, first, last exporter.Day, people bool, sum string) int64 {
	var n int64
	met := map[string]bool{}
	for d := first; !last.Before(d); d = d.Add(1) {
		if !people && sum == "" && len(q.Properties) == 0 {
			n += int64(s.length(q.Event, d))
			continue
		}
		for r := range s.facts(q.Event, d) {
			switch {
			case !r.meets(q.Properties):
			case sum != "":
				n += r.whole(sum)
			case people:
				met[r.person()] = true
			default:
				n++
			}
		}
	}
	if people {
		return int64(len(met))
	}
	return n
}

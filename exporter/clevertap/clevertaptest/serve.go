package clevertaptest

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tapline/exporter"
)

// An answer is a response before it is written.
type answer struct {
	status int
	html   bool
	body   []byte
}

func text(status int, body string) answer { return answer{status: status, body: []byte(body)} }

// fail is the vendor's envelope of an error.
func fail(status, code int, message string) answer {
	b, err := json.Marshal(map[string]any{"status": "fail", "error": message, "code": code})
	if err != nil {
		return text(http.StatusInternalServerError, "")
	}
	return answer{status: status, body: b}
}

// A route is an endpoint beside those of the events' walks.
type route struct {
	op Op
	// methods are those that a reader uses.
	methods []string
	// serve answers q, whose body has been read. It holds no lock.
	serve func(s *Server, r *http.Request, q Request, f Fault) answer
}

// routes is the registry of the endpoints by path: one line each.
func routes() map[string]route {
	return map[string]route{
		"/1/profile.json":        {OpProfile, []string{http.MethodGet}, profileAnswer},
		"/getSchema":             {OpSchema, []string{http.MethodGet}, schemaAnswer},
		"/1/targets/list.json":   {OpCampaigns, []string{http.MethodPost}, campaignsAnswer},
		"/1/targets/result.json": {OpResult, []string{http.MethodPost}, resultAnswer},
		"/1/message/report.json": {OpMessages, []string{http.MethodPost}, messagesAnswer},

		"/1/counts/events.json":   counted(OpEventCount, eventCount),
		"/1/counts/profiles.json": counted(OpProfileCount, profileCount),
		"/1/counts/top.json":      counted(OpTop, topCounts),
		"/1/counts/trends.json":   counted(OpTrend, trends),
		"/1/now.json":             counted(OpNow, now),
	}
}

// ServeHTTP answers as the vendor does. A request is in flight from here until
// its answer is ready, so that one who waits for the answer is never too early.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, walk, place := s.note(r)
	s.mu.Lock()
	q.N = len(s.requests)
	f := s.fault(q)
	q.Fault = f.Kind
	s.requests = append(s.requests, q)
	s.flight[q.Path]++
	over := s.flight[q.Path] > s.opt.Limit
	s.peak[q.Path] = max(s.peak[q.Path], s.flight[q.Path])
	if over {
		s.violate("request %d: %d in flight on %s", q.N, s.flight[q.Path], q.Path)
	}
	s.mu.Unlock()

	if f.Delay > 0 {
		select {
		case <-r.Context().Done():
		case <-time.After(f.Delay):
		}
	}
	a := s.answer(r, q, walk, place, f, over)
	s.mu.Lock()
	s.flight[q.Path]--
	s.mu.Unlock()
	write(w, a, f)
}

// note reads what the request is for, and the walk it belongs to.
func (s *Server) note(r *http.Request) (Request, *walk, place) {
	q := Request{Method: r.Method, Path: r.URL.Path, Op: OpOther}
	params := r.URL.Query()
	q.Batch, _ = strconv.Atoi(params.Get("batch_size"))
	var wk *walk
	var p place
	rt, routed := s.route(r.URL.Path)
	if routed {
		q.Op, q.ReqID = rt.op, params.Get("req_id")
	}
	if walked(r.URL.Path) && !params.Has("cursor") {
		q.Op, q.Params = OpOpen, r.URL.RawQuery
	}
	if routed || q.Op == OpOpen {
		q.body = readBody(r)
		q.Event, q.From, q.To = readQuery(q.body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case walked(r.URL.Path) && params.Has("cursor"):
		q.Op, q.Cursor = OpPage, rawParam(r.URL.RawQuery, "cursor")
		var ok bool
		if p, ok = decodePlace(params.Get("cursor")); ok {
			if wk = s.walks[p.Walk]; wk != nil {
				q.Event, q.From, q.To, q.Walk, q.Page = wk.event, wk.from, wk.to, wk.id, p.Page
			}
		} else if strings.Contains(params.Get("cursor"), "%") {
			s.violate("a cursor was encoded twice")
		}
	case routed && !slices.Contains(rt.methods, r.Method):
		s.violate("%s %s is not what a reader calls", r.Method, r.URL.Path)
	case q.Op == OpOpen, routed:
		if r.Method == http.MethodPost && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			s.violate("%s %s without its content type", r.Method, r.URL.Path)
		}
	default:
		if r.Method != http.MethodGet || strings.HasPrefix(r.URL.Path, "/1/") {
			s.violate("%s %s is no endpoint a reader calls", r.Method, r.URL.Path)
		}
	}
	if strings.Contains(r.URL.RawQuery, s.opt.Passcode) || strings.Contains(r.URL.RawQuery, s.opt.AccountID) {
		s.violate("a credential in a URL of %s", r.URL.Path)
	}
	return q, wk, p
}

// route finds the endpoint of a path.
func (s *Server) route(path string) (route, bool) {
	rt, ok := routes()[path]
	if path == "/getSchema" && s.opt.NoSchema {
		return route{}, false
	}
	return rt, ok
}

// readBody reads what a request says, a megabyte at most.
func readBody(r *http.Request) []byte {
	b, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return nil
	}
	return b
}

// readQuery reads the event and days of a query, or nothing when the body is
// no such thing. Days come as numbers or as texts.
func readQuery(b []byte) (event string, from, to exporter.Day) {
	var body struct {
		Event string          `json:"event_name"`
		From  json.RawMessage `json:"from"`
		To    json.RawMessage `json:"to"`
	}
	if json.Unmarshal(b, &body) != nil {
		return "", exporter.Day{}, exporter.Day{}
	}
	return body.Event, dayOf(strings.Trim(string(body.From), `"`)), dayOf(strings.Trim(string(body.To), `"`))
}

// dayOf reads yyyymmdd; anything else is no day.
func dayOf(digits string) exporter.Day {
	t, err := time.Parse("20060102", digits)
	if err != nil {
		return exporter.Day{}
	}
	return exporter.DayOf(t)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (s *Server) answer(r *http.Request, q Request, w *walk, p place, f Fault, over bool) answer {
	switch {
	case over || f.Kind == TooMany:
		return fail(429, 429, "Too many concurrent requests")
	case !same(r.Header.Get("X-CleverTap-Account-Id"), s.opt.AccountID) || s.opt.Region == RejectsAccount:
		return fail(401, 401, "Account ID is not valid")
	case !same(r.Header.Get("X-CleverTap-Passcode"), s.opt.Passcode) || f.Kind == Refused:
		return fail(401, 401, "Invalid Credentials")
	}
	if a, ok := faulty(f); ok {
		return a
	}
	if rt, ok := s.route(r.URL.Path); ok {
		return rt.serve(s, r, q, f)
	}
	switch q.Op {
	case OpOpen:
		return s.openAnswer(r, q)
	case OpPage:
		return s.pageAnswer(q, w, p, f)
	}
	return text(200, "") // any other path
}

// faulty gives the answers that hold for every endpoint.
func faulty(f Fault) (answer, bool) {
	switch f.Kind {
	case ServerError:
		return fail(500, 500, "Internal Server Error"), true
	case Unavailable:
		return text(503, ""), true
	case BadGateway:
		return answer{502, true, []byte("<html><body>502 Bad Gateway</body></html>")}, true
	case HTML:
		return answer{200, true, []byte("<!doctype html><title>Sign in</title>")}, true
	case Empty:
		return text(200, ""), true
	case InProgress:
		return fail(200, 2, "Request still in progress, please retry later"), true
	case Accepted:
		return text(202, `{"status":"partial"}`), true
	case Fail:
		return fail(200, 0, f.Text), true
	case Answer:
		return text(f.Status, f.Text), true
	}
	return answer{}, false
}

func schemaAnswer(s *Server, r *http.Request, _ Request, _ Fault) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	type entry struct {
		Name  string `json:"name"`
		Count int    `json:"eventCount"`
	}
	out := map[string]any{"status": "success"}
	list := []entry{}
	switch r.URL.Query().Get("type") {
	case "events":
		if s.opt.Region != EmptyAccount {
			for _, n := range s.allNames() {
				list = append(list, entry{Name: n})
			}
		}
		out["events"] = list
	case "userProperties":
		for _, n := range []string{"Tier", "Points", "Joined", "Newsletter"} {
			list = append(list, entry{Name: n})
		}
		out["userProperties"] = list
	default:
		return fail(400, 400, "Invalid type")
	}
	b, err := json.Marshal(out)
	if err != nil {
		return text(500, "")
	}
	return answer{status: 200, body: b}
}

func (s *Server) openAnswer(r *http.Request, q Request) answer {
	switch {
	case r.Method != http.MethodPost:
		return fail(200, 3, "Incorrect Usage")
	case q.Event == "":
		return fail(400, 400, "event_name is required")
	case q.From.IsZero() || q.To.IsZero() || q.To.Before(q.From):
		return fail(400, 4002, "Invalid date")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.opt.NotExportable {
		if n == q.Event {
			return fail(400, 400, "Export not allowed for this event")
		}
	}
	if !s.knows(q.Event) && s.opt.Region != EmptyAccount {
		return fail(200, 0, fmt.Sprintf(`["Invalid event : %s"]`, q.Event))
	}
	if exporter.DayOf(s.opt.Now().In(s.opt.Location)).Before(q.To) {
		return fail(200, 4002, "Date in the future")
	}
	if s.still(fmt.Sprintf("open %s %s %s", q.Path, q.Event, q.From)) {
		return fail(200, 2, "Request still in progress, please retry later")
	}
	params := r.URL.Query()
	on := func(name string) bool { // both default to true
		v, err := strconv.ParseBool(params.Get(name))
		return err != nil || v
	}
	app, _ := strconv.ParseBool(params.Get("app"))
	batch := q.Batch
	if !params.Has("batch_size") {
		batch = 4991
	}
	w := s.open(q.Path, q.Event, q.From, q.To, batch, View{App: app, Events: on("events"), Profile: on("profile")})
	c := place{Walk: w.id, Blank: s.opt.EmptyPages}.encode()
	return text(200, `{"status":"success","cursor":"`+c+`"}`)
}

// still reports whether what was asked for is not ready yet. The caller holds mu.
func (s *Server) still(what string) bool {
	if s.pending[what] >= s.opt.Pending {
		delete(s.pending, what)
		return false
	}
	s.pending[what]++
	return true
}

func (s *Server) pageAnswer(q Request, w *walk, p place, f Fault) answer {
	if w == nil || w.path != q.Path || p.Place > w.total {
		return fail(200, 3, "Incorrect Usage")
	}
	now := s.opt.Now()
	s.mu.Lock()
	dead := f.Kind == Expired || w.expired(now) || w.account != s.opt.AccountID
	wait := !dead && s.still(fmt.Sprintf("page %d %d", w.id, p.Page))
	if !dead {
		w.used = now
	}
	s.mu.Unlock()
	switch {
	case dead:
		return fail(400, 400, s.opt.ExpiredText)
	case wait:
		return fail(200, 2, "Request still in progress, please retry later")
	case f.Kind == Repeat:
		return answer{status: 200, body: s.page(w, p, q.Cursor)}
	}
	return answer{status: 200, body: s.page(w, p, "")}
}

// write sends the answer, or as much of it as the fault lets through.
func write(w http.ResponseWriter, a answer, f Fault) {
	if f.Kind == Reset {
		panic(http.ErrAbortHandler) // the documented way to end a connection
	}
	h := w.Header()
	h.Set("Content-Type", "application/json;charset=utf-8")
	if a.html {
		h.Set("Content-Type", "text/html")
	}
	if f.RetryAfter != "" {
		h.Set("Retry-After", f.RetryAfter)
	}
	for k, v := range f.Header {
		h.Set(k, v)
	}
	body := a.body
	if f.Kind == CutJSON {
		body = body[:len(body)/2]
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.status)
	if f.Kind == CutBody {
		_, _ = w.Write(body[:len(body)/2])
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body) // a client that went away has its own error
}

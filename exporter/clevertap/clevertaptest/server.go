// Package clevertaptest is a CleverTap account in one process: a real HTTP
// server with state, the limits of the vendor's API, and faults as data. Tests
// use it through NewServer, the demo command through New and Start.
//
// It serves what tapline reads, and has no endpoint that writes; a call to one is
// recorded as a violation. It judges its client: see Server.Violations.
package clevertaptest

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"tapline/exporter"
)

// The credentials of a server whose Options name none.
const (
	DefaultAccountID = "TST-4W6-R99Z"
	DefaultPasscode  = "CANARY-PASSCODE-7f3d"
)

// A Feed holds the events of an account. Implementations are pure functions of
// their arguments and safe for concurrent use.
type Feed interface {
	// Names lists the events of the account.
	Names() []string
	// Len is the number of records of the event on the project-local day.
	Len(event string, day exporter.Day) int
	// Append appends record i of that day, 0 <= i < Len, as a JSON object.
	Append(b []byte, event string, day exporter.Day, i int, v View) []byte
}

// A View says what of a record was asked for.
type View struct {
	App, Events, Profile bool
	// Now is the server's clock: profiles are shown as they are now.
	Now time.Time
}

// Region says what the server makes of credentials that are right elsewhere.
type Region int

// The answers of a region; the vendor's clients report both wrong ones.
const (
	Home           Region = iota // the account lives here
	RejectsAccount               // 401
	EmptyAccount                 // success, and no data
)

// Options describe an account and how its server behaves. The zero value is an
// empty account in Asia/Kolkata that behaves well.
type Options struct {
	AccountID, Passcode string         // "" = the defaults
	Location            *time.Location // of days and ts; nil = Asia/Kolkata
	Now                 func() time.Time
	Data                Feed // nil = no events but added ones
	Region              Region

	// Limit is how many calls of one API may be in flight; 0 = 3.
	Limit int
	// NotExportable events are listed, and opening them is refused.
	NotExportable []string
	// Pending is how often opening, and each page, is first "in progress".
	Pending int
	// Partial pages carry status "partial" and the next place in "cursor".
	Partial bool
	// CursorFirst puts next_cursor before the records.
	CursorFirst bool
	// EmptyPages puts a page without records before each page and at the end.
	EmptyPages bool
	// NoSchema makes /getSchema an unknown path.
	NoSchema bool
	// Polls is how many answers of a count are partial, with a req_id, before
	// the whole one; TextIDs makes the req_id a text instead of a number.
	Polls   int
	TextIDs bool
	// ExpiredText is what a dead cursor is answered with; "" = "Cursor expired".
	ExpiredText string
	// Campaigns replace those of a Shop.
	Campaigns []Campaign

	Faults Faults
}

// A Server is one account. Make it with New or NewServer.
type Server struct {
	URL string // set by Start: "http://127.0.0.1:port"

	opt  Options
	http *http.Server
	done chan struct{}

	mu         sync.Mutex
	added      map[key][][]byte
	profiles   map[key][][]byte
	names      []string // of added events that Data does not have
	walks      map[int64]*walk
	lastWalk   int64
	requests   []Request
	flight     map[string]int // by path
	peak       map[string]int
	violations []string
	scripts    []*script
	pending    map[string]int
	tickets    map[string]*ticket
}

type key struct {
	event string
	day   exporter.Day
}

// TB is the part of testing.TB that NewServer needs.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// NewServer starts a server on a free port of 127.0.0.1 that ends with the test.
func NewServer(t TB, o Options) *Server {
	t.Helper()
	s := New(o)
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatalf("clevertaptest: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// New returns a server that is not started; it is an http.Handler as it stands.
func New(o Options) *Server {
	if o.AccountID == "" {
		o.AccountID = DefaultAccountID
	}
	if o.Passcode == "" {
		o.Passcode = DefaultPasscode
	}
	if o.Location == nil {
		o.Location = time.FixedZone("Asia/Kolkata", 5*3600+1800)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Limit == 0 {
		o.Limit = 3
	}
	if o.ExpiredText == "" {
		o.ExpiredText = "Cursor expired"
	}
	return &Server{
		opt: o, added: map[key][][]byte{}, profiles: map[key][][]byte{}, walks: map[int64]*walk{},
		flight: map[string]int{}, peak: map[string]int{}, pending: map[string]int{},
		tickets: map[string]*ticket{},
	}
}

// Start listens on addr, such as "127.0.0.1:0", and sets URL.
func (s *Server) Start(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	s.URL = "http://" + l.Addr().String()
	s.http = &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: log.New(io.Discard, "", 0), // reset connections are on purpose
	}
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // always ErrServerClosed or the listener's end
	}()
	return nil
}

// Close ends all connections and waits for the listener.
func (s *Server) Close() error {
	if s.http == nil {
		return nil
	}
	err := s.http.Close()
	<-s.done
	if errors.Is(err, net.ErrClosed) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// AddEvents adds records, JSON objects with profile, ts and event_props, to the
// end of an event's day: late events when the day is closed. Walks that are
// open do not see them. An event without records becomes known.
func (s *Server) AddEvents(event string, day exporter.Day, records ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.knows(event) {
		s.names = append(s.names, event)
	}
	k := key{event, day}
	for _, r := range records {
		s.added[k] = append(s.added[k], []byte(r))
	}
}

// knows reports whether the account has the event. The caller holds mu.
func (s *Server) knows(event string) bool {
	for _, n := range s.allNames() {
		if n == event {
			return true
		}
	}
	return false
}

func (s *Server) allNames() []string {
	var names []string
	if s.opt.Data != nil {
		names = append(names, s.opt.Data.Names()...)
	}
	names = append(names, s.names...)
	return append(names, s.opt.NotExportable...)
}

// SetFaults replaces the faults that befall requests at random.
func (s *Server) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opt.Faults = f
}

package buckettest

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// A Protocol answers requests from a State.
type Protocol interface {
	http.Handler
	// Refuse answers with a status and a message in the protocol's words.
	Refuse(w http.ResponseWriter, r *http.Request, status int, message string)
}

// A Server serves a Protocol over HTTP and lets faults befall its requests.
type Server struct {
	URL string // set by Start: "http://127.0.0.1:port"
	*State

	protocol Protocol
	http     *http.Server
	done     chan struct{}

	mu       sync.Mutex
	faults   Faults
	scripts  []*script
	requests int
}

type script struct {
	match func(*http.Request) bool
	left  int
	fault Fault
}

// TB is the part of testing.TB that NewServer functions need.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// NewServer returns a server that is not started; it is an http.Handler as it
// stands.
func NewServer(s *State, p Protocol) *Server { return &Server{State: s, protocol: p} }

// Start listens on addr, such as "127.0.0.1:0", and sets URL.
func (s *Server) Start(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	s.URL = "http://" + l.Addr().String()
	s.http = &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: log.New(io.Discard, "", 0), // broken connections are on purpose
	}
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // always ErrServerClosed or the listener's end
	}()
	return nil
}

// Run starts the server on a free port of 127.0.0.1 for as long as the test runs.
func (s *Server) Run(t TB) {
	t.Helper()
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatalf("buckettest: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
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

// SetFaults replaces the faults that befall requests at random.
func (s *Server) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

// Fail lets the fault befall the next times requests that match, any when match
// is nil; times < 0 is all of them. Scripts go before random faults, the older
// before the newer.
func (s *Server) Fail(match func(*http.Request) bool, times int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts = append(s.scripts, &script{match, times, f})
}

// Requests counts the requests so far.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := s.fault(r)
	if status := f.Status(); status != 0 {
		_, _ = io.Copy(io.Discard, r.Body)
		s.protocol.Refuse(w, r, status, f.Text)
		return
	}
	switch f.Kind {
	case "":
		s.protocol.ServeHTTP(w, r)
	case Reset:
		panic(http.ErrAbortHandler)
	case Slow:
		wait(r, f.Delay)
		s.protocol.ServeHTTP(w, r)
	default:
		fw := &faulty{ResponseWriter: w, r: r, fault: f}
		s.protocol.ServeHTTP(fw, r)
		if f.Kind == LostAnswer { // a handler that wrote nothing
			panic(http.ErrAbortHandler)
		}
	}
}

func (s *Server) fault(r *http.Request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	for _, sc := range s.scripts {
		if sc.left != 0 && (sc.match == nil || sc.match(r)) {
			sc.left--
			return sc.fault
		}
	}
	f := s.faults.pick(s.requests)
	if r.Method != http.MethodGet && f.doubtful() {
		return Fault{Kind: Unavailable}
	}
	return f
}

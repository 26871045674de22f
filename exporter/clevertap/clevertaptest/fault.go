package clevertaptest

import "time"

// A Kind is a way in which a request goes wrong.
type Kind string

// The kinds of fault. All but the last five are over when the same request is
// made again.
const (
	TooMany     Kind = "429"          // "Too many concurrent requests"
	ServerError Kind = "500"          // JSON
	Unavailable Kind = "503"          // no body
	BadGateway  Kind = "502 html"     // a proxy's page
	CutBody     Kind = "cut body"     // the connection ends in the middle
	Reset       Kind = "reset"        // the connection ends before an answer
	HTML        Kind = "html"         // a page under 200
	Empty       Kind = "empty"        // nothing under 200
	CutJSON     Kind = "cut json"     // half a document, and its length is right
	InProgress  Kind = "in progress"  // code 2 under 200
	Accepted    Kind = "202"          // not finished
	Slow        Kind = "slow"         // the right answer after Delay
	Expired     Kind = "expired"      // the cursor is dead
	Repeat      Kind = "repeat"       // next_cursor is the cursor asked with
	Fail        Kind = "fail"         // status "fail" under 200, with Text
	Refused     Kind = "401"          // credentials
	Answer      Kind = "plain answer" // Status and Text as they are
)

// A Fault is one kind with its particulars.
type Fault struct {
	Kind       Kind
	RetryAfter string        // header, for TooMany and Unavailable
	Delay      time.Duration // before the answer, whatever the kind
	Text       string        // for Fail and Answer
	Status     int           // for Answer
	Header     map[string]string
}

// Faults befall requests at random: one in Rate of them, by request number, so
// that a run with the same seed meets the same ones. Zero Rate is none.
type Faults struct {
	Rate  int
	Seed  uint64
	Kinds []Fault // nil = Transient
}

// Transient are the faults that a client survives by asking again.
func Transient() []Fault {
	return []Fault{
		{Kind: TooMany}, {Kind: TooMany, RetryAfter: "1"}, {Kind: ServerError}, {Kind: Unavailable},
		{Kind: BadGateway}, {Kind: CutBody}, {Kind: Reset}, {Kind: HTML}, {Kind: Empty}, {Kind: CutJSON},
		{Kind: InProgress}, {Kind: Accepted}, {Kind: Slow, Delay: time.Millisecond},
	}
}

func (f Faults) pick(n int) Fault {
	if f.Rate <= 0 {
		return Fault{}
	}
	kinds := f.Kinds
	if kinds == nil {
		kinds = Transient()
	}
	h := mix(f.Seed ^ uint64(n)*0x9e3779b97f4a7c15)
	if h%uint64(f.Rate) != 0 || len(kinds) == 0 {
		return Fault{}
	}
	return kinds[mix(h)%uint64(len(kinds))]
}

// mix scrambles a number (splitmix64's finalizer).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

type script struct {
	match func(Request) bool
	left  int
	fault Fault
}

// Fail lets the fault befall the next times requests that match; times < 0 is
// all of them. Scripts go before random faults, the older before the newer.
func (s *Server) Fail(match func(Request) bool, times int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts = append(s.scripts, &script{match, times, f})
}

// Any matches every request.
func Any(Request) bool { return true }

// Opening matches the request that opens a cursor for the event; "" is any.
func Opening(event string) func(Request) bool {
	return func(r Request) bool { return r.Op == OpOpen && (event == "" || r.Event == event) }
}

// Page matches the request for page n, from 0, of a walk over the event; "" is
// any event.
func Page(event string, n int) func(Request) bool {
	return func(r Request) bool { return r.Op == OpPage && r.Page == n && (event == "" || r.Event == event) }
}

// Schema matches /getSchema.
func Schema(r Request) bool { return r.Op == OpSchema }

// fault decides what befalls a request. The caller holds mu.
func (s *Server) fault(r Request) Fault {
	for _, sc := range s.scripts {
		if sc.left != 0 && sc.match(r) {
			sc.left--
			return sc.fault
		}
	}
	return s.opt.Faults.pick(r.N)
}

package buckettest

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// A Kind is a way in which a request goes wrong.
type Kind string

// The kinds of fault. All but Refused and Corrupt are over when the same
// request is made again.
const (
	Unavailable Kind = "503"       // in the protocol's own words
	ServerError Kind = "500"       // in the protocol's own words
	TooMany     Kind = "429"       // in the protocol's own words
	Reset       Kind = "reset"     // the connection ends before an answer
	Cut         Kind = "cut body"  // the connection ends after After bytes
	Short       Kind = "truncated" // After bytes, and the answer ends as if that were all
	Stall       Kind = "stall"     // After bytes, then nothing for Delay or until the client leaves
	Change      Kind = "change"    // After bytes; then Do is called and the connection ends
	LostAnswer  Kind = "lost"      // the request takes effect, and the connection ends before the answer
	Corrupt     Kind = "corrupt"   // byte After of the answer is another one
	Slow        Kind = "slow"      // the right answer after Delay
	Refused     Kind = "403"       // in the protocol's own words; Text is its message
)

// A Fault is one kind with its particulars.
type Fault struct {
	Kind  Kind
	After int // bytes of the answer's body
	Delay time.Duration
	Text  string
	Do    func() // for Change
}

// Status is what a fault answers with instead of the right answer, 0 when it
// does not.
func (f Fault) Status() int {
	switch f.Kind {
	case Unavailable:
		return http.StatusServiceUnavailable
	case ServerError:
		return http.StatusInternalServerError
	case TooMany:
		return http.StatusTooManyRequests
	case Refused:
		return http.StatusForbidden
	}
	return 0
}

// doubtful reports whether a client cannot tell if the request took effect.
func (f Fault) doubtful() bool {
	switch f.Kind {
	case "", Unavailable, TooMany, Refused, Slow:
		return false
	}
	return true
}

// Faults befall requests at random: one in Rate of them, by request number, so
// that a run with the same seed meets the same ones. Zero Rate is none.
//
// What leaves in doubt whether a request to write took effect happens by Fail
// only; at random it is a 503 instead. Where several write one object, such a
// doubt cannot always be resolved, so that no client could pass a suite.
type Faults struct {
	Rate  int
	Seed  uint64
	Kinds []Fault // nil = Transient
}

// Transient are the faults that a client survives by asking again.
func Transient() []Fault {
	return []Fault{
		{Kind: Unavailable}, {Kind: ServerError}, {Kind: TooMany}, {Kind: Reset},
		{Kind: Cut}, {Kind: Cut, After: 100}, {Kind: Cut, After: 20_000}, {Kind: Short, After: 3_000},
		{Kind: LostAnswer}, {Kind: Slow, Delay: time.Millisecond},
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

// faulty does to an answer what a fault says. It panics with
// http.ErrAbortHandler where the connection is to end, which net/http expects.
type faulty struct {
	http.ResponseWriter
	r     *http.Request
	fault Fault
	sent  int
}

var errTruncated = errors.New("answer truncated by a fault")

func (w *faulty) WriteHeader(status int) {
	if w.fault.Kind == LostAnswer {
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	n, err := strconv.Atoi(h.Get("Content-Length"))
	if w.fault.Kind == Short && err == nil && n > w.fault.After {
		h.Set("Content-Length", strconv.Itoa(w.fault.After))
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *faulty) Write(p []byte) (int, error) {
	left := w.fault.After - w.sent
	if left >= len(p) {
		return w.write(p)
	}
	switch w.fault.Kind {
	case LostAnswer:
		panic(http.ErrAbortHandler)
	case Cut, Change, Stall, Short:
		n, err := w.write(p[:max(left, 0)])
		if err != nil {
			return n, err
		}
		_ = http.NewResponseController(w.ResponseWriter).Flush() // best effort: what is sent may still be lost
		return n, w.end()
	case Corrupt:
		if left >= 0 {
			q := append([]byte(nil), p...)
			q[left] ^= 0x20
			return w.write(q)
		}
	}
	return w.write(p)
}

func (w *faulty) end() error {
	switch w.fault.Kind {
	case Short:
		return errTruncated // the handler stops writing
	case Change:
		w.fault.Do()
	case Stall:
		wait(w.r, w.fault.Delay)
	}
	panic(http.ErrAbortHandler)
}

func (w *faulty) write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.sent += n
	return n, err
}

// wait returns after d, or when the client is gone; zero d is for ever.
func wait(r *http.Request, d time.Duration) {
	var timer <-chan time.Time
	if d > 0 {
		timer = time.After(d)
	}
	select {
	case <-r.Context().Done():
	case <-timer:
	}
}

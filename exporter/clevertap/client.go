package clevertap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v5"

	"tapline/exporter"
)

// Retry says how stubborn the client is. Zero fields have the defaults. All
// requests are safe to repeat: opening twice makes two cursors, no more.
type Retry struct {
	Tries   int           // of a request that goes wrong, 429 aside. 0 = 10
	First   time.Duration // the first wait, doubled each time, half of it by chance. 0 = 1 s
	Most    time.Duration // the longest wait, also when the vendor asks for more. 0 = 1 min
	Total   time.Duration // all waits for one answer. 0 = 15 min
	Poll    time.Duration // the first wait while an answer is in progress. 0 = 2 s
	Timeout time.Duration // of one request. 0 = 5 min
	Idle    time.Duration // without a byte in an answer. 0 = 1 min
	MaxBody int64         // of an answer, bytes uncompressed. 0 = 256 MiB
	// Sleep waits, or returns ctx's error when that is done. Nil = a timer.
	Sleep func(ctx context.Context, d time.Duration) error
}

func (r Retry) withDefaults() Retry {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&r.First, time.Second)
	set(&r.Most, time.Minute)
	set(&r.Total, 15*time.Minute)
	set(&r.Poll, 2*time.Second)
	set(&r.Timeout, 5*time.Minute)
	set(&r.Idle, time.Minute)
	if r.Tries <= 0 {
		r.Tries = 10
	}
	if r.MaxBody <= 0 {
		r.MaxBody = 256 << 20
	}
	if r.Sleep == nil {
		r.Sleep = sleep
	}
	return r
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// A client makes requests of one account.
type client struct {
	base     *url.URL
	account  string
	passcode string
	http     *http.Client
	retry    Retry
	log      *slog.Logger
	now      func() time.Time
	gates    *Gates
	slots    int
	meter    meter
}

// A call is a request that may be made several times.
type call struct {
	op      string // for people: "open events/Order Placed 2026-09-01"
	api     string // whose gate it passes
	method  string
	path    string
	query   string // encoded
	body    []byte
	walking bool // a cursor is in the query
	opened  time.Time
	life    time.Duration // of that cursor
	tries   int           // instead of Retry.Tries, when it is less and not 0
	strange int           // instead of maxStrange, likewise
	unready bool          // an answer may say that there is nothing yet

	single bool   // asks for one user, who may not be there: errAbsent
	secret string // in the query, an id; never shown

	polls  bool   // an answer in progress names a ticket: see poll
	ticket string // in the query; never shown
}

// A failure is why an attempt gave no answer, and what to do about it.
type failure struct {
	err   error
	kind  failKind
	after time.Duration // what the vendor asked for, or 0

	ticket string // under which to ask for what is in progress, or ""
	lost   bool   // the ticket asked with is no longer known
}

type failKind int

const (
	final   failKind = iota // nothing will help
	again                   // a fault: one of the tries is spent
	strange                 // an answer that may be all that will ever come: fewer tries
	refused                 // a refusal of unknown meaning: fewer still
	crowded                 // 429: only time is spent
	pending                 // the answer is in progress: only time is spent
)

// How often an answer of these kinds is taken for a fault that will pass.
const (
	maxStrange = 6
	maxRefused = 3
)

// do makes the call until it is answered, and returns the body in buf or in a
// larger buffer. Check, when not nil, looks into the body and may find fault
// with it. Whatever error do returns is final.
func (c *client) do(ctx context.Context, q call, buf []byte, check func(body []byte) *failure) ([]byte, error) {
	p, at := c.patience(q), q
	for {
		body, f := c.attempt(ctx, at, buf)
		if f == nil && check != nil {
			f = check(body)
		}
		if f == nil {
			return body, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("clevertap: %s: %w", q.op, ctx.Err())
		}
		if err := p.wait(ctx, f); err != nil {
			return nil, err
		}
		at = q.poll(at, f)
	}
}

// A patience counts the tries and waits that one answer has cost.
type patience struct {
	c      *client
	q      call
	faults backoff.ExponentialBackOff
	polls  backoff.ExponentialBackOff
	tries  int // without 429 and answers in progress
	spent  [pending + 1]int
	waited time.Duration
}

func (c *client) patience(q call) *patience {
	curve := func(first time.Duration) backoff.ExponentialBackOff {
		return backoff.ExponentialBackOff{
			InitialInterval: first, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: c.retry.Most,
		}
	}
	p := &patience{c: c, q: q, faults: curve(c.retry.First), polls: curve(c.retry.Poll)}
	p.polls.MaxInterval = max(c.retry.Poll, min(c.retry.Most, 10*time.Second))
	p.polls.Multiplier = 1.5
	return p
}

// wait returns nil when it is time to try again, and otherwise the error to
// give up with.
func (p *patience) wait(ctx context.Context, f *failure) error {
	if f.kind == final {
		return f.err
	}
	d := p.next(f)
	switch {
	case p.used(f.kind):
		return fmt.Errorf("%w (tried %d times)", f.err, p.tries)
	case p.waited+d > p.c.retry.Total:
		return fmt.Errorf("%w (waited %s)", f.err, p.waited.Round(time.Second))
	}
	p.waited += d
	p.c.log.Debug("request again", "op", p.q.op, "attempt", p.tries, "dur", d, "err", f.err)
	if err := p.c.retry.Sleep(ctx, d); err != nil {
		return fmt.Errorf("clevertap: %s: %w", p.q.op, err)
	}
	p.c.meter.again(p.q.api, f, d)
	return nil
}

// next is how long to wait.
func (p *patience) next(f *failure) time.Duration {
	curve := &p.faults
	if f.kind == pending {
		curve = &p.polls
	}
	d := curve.NextBackOff()
	if f.after > 0 {
		d = min(f.after, p.c.retry.Most)
	}
	return d
}

// used spends a try of the kind and reports whether it was the last.
func (p *patience) used(kind failKind) bool {
	if kind == crowded || kind == pending {
		return false
	}
	limit := func(own, general int) int {
		if own > 0 {
			return min(own, general)
		}
		return general
	}
	p.tries++
	p.spent[kind]++
	return p.tries >= limit(p.q.tries, p.c.retry.Tries) ||
		p.spent[strange] >= limit(p.q.strange, maxStrange) || p.spent[refused] >= maxRefused
}

// attempt makes the call once, in a slot of its API's gate.
func (c *client) attempt(ctx context.Context, q call, buf []byte) ([]byte, *failure) {
	g := c.gates.of(c.base.Host+"\x00"+c.account, q.api, c.slots)
	began := time.Now()
	leave, err := g.enter(ctx)
	if err != nil {
		return nil, &failure{err: err}
	}
	defer leave()
	c.meter.asked(q.api, time.Since(began))
	a, err := c.send(ctx, q, buf)
	if err != nil {
		return nil, c.transport(q, err)
	}
	if f := c.judge(q, a); f != nil {
		return nil, f
	}
	return a.body, nil
}

// transport says what an error below HTTP means. The error of net/http is never
// passed on as it is: it holds the URL, and that the cursor.
func (c *client) transport(q call, err error) *failure {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if errors.Is(err, errTooLarge) {
		return &failure{err: fmt.Errorf("clevertap: %s: %w", q.op, err)}
	}
	if certificate(err) {
		return &failure{err: fmt.Errorf("clevertap: %s: %s: %w: %w", q.op, c.base.Host, exporter.ErrUnreachable, err)}
	}
	return &failure{kind: again, err: fmt.Errorf("clevertap: %s: %s: %w: %w", q.op, c.base.Host, exporter.ErrUnreachable, err)}
}

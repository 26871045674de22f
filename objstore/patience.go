package objstore

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"
)

// Patience says how long a bucket is waited for. The zero value is the default.
type Patience struct {
	// Retry is how long what failed in passing (503, reset, stall) is tried
	// again, counted from the last progress; 0 = 2 minutes.
	Retry time.Duration
	// Idle is how long a connection may stand still before it is given up and
	// the call resumed on another one; 0 = 1 minute.
	Idle time.Duration
	// Backoff is the first pause between tries; each is up to twice the one
	// before, at most 30 seconds. 0 = 250 milliseconds.
	Backoff time.Duration
}

const longestPause = 30 * time.Second

func (p Patience) withDefaults() Patience {
	if p.Retry == 0 {
		p.Retry = 2 * time.Minute
	}
	if p.Idle == 0 {
		p.Idle = time.Minute
	}
	if p.Backoff == 0 {
		p.Backoff = 250 * time.Millisecond
	}
	return p
}

// pause waits before try n, n > 0, is made again.
func (p Patience) pause(ctx context.Context, n int) error {
	d := min(p.Backoff<<min(n-1, 16), longestPause)
	timer := time.NewTimer(d/2 + rand.N(d/2+1))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// stallError says that nothing moved for a while. SDKs try again what is
// temporary.
type stallError struct{ idle time.Duration }

func (e *stallError) Error() string   { return fmt.Sprintf("nothing moved for %s", e.idle) }
func (e *stallError) Timeout() bool   { return true }
func (e *stallError) Temporary() bool { return true }

// newTransport is what both SDKs send through: connections are kept, and given
// up when nothing moves.
func newTransport(like *http.Transport, idle time.Duration) (*http.Transport, http.RoundTripper) {
	base := like.Clone()
	base.MaxIdleConnsPerHost = 32 // readers in parallel; the default of 2 would reconnect all the time
	return base, &watchdog{base, idle}
}

// watchdog ends requests in which no byte moves, in either direction, for idle.
type watchdog struct {
	base http.RoundTripper
	idle time.Duration
}

// RoundTrip implements http.RoundTripper.
func (d *watchdog) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	w := &watch{ctx: ctx, cancel: cancel, idle: d.idle}
	w.timer = time.AfterFunc(d.idle, func() { cancel(&stallError{d.idle}) })
	r = r.WithContext(ctx)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &sentBody{r.Body, w}
	}
	res, err := d.base.RoundTrip(r)
	w.timer.Stop()
	if err != nil {
		err = w.explain(err)
		cancel(nil)
		return nil, err
	}
	w.fail, _ = r.Context().Value(failKey{}).(context.CancelCauseFunc)
	res.Body = &gotBody{ReadCloser: res.Body, watch: w}
	return res, nil
}

type watch struct {
	ctx    context.Context //nolint:containedctx // of one request
	cancel context.CancelCauseFunc
	fail   context.CancelCauseFunc // see failing
	timer  *time.Timer
	idle   time.Duration
}

// explain tells a stall from the cancellation that it was ended with.
func (w *watch) explain(err error) error {
	if stall, ok := context.Cause(w.ctx).(*stallError); ok { //nolint:errorlint // set by us, as it is
		return stall
	}
	return err
}

type sentBody struct {
	io.ReadCloser
	watch *watch
}

func (b *sentBody) Read(p []byte) (int, error) {
	b.watch.timer.Reset(b.watch.idle)
	return b.ReadCloser.Read(p)
}

type gotBody struct {
	io.ReadCloser
	watch *watch
	ended atomic.Bool
}

func (b *gotBody) Read(p []byte) (int, error) {
	b.watch.timer.Reset(b.watch.idle)
	n, err := b.ReadCloser.Read(p)
	b.watch.timer.Stop()
	if err != nil && err != io.EOF { //nolint:errorlint // of io.Reader, as it is
		err = b.watch.explain(err)
		if b.watch.fail != nil && !b.ended.Load() {
			b.watch.fail(err)
		}
	}
	return n, err
}

func (b *gotBody) Close() error {
	b.ended.Store(true)
	b.watch.timer.Stop()
	err := b.ReadCloser.Close()
	b.watch.cancel(nil)
	return err
}

type failKey struct{}

// failing returns a context that ends, with the reason as its cause, when the
// body of an answer breaks. Google's reader would otherwise resume by itself,
// without pause and without end.
func failing(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	return context.WithValue(ctx, failKey{}, cancel), cancel
}

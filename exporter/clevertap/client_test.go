package clevertap_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tapline/exporter"
	"tapline/exporter/clevertap"
	"tapline/exporter/clevertap/clevertaptest"
)

func sum(waits []time.Duration) (d time.Duration) {
	for _, w := range waits {
		d += w
	}
	return d
}

// TestWaits: how long each answer is waited for, and when it is given up.
func TestWaits(t *testing.T) {
	tests := []struct {
		name     string
		fault    clevertaptest.Fault
		tries    int           // requests made until the end; 0 = any number
		min, max time.Duration // of all waits
		says     string
	}{
		{"500", clevertaptest.Fault{Kind: clevertaptest.ServerError}, 10, time.Minute, 8 * time.Minute, "Internal Server Error"},
		{"502", clevertaptest.Fault{Kind: clevertaptest.BadGateway}, 10, time.Minute, 8 * time.Minute, "Bad Gateway"},
		{"reset", clevertaptest.Fault{Kind: clevertaptest.Reset}, 10, time.Minute, 8 * time.Minute, "not reachable"},
		{"cut", clevertaptest.Fault{Kind: clevertaptest.CutBody}, 10, time.Minute, 8 * time.Minute, "EOF"},
		{"empty", clevertaptest.Fault{Kind: clevertaptest.Empty}, 6, 10 * time.Second, time.Minute, "the answer is empty"},
		{"html", clevertaptest.Fault{Kind: clevertaptest.HTML}, 6, 10 * time.Second, time.Minute, "HTML page"},
		{"fail", clevertaptest.Fault{Kind: clevertaptest.Fail, Text: "Nope"}, 3, time.Second, 10 * time.Second, "Nope"},
		{"400", clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 400, Text: `{"status":"fail","error":"Bad","code":400}`}, 1, 0, 0, "Bad"},
		{"405", clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 405}, 1, 0, 0, "Method Not Allowed"},
		{"401", clevertaptest.Fault{Kind: clevertaptest.Refused}, 1, 0, 0, "Invalid Credentials"},
		{"429", clevertaptest.Fault{Kind: clevertaptest.TooMany}, 0, 10 * time.Minute, 15 * time.Minute, "Too many concurrent requests"},
		{"429 after 30 s", clevertaptest.Fault{Kind: clevertaptest.TooMany, RetryAfter: "30"}, 31, 15 * time.Minute, 15 * time.Minute, "waited 15m0s"},
		{"429 after a year", clevertaptest.Fault{Kind: clevertaptest.TooMany, RetryAfter: "31536000"}, 16, 15 * time.Minute, 15 * time.Minute, "waited 15m0s"},
		{"429 after a date", clevertaptest.Fault{Kind: clevertaptest.TooMany, RetryAfter: noon.Add(45 * time.Second).Format(http.TimeFormat)}, 21, 15 * time.Minute, 15 * time.Minute, "slots"},
		{"202", clevertaptest.Fault{Kind: clevertaptest.Accepted}, 0, 10 * time.Minute, 15 * time.Minute, "in progress"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, clevertaptest.Options{}).record()
			numbered(r.server, foo, first, 3)
			r.server.Fail(clevertaptest.Opening(""), -1, tt.fault)
			src := r.source(t)
			_, err := read(t, src, sliceOf(t, src, foo, first), "")
			wantError(t, err, tt.says, "open events/Order Placed 2026-09-01")
			if n := len(r.server.Requests()); tt.tries != 0 && n != tt.tries {
				t.Errorf("%d requests, want %d", n, tt.tries)
			}
			if d := sum(r.waits); d < tt.min || d > tt.max {
				t.Errorf("waited %s in all: %v", d, r.waits)
			}
		})
	}
}

// TestAPIError holds what a caller can ask of an error.
func TestAPIError(t *testing.T) {
	r := newRig(t, clevertaptest.Options{NotExportable: []string{"X"}})
	src := r.source(t)
	_, err := read(t, src, sliceOf(t, src, "X", first), "")
	e, ok := errors.AsType[*clevertap.APIError](err)
	if !ok || e.Op != "open events/X 2026-09-01" || e.Status != 400 || e.Code != 400 || e.Message != "Export not allowed for this event" {
		t.Errorf("got %#v", e)
	}
	_, err = read(t, src, sliceOf(t, src, "Foo", first), "")
	wantError(t, err, "HTTP 200: Invalid event : Foo")
}

// TestKeepsWhatItHas: pages before a failure are handed out, so that a later
// run goes on after them.
func TestKeepsWhatItHas(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	numbered(r.server, foo, first, 200)
	r.cfg.BatchSize = 23
	r.server.Fail(clevertaptest.Page("", 4), 10, clevertaptest.Fault{Kind: clevertaptest.ServerError})
	src := r.source(t)
	sl := sliceOf(t, src, foo, first)
	c, err := read(t, src, sl, "")
	if err == nil || len(c.Rows) < 4*20/2 || len(c.Cursors) != 1 {
		t.Fatalf("%d rows in %d batches, error %v", len(c.Rows), len(c.Cursors), err)
	}
	rest, err := read(t, src, sl, c.Cursors[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := append(numbers(c.Rows), numbers(rest.Rows)...); strings.Join(got, " ") != strings.Join(upTo(200), " ") {
		t.Errorf("rows %v", got)
	}
	if n := r.server.Count(clevertaptest.Opening("")); n != 1 {
		t.Errorf("opened %d times", n)
	}
}

// TestGateOfSources: Sources that share Gates never have more than 3 calls in
// flight together, and do have 3 (trap 6).
func TestGateOfSources(t *testing.T) {
	r := newRig(t, clevertaptest.Options{Data: shop(), Faults: clevertaptest.Faults{Rate: 4, Seed: 2, Kinds: []clevertaptest.Fault{
		{Kind: clevertaptest.Slow, Delay: 3 * time.Millisecond}, {Kind: clevertaptest.CutJSON}, {Kind: clevertaptest.CutBody},
		{Kind: clevertaptest.ServerError}, {Kind: clevertaptest.InProgress},
	}}})
	r.cfg.BatchSize, r.opt.BatchRows = 23, 46
	r.opt.Gates = clevertap.NewGates()
	r.opt.Retry.Tries = 30
	r.server.Fail(clevertaptest.Opening(""), 12, clevertaptest.Fault{Kind: clevertaptest.Slow, Delay: 20 * time.Millisecond})
	var wg sync.WaitGroup
	for range 4 {
		src := r.source(t)
		for _, event := range shop().Names() {
			wg.Go(func() {
				if _, err := read(t, src, sliceOf(t, src, event, first), ""); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	r.clean(t)
	if p := r.server.Peak("/1/events.json"); p != 3 {
		t.Errorf("at most %d calls in flight, want 3", p)
	}
}

// TestCancelWhileWaiting: the default wait ends with the context.
func TestCancelWhileWaiting(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	numbered(r.server, foo, first, 3)
	r.server.Fail(clevertaptest.Any, -1, clevertaptest.Fault{Kind: clevertaptest.TooMany, RetryAfter: "60"})
	r.opt.Retry.Sleep = nil
	src := r.source(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	for _, err := range src.Read(ctx, sliceOf(t, src, foo, first), "") {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("took %s", d)
	}
}

// handler serves what clevertaptest does not.
func (r *rig) handler(t *testing.T, h http.HandlerFunc) *rig {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	r.cfg.URL = s.URL
	return r
}

// TestRedirect: credentials go to no other place, whatever the status.
func TestRedirect(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		reached := false
		other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
		r := newRig(t, clevertaptest.Options{}).handler(t, func(w http.ResponseWriter, q *http.Request) {
			http.Redirect(w, q, other.URL+"/login?token=abc", status)
		})
		err := r.source(t).Check(t.Context())
		other.Close()
		wantError(t, err, "redirected to 127.0.0.1", "region or url")
		if reached || strings.Contains(err.Error(), "token") {
			t.Errorf("%d: followed %t, error %v", status, reached, err)
		}
	}
}

// TestLimits: an answer that is too large, stops in the middle, or never comes.
func TestLimits(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	wait := func(q *http.Request) {
		_, _ = io.Copy(io.Discard, q.Body) // or net/http does not notice that the client is gone
		select {
		case <-hang:
		case <-q.Context().Done():
		}
	}
	tests := []struct {
		name, says string
		serve      http.HandlerFunc
		retry      clevertap.Retry
	}{
		{"TooLarge", "too large", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(bytes.Repeat([]byte(" "), 5000))
		}, clevertap.Retry{MaxBody: 4096}},
		{"Stalled", "no byte came", func(w http.ResponseWriter, q *http.Request) {
			_, _ = w.Write([]byte("{"))
			_ = http.NewResponseController(w).Flush()
			wait(q)
		}, clevertap.Retry{Idle: 20 * time.Millisecond, Tries: 2}},
		{"Silent", "took too long", func(_ http.ResponseWriter, q *http.Request) { wait(q) },
			clevertap.Retry{Timeout: 20 * time.Millisecond, Tries: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, clevertaptest.Options{}).handler(t, tt.serve)
			tt.retry.Sleep = r.opt.Retry.Sleep
			r.opt.Retry = tt.retry
			src := r.source(t)
			_, err := read(t, src, sliceOf(t, src, foo, first), "")
			wantError(t, err, tt.says)
		})
	}
}

// TestCertificate: a wrong one is final, and named.
func TestCertificate(t *testing.T) {
	n := 0
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { n++ }))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	r := newRig(t, clevertaptest.Options{}).record()
	r.cfg.URL = s.URL
	err := r.source(t).Check(t.Context())
	wantError(t, err, "certificate")
	if !errors.Is(err, exporter.ErrUnreachable) || n != 0 || len(r.waits) != 0 {
		t.Errorf("error %v, %d requests, %d waits", err, n, len(r.waits))
	}
}

// TestNoSecrets lets everything go wrong and looks for the credentials and for
// cursors in all that is said about it.
func TestNoSecrets(t *testing.T) {
	var log bytes.Buffer
	said := func(t *testing.T, err error) {
		t.Helper()
		text := log.String()
		for e := err; e != nil; e = errors.Unwrap(e) {
			text += fmt.Sprintf("%v\n%+v\n%#v\n", e, e, e)
		}
		for _, secret := range []string{clevertaptest.DefaultPasscode, clevertaptest.DefaultAccountID, "cursor=", "%3D", "%2F"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in:\n%s", secret, text)
			}
		}
	}
	faults := append(clevertaptest.Transient(),
		clevertaptest.Fault{Kind: clevertaptest.Expired}, clevertaptest.Fault{Kind: clevertaptest.Repeat}, clevertaptest.Fault{Kind: clevertaptest.Refused},
		clevertaptest.Fault{Kind: clevertaptest.Fail, Text: "passcode " + clevertaptest.DefaultPasscode + " of " + clevertaptest.DefaultAccountID},
		clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 400, Text: `{"status":"fail","error":{"passcode":"` + clevertaptest.DefaultPasscode + `"}}`},
	)
	for i, f := range faults {
		if f.Kind == clevertaptest.Slow {
			continue
		}
		for name, match := range map[string]func(clevertaptest.Request) bool{"open": clevertaptest.Opening(""), "page": clevertaptest.Page("", 1)} {
			t.Run(fmt.Sprintf("%s %d %s", name, i, f.Kind), func(t *testing.T) {
				log.Reset()
				r := newRig(t, clevertaptest.Options{})
				numbered(r.server, foo, first, 50)
				r.cfg.BatchSize = 23
				r.opt.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				r.server.Fail(match, -1, f)
				src := r.source(t)
				_, err := read(t, src, sliceOf(t, src, foo, first), "")
				if err == nil && !(name == "open" && (f.Kind == clevertaptest.Expired || f.Kind == clevertaptest.Repeat)) {
					t.Error("nothing went wrong")
				}
				said(t, err)
				r.clean(t)
				cfg := r.cfg
				cfg.AccountID = "" // no secret: it stands in the configuration
				said(t, fmt.Errorf("%+v %#v %v", cfg, cfg, r.server.Requests()[0]))
			})
		}
	}
	t.Run("unreachable", func(t *testing.T) {
		r := newRig(t, clevertaptest.Options{})
		if err := r.server.Close(); err != nil {
			t.Fatal(err)
		}
		said(t, r.source(t).Check(t.Context()))
	})
}

// TestHeaders: the vendor asks for no content type on GET.
func TestHeaders(t *testing.T) {
	r := newRig(t, clevertaptest.Options{}).handler(t, func(w http.ResponseWriter, q *http.Request) {
		h := q.Header
		if h.Get("X-CleverTap-Account-Id") != clevertaptest.DefaultAccountID || h.Get("X-CleverTap-Passcode") != clevertaptest.DefaultPasscode ||
			(h.Get("Content-Type") != "") != (q.Method == http.MethodPost) || q.URL.Path != "/getSchema" {
			t.Errorf("%s %s with %d headers", q.Method, q.URL.Path, len(h))
		}
		_, _ = w.Write([]byte(`{"status":"success","events":[{"name":"A"}]}`))
	})
	if err := r.source(t).Check(t.Context()); err != nil {
		t.Error(err)
	}
}

package clevertap_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"tapline/config"
	"tapline/exporter"
	"tapline/exporter/clevertap"
	"tapline/exporter/clevertap/clevertaptest"
	"tapline/exporter/exportertest"
)

// first is a Tuesday; the clock of all tests stands at noon UTC of the fourth day after.
var (
	first = exporter.Day{Year: 2026, Month: time.September, Day: 1}
	noon  = time.Date(2026, 9, 5, 12, 0, 0, 0, time.UTC)
)

func at(tm time.Time) func() time.Time { return func() time.Time { return tm } }

func mustZone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// A rig is a source, what it reads from, and its connections.
type rig struct {
	server *clevertaptest.Server
	cfg    clevertap.Config
	sel    []clevertap.Selection
	opt    clevertap.Options
	waits  []time.Duration
}

// A hand is a clock that tests move. A server may still ask it about a page that
// nobody waits for any more.
type hand struct{ now atomic.Pointer[time.Time] }

func handAt(t time.Time) *hand {
	h := new(hand)
	h.now.Store(&t)
	return h
}

func (h *hand) Now() time.Time { return *h.now.Load() }

func (h *hand) move(d time.Duration) {
	t := h.Now().Add(d)
	h.now.Store(&t)
}

// newRig returns a rig whose source never really waits.
func newRig(t *testing.T, so clevertaptest.Options) *rig {
	t.Helper()
	if so.Now == nil {
		so.Now = at(noon)
	}
	s := clevertaptest.NewServer(t, so)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	r := &rig{
		server: s,
		cfg:    rigConfig(s),
		opt:    clevertap.Options{HTTP: &http.Client{Transport: transport}, Now: so.Now},
	}
	r.opt.Retry.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return r
}

func rigConfig(s *clevertaptest.Server) clevertap.Config {
	return clevertap.Config{
		URL: s.URL, AccountID: clevertaptest.DefaultAccountID,
		Passcode: config.NewSecret(clevertaptest.DefaultPasscode), Timezone: "Asia/Kolkata",
	}
}

// record makes the waits be written down.
func (r *rig) record() *rig {
	r.opt.Retry.Sleep = func(ctx context.Context, d time.Duration) error {
		r.waits = append(r.waits, d)
		return ctx.Err()
	}
	return r
}

func (r *rig) source(t *testing.T) *clevertap.Source {
	t.Helper()
	src, err := clevertap.New(r.cfg, r.sel, r.opt)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// clean fails the test if the client did what no client should.
func (r *rig) clean(t *testing.T) {
	t.Helper()
	for _, v := range r.server.Violations() {
		t.Errorf("violation: %s", v)
	}
}

func shop() *clevertaptest.Shop {
	return &clevertaptest.Shop{Seed: 3, First: first, Days: 2, Rows: 450, Garbage: 5, Epochs: 5}
}

// TestSuite runs over both shapes of page, with the cursor before and after.
func TestSuite(t *testing.T) {
	shapes := map[string]clevertaptest.Options{
		"NextCursor":  {},
		"CursorFirst": {CursorFirst: true},
		"Partial":     {Partial: true},
		"PartialLast": {Partial: true, CursorFirst: true},
		"Pending":     {Pending: 2},
		"EmptyPages":  {EmptyPages: true},
	}
	for name, so := range shapes {
		t.Run(name, func(t *testing.T) {
			exportertest.Run(t, func(t *testing.T) exportertest.Subject { return subject(t, so) })
		})
	}
}

func subject(t *testing.T, so clevertaptest.Options) exportertest.Subject {
	so.Data = shop()
	r := newRig(t, so)
	r.sel = []clevertap.Selection{events("*")}
	r.cfg.BatchSize, r.opt.BatchRows = 46, 50
	variant := func(page, rows int, bytes int64) exporter.Source {
		v := *r
		v.cfg.BatchSize, v.opt.BatchRows, v.opt.BatchBytes = page, rows, bytes
		return v.source(t)
	}
	so.Faults = clevertaptest.Faults{Rate: 5, Seed: 11}
	f := newRig(t, so)
	f.sel = r.sel
	f.cfg.BatchSize, f.opt.BatchRows = 69, 200
	f.opt.Retry.Tries = 20
	sub := exportertest.Subject{
		Source: r.source(t),
		Window: exporter.Window{Since: first, Until: first.Add(3)}, // the third day is empty
		Variants: map[string]exporter.Source{
			"small pages, whole slice": variant(23, 0, 0),
			"large pages":              variant(5000, 1, 0),
			"by memory":                variant(46, 0, 1),
		},
		Faulty: f.source(t),
		Idle: func() {
			r.source(t).Close()
			f.source(t).Close()
		},
	}
	t.Cleanup(func() {
		if t.Name() != "" && !t.Failed() {
			f.clean(t)
		}
	})
	return sub
}

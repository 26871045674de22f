// Package clevertap reads a CleverTap account through its public API: the
// events of each project-local day, under the column names of the vendor's own
// bucket exports.
//
// It reads and never writes. It keeps to the vendor's limit of calls in flight,
// survives the answers that real accounts give (see package clevertaptest for
// all of them), and shows neither credentials nor cursors in any error or log.
package clevertap

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/exporter"
	"tapline/exporter/format"
)

// KindEvents is the kind of the streams of events.
const KindEvents = "events"

// all stands for every event that no other entry names.
const all = "*"

// A Source reads one account. It is safe for concurrent use.
type Source struct {
	c          *client
	loc        *time.Location
	sel        []Selection
	pageSize   int
	batchRows  int
	batchBytes int64
	mem        memory.Allocator
}

var (
	_ exporter.Source   = (*Source)(nil)
	_ exporter.Checker  = (*Source)(nil)
	_ exporter.Replayer = (*Source)(nil)
)

// New returns a Source, or an error that names the key that is wrong. It makes
// no call. Without a selection it offers all that the account has.
func New(cfg Config, sel []Selection, o Options) (*Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("clevertap: %w", err)
	}
	if err := validate(sel); err != nil {
		return nil, fmt.Errorf("clevertap: %w", err)
	}
	base, err := cfg.base()
	if err != nil {
		return nil, fmt.Errorf("clevertap: %w", err)
	}
	loc, err := cfg.location()
	if err != nil {
		return nil, fmt.Errorf("clevertap: %w", err)
	}
	c := &client{
		base: base, account: cfg.AccountID, passcode: cfg.Passcode.Reveal(),
		retry: o.Retry.withDefaults(), log: o.Log, now: o.Now, gates: o.Gates, slots: cfg.Slots,
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.gates == nil {
		c.gates = NewGates()
	}
	if c.slots == 0 {
		c.slots = defaultSlots
	}
	c.http = own(o.HTTP)
	s := &Source{
		c: c, loc: loc, sel: sel, pageSize: cfg.BatchSize,
		batchRows: o.BatchRows, batchBytes: o.BatchBytes, mem: o.Mem,
	}
	s.defaults()
	return s, nil
}

func (s *Source) defaults() {
	if s.pageSize == 0 {
		s.pageSize = maxBatch
	}
	if s.batchRows <= 0 {
		s.batchRows = 122880
	}
	if s.batchBytes <= 0 {
		s.batchBytes = 128 << 20
	}
	if s.mem == nil {
		s.mem = format.NewPool(0)
	}
}

// own returns a client that never follows a redirect: the vendor's credentials
// are in headers of its own, which net/http would send along.
func own(h *http.Client) *http.Client {
	var c http.Client
	if h != nil {
		c = *h
	} else if t, ok := http.DefaultTransport.(*http.Transport); ok {
		t = t.Clone()
		t.MaxIdleConnsPerHost = 2 * defaultSlots
		c.Transport = t
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// validate checks the selection as far as it can be without the account.
func validate(sel []Selection) error {
	seen := map[string]int{}
	for i, e := range sel {
		if e.Stream != KindEvents {
			return fmt.Errorf("streams[%d]: stream %q is not known; known is %q", i, e.Stream, KindEvents)
		}
		if len(e.Events) == 0 {
			return fmt.Errorf("streams[%d]: events: missing; name them as CleverTap spells them, or [\"*\"] for all", i)
		}
		for _, name := range e.Events {
			if name == "" {
				return fmt.Errorf("streams[%d]: events: an empty name", i)
			}
			if j, twice := seen[name]; twice {
				return fmt.Errorf("streams[%d]: events: %q stands in streams[%d] already", i, name, j)
			}
			seen[name] = i
		}
	}
	return nil
}

// Close gives idle connections back. The Source can still be used.
func (s *Source) Close() { s.c.http.CloseIdleConnections() }

// today is the project-local day that is still being filled.
func (s *Source) today() exporter.Day { return exporter.DayOf(s.c.now().In(s.loc)) }

// Slices implements exporter.Source: one slice for each closed project-local
// day of the window.
func (s *Source) Slices(_ context.Context, st exporter.Stream, w exporter.Window) ([]exporter.Slice, error) {
	if _, err := eventOf(st); err != nil {
		return nil, err
	}
	if w.Since.IsZero() {
		return nil, fmt.Errorf("clevertap: %s: no first day, set since: CleverTap does not say how far back its events go: %w", st.Name, exporter.ErrWindow)
	}
	if st.Notice != "" {
		return nil, nil
	}
	until := s.today()
	if !w.Until.IsZero() && w.Until.Before(until) {
		until = w.Until
	}
	var out []exporter.Slice
	for d := w.Since; d.Before(until); d = d.Add(1) {
		out = append(out, exporter.Slice{Stream: st, Name: d.String(), Day: d})
	}
	return out, nil
}

// eventOf is the event that a stream is of.
func eventOf(st exporter.Stream) (string, error) {
	event := st.Vars["event"]
	if st.Kind != KindEvents || event == "" {
		return "", fmt.Errorf("clevertap: stream %q: %w", st.Name, exporter.ErrUnknownStream)
	}
	return event, nil
}

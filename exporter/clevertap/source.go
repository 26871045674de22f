// Package clevertap reads a CleverTap account through its public API: the
// events of each project-local day, under the column names of the vendor's own
// bucket exports, and the other kinds of stream that kinds lists.
//
// It reads and never writes. It keeps to the vendor's limit of calls in flight,
// survives the answers that real accounts give (see package clevertaptest for
// all of them), and shows neither credentials nor cursors in any error or log.
package clevertap

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/exporter"
	"tapline/exporter/format"
)

// A Source reads one account. It is safe for concurrent use.
type Source struct {
	c          *client
	loc        *time.Location
	sel        []Selection
	pageSize   int
	batchRows  int
	batchBytes int64
	mem        memory.Allocator
	query      func(ctx context.Context, sql string) iter.Seq2[string, error]
}

var (
	_ exporter.Source   = (*Source)(nil)
	_ exporter.Checker  = (*Source)(nil)
	_ exporter.Replayer = (*Source)(nil)
	_ exporter.Metered  = (*Source)(nil)
	_ exporter.Counter  = (*Source)(nil)
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
		batchRows: o.BatchRows, batchBytes: o.BatchBytes, mem: o.Mem, query: o.Query,
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

// Close gives idle connections back. The Source can still be used.
func (s *Source) Close() { s.c.http.CloseIdleConnections() }

// today is the project-local day that is still being filled.
func (s *Source) today() exporter.Day { return exporter.DayOf(s.c.now().In(s.loc)) }

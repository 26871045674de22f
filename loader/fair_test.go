package loader_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/loader"
)

// A slow vendor answers for its first kind of stream only after everything of
// the second kind is loaded.
type slow struct {
	*vendor
	fast chan struct{} // closed when it is
}

func (s *slow) Read(ctx context.Context, sl exporter.Slice, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	if sl.Stream.Kind == "events" {
		select {
		case <-s.fast:
		case <-ctx.Done():
		}
	}
	return s.vendor.Read(ctx, sl, after)
}

// newSlow has n days of two slow streams and of one quick one.
func newSlow(n int) *slow {
	v := newVendor(10, "A", "B", "Counts")
	v.streams[2].Kind = "event_counts"
	for d := 1; d <= n; d++ {
		for _, s := range v.streams {
			v.add(s.Vars["event"], d, row{"n": d})
		}
	}
	return &slow{vendor: v, fast: make(chan struct{})}
}

// TestKindsTakeTurns: fifty slow slices, all before them in commit order, keep
// no quick one waiting, neither for a worker nor for memory.
func TestKindsTakeTurns(t *testing.T) {
	const days = 25
	for _, concurrency := range []int{2, 3, 8, 60} {
		t.Run(fmt.Sprint(concurrency), func(t *testing.T) {
			v := newSlow(days)
			r := newRig(t, v.vendor)
			r.cfg.Concurrency = concurrency
			quick, begun := 0, 0
			r.cfg.Observe = func(e loader.Event) {
				switch {
				case e.Kind == loader.Started && e.Stream != "events/Counts" && quick < days:
					begun++
				case e.Kind == loader.Loaded && e.Stream == "events/Counts":
					if quick++; quick == days {
						close(v.fast)
					}
				}
			}
			s := r.runWith(t, v)
			if len(s.Loads) != 3*days {
				t.Errorf("%d loads, want %d", len(s.Loads), 3*days)
			}
			if begun > concurrency-1 {
				t.Errorf("%d slow slices begun with %d workers before the quick ones were loaded", begun, concurrency)
			}
			r.empty(t)
		})
	}
}

// runWith runs the rig's pipeline over another source.
func (r *rig) runWith(t *testing.T, src exporter.Source) loader.Summary {
	t.Helper()
	cfg := r.cfg
	cfg.Source, cfg.Warehouse, cfg.Stage, cfg.Run = src, r.bank, r.stage, "one"
	l, err := loader.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	s, err := l.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range s.Failures {
		t.Errorf("%s %s: %v", f.Stream, f.Slice, f.Err)
	}
	return s
}

// TestOrderOfBeginning: one worker takes the kinds in turn, and the slices of a
// table in commit order, whichever kinds go into it.
func TestOrderOfBeginning(t *testing.T) {
	for _, c := range []struct {
		table string
		want  []string
	}{
		{"ev_{event}", []string{"A 1", "Counts 1", "B 1", "Counts 2", "A 2", "B 2"}},
		{"one", []string{"A 1", "B 1", "Counts 1", "A 2", "B 2", "Counts 2"}},
	} {
		v := newSlow(2)
		close(v.fast)
		r := newRig(t, v.vendor)
		r.cfg.Concurrency, r.cfg.Targets[0].Table = 1, c.table
		var begun []string
		r.cfg.Observe = func(e loader.Event) {
			if e.Kind == loader.Started {
				begun = append(begun, e.Stream[len("events/"):]+" "+e.Slice[len(e.Slice)-1:])
			}
		}
		r.runWith(t, v)
		if diff := cmp.Diff(c.want, begun); diff != "" {
			t.Errorf("table %s: begun (-want +got):\n%s", c.table, diff)
		}
	}
}

// TestMemoryOfKinds: with several kinds at work there are never more batches
// than memory is for.
func TestMemoryOfKinds(t *testing.T) {
	v := newSlow(20)
	close(v.fast)
	c := &counting{vendor: v.vendor}
	r := newRig(t, v.vendor)
	r.cfg.Concurrency = 12
	r.runWith(t, c)
	if c.most > 3 || len(c.kinds) != 2 {
		t.Errorf("at most %d batches were asked for at a time, of kinds %v; want 3, of both", c.most, c.kinds)
	}
}

// counting counts how many slices are being read at a time.
type counting struct {
	*vendor
	mu        sync.Mutex
	now, most int
	kinds     []string
}

func (c *counting) Read(ctx context.Context, sl exporter.Slice, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	return func(yield func(exporter.Batch, error) bool) {
		c.mu.Lock()
		c.now++
		c.most = max(c.most, c.now)
		if !slices.Contains(c.kinds, sl.Stream.Kind) {
			c.kinds = append(c.kinds, sl.Stream.Kind)
		}
		c.mu.Unlock()
		time.Sleep(time.Millisecond)
		for b, err := range c.vendor.Read(ctx, sl, after) {
			// Its share goes with the batch.
			c.mu.Lock()
			c.now--
			c.mu.Unlock()
			ok := yield(b, err)
			c.mu.Lock()
			c.now++
			c.mu.Unlock()
			if !ok {
				break
			}
		}
		c.mu.Lock()
		c.now--
		c.mu.Unlock()
	}
}

package loader_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"tapline/exporter"
	"tapline/loader"
	"tapline/objstore"
	"tapline/objstore/gcstest"
	"tapline/objstore/s3test"
	"tapline/warehouse"
)

// counted counts what is asked of a stage.
type counted struct {
	*shelf
	calls map[string]int
}

func (c *counted) Put(ctx context.Context, name string, when objstore.Precondition, write func(io.Writer) error) (objstore.Object, error) {
	c.mu.Lock()
	c.calls["put "+path.Ext(name)]++
	c.mu.Unlock()
	return c.shelf.Put(ctx, name, when, write)
}

// A manifest in a bucket is not written anew for each of parts that come quickly,
// and what is durable when a run stops is named nevertheless.
func TestRemoteStageNamesPartsTogether(t *testing.T) {
	v := newVendor(10, "A")
	for i := range 400 {
		v.add("A", 1, row{"n": i})
	}
	r := newRig(t, v)
	c := &counted{newShelf(), map[string]int{}}
	c.remote = true
	r.stage = c
	ctx, cancel := context.WithCancel(t.Context())
	parts := 0
	r.cfg.Observe = func(e loader.Event) {
		if e.Kind == loader.Progress {
			if parts++; parts == 15 {
				cancel()
			}
		}
	}
	began := time.Now()
	if _, err := r.loader(t).Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("err = %v, want canceled", err)
	}
	var started loader.Event
	r.cfg.Observe = func(e loader.Event) {
		if e.Kind == loader.Started {
			started = e
		}
	}
	if s := r.run(t); s.Resumed != 1 || started.Rows < 150 {
		t.Errorf("resumed %d at row %d, want 1 at 150 or later", s.Resumed, started.Rows)
	}
	// Of each run its lease; of the first the manifest at its beginning and its
	// end; of the second that, and when it is complete, and shaped.
	most := 2 + 2 + 3 + int(time.Since(began)/time.Second)
	if n := c.calls["put .json"]; n > most {
		t.Errorf("leases and manifests were written %d times, want at most %d", n, most)
	}
	if n := c.calls["put .parquet"]; n < 40 || n > 41 {
		t.Errorf("%d parts were written, want 40", n)
	}
	if got := len(r.bank.tables["ev_a"].rows); got != 400 {
		t.Errorf("%d rows, want 400", got)
	}
	r.empty(t)
}

// asked keeps the loads that a warehouse is given, and their parts.
type asked struct {
	*bank
	parts []warehouse.Part
	mu    sync.Mutex
	loads []warehouse.Load
}

func (a *asked) Load(ctx context.Context, l warehouse.Load) (warehouse.Receipt, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.loads = append(a.loads, l)
	a.parts = append(append(a.parts, l.Parts...), l.Quarantine...)
	return a.bank.Load(ctx, l)
}

// Warehouses that load by themselves need the parts' own addresses, also of
// those that an earlier run wrote.
func TestPartsInBucketsHaveTheirAddress(t *testing.T) {
	gs := gcstest.NewServer(t, gcstest.Options{}, "stage")
	s3 := s3test.NewServer(t, s3test.Options{}, "stage")
	for _, c := range []objstore.Config{
		{URL: "gs://stage/team/a", Endpoint: gs.URL},
		{URL: "s3://stage/team/a", Endpoint: s3.URL, Region: "eu-west-1", AccessKeyID: "anybody", SecretAccessKey: "a-secret"},
	} {
		t.Run(c.URL[:2], func(t *testing.T) {
			store, err := objstore.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			r := newRig(t, messy(10, "Order Placed"))
			r.stage = store
			r.bank.fail = func(string) error { return errInjected }
			if _, err := r.loader(t).Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			r.bank.fail = nil
			a := &asked{bank: r.bank}
			r.cfg.Warehouse = a
			cfg := r.cfg
			cfg.Source, cfg.Stage, cfg.Run = r.vendor, r.stage, "run-of-another-machine"
			l, err := loader.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			s, err := l.Run(t.Context())
			if err != nil || len(s.Failures) > 0 || s.Resumed == 0 {
				t.Fatalf("%v, %d resumed, failures %v", err, s.Resumed, s.Failures)
			}
			for _, p := range a.parts {
				if p.Path != "" || p.URL != c.URL+"/"+p.Name || p.Size == 0 {
					t.Errorf("part %s: url %s, path %q, %d bytes", p.Name, p.URL, p.Path, p.Size)
				}
			}
			if len(a.parts) < 20 {
				t.Errorf("%d parts", len(a.parts))
			}
			r.empty(t)
		})
	}
}

// A lease of another machine is respected while it is renewed, and taken over
// when it is not.
func TestLeaseOfAnotherMachine(t *testing.T) {
	v := newVendor(10, "A")
	v.add("A", 1, row{"n": 1})
	for _, tt := range []struct {
		name string
		ago  time.Duration
		busy bool
	}{
		{"Fresh", 30 * time.Second, true}, {"Ahead", -30 * time.Second, true},
		{"Stale", 61 * time.Second, false}, {"ClockFarAhead", -time.Hour, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, v)
			lease := map[string]any{
				"run": "theirs", "host": "another-machine", "boot": "b", "pid": 1, "process": "1",
				"since": time.Now().Add(-time.Hour), "renewed": time.Now().Add(-tt.ago),
			}
			_, err := r.stage.Put(t.Context(), "orders/lease.json", objstore.Precondition{}, func(w io.Writer) error {
				return json.NewEncoder(w).Encode(lease)
			})
			if err != nil {
				t.Fatal(err)
			}
			s, err := r.loader(t).Run(t.Context())
			if tt.busy {
				if !errors.Is(err, loader.ErrBusy) || !strings.Contains(err.Error(), "run theirs, process 1 on another-machine") {
					t.Errorf("Run gives %v, want busy", err)
				}
				return
			}
			if err != nil || len(s.Loads) != 1 {
				t.Errorf("Run gives %v, %d loads", err, len(s.Loads))
			}
			r.empty(t)
		})
	}
}

// What was staged of a slice before its content turned out to be damaged is not
// gone on with.
func TestDamagedContentIsReadFromItsStart(t *testing.T) {
	v := newVendor(10, "A")
	for i := range 100 {
		v.add("A", 1, row{"n": i})
	}
	r := newRig(t, v)
	ctx, cancel := context.WithCancel(t.Context())
	r.cfg.Observe = func(e loader.Event) {
		if e.Kind == loader.Progress {
			cancel()
		}
	}
	if _, err := r.loader(t).Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("err = %v, want canceled", err)
	}
	r.cfg.Observe = nil
	v.refuse["A/2026-09-01"], v.refuse["events/A/2026-09-01"] = exporter.ErrContent, exporter.ErrContent
	s, err := r.loader(t).Run(t.Context())
	if err != nil || len(s.Failures) != 1 || s.Resumed != 1 || !errors.Is(s.Failures[0].Err, exporter.ErrContent) {
		t.Fatalf("%v, %d resumed, failures %v", err, s.Resumed, s.Failures)
	}
	r.empty(t)
	clear(v.refuse)
	if s := r.run(t); s.Resumed != 0 || len(s.Loads) != 1 || s.Loads[0].Receipt.RowsLoaded != 100 {
		t.Errorf("%d resumed, loads %+v", s.Resumed, s.Loads)
	}
}

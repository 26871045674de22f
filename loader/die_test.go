package loader_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"tapline/loader"
	"tapline/objstore"
)

var errInjected = errors.New("injected")

// brittle makes the k-th operation of stage and warehouse fail, before or after it takes effect.
type brittle struct {
	objstore.Store
	count atomic.Int64
	at    int64
	stop  func() // called instead of failing, when set
}

func (b *brittle) hit() error {
	if b.count.Add(1) == b.at {
		if b.stop != nil {
			b.stop()
			return nil
		}
		return errInjected
	}
	return nil
}

func (b *brittle) Put(ctx context.Context, name string, when objstore.Precondition, write func(io.Writer) error) (objstore.Object, error) {
	if err := b.hit(); err != nil {
		return objstore.Object{}, err
	}
	o, err := b.Store.Put(ctx, name, when, write)
	if err == nil {
		err = b.hit()
	}
	return o, err
}

func (b *brittle) Remove(ctx context.Context, names ...string) error {
	for _, n := range names {
		if strings.HasSuffix(n, "lease.json") { // in one process nobody sees that the holder is dead
			if err := b.Store.Remove(ctx, n); err != nil {
				return err
			}
			continue
		}
		if err := b.hit(); err != nil {
			return err
		}
		if err := b.Store.Remove(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// Whatever operation fails, or at whatever operation the run is stopped, the
// next runs end with the table of an undisturbed one.
func TestDieEverywhere(t *testing.T) { dieEverywhere(t, 7, func(*rig) {}) }

// On a stage in a bucket the manifest names several parts at once.
func TestDieEverywhereOnARemoteStage(t *testing.T) {
	dieEverywhere(t, 17, func(r *rig) { r.stage.(*shelf).remote = true })
}

// A warehouse may load several slices at once.
func TestDieEverywhereTogether(t *testing.T) {
	dieEverywhere(t, 29, func(r *rig) { r.together = &batches{bank: r.bank} })
}

func dieEverywhere(t *testing.T, step int64, prepare func(*rig)) {
	t.Helper()
	plain := newRig(t, messy(20, "Order Placed"))
	plain.run(t)
	want := plain.bank.content(t)
	for _, stopping := range []bool{false, true} {
		for k := int64(1); ; k += step {
			r := newRig(t, messy(20, "Order Placed"))
			prepare(r)
			ctx, cancel := context.WithCancel(t.Context())
			b := &brittle{Store: r.stage, at: k}
			if stopping {
				b.stop = cancel
			}
			r.bank.fail = func(string) error { return b.hit() }
			inner := r.stage
			r.stage = b
			_, err := r.loader(t).Run(ctx)
			cancel()
			reached := b.count.Load() >= k
			if stopping && reached && err == nil {
				t.Logf("k=%d: stopped after all was done", k)
			}
			r.stage, r.bank.fail = inner, nil
			r.run(t)
			r.run(t) // what an error left behind is swept by the next run
			same(t, fmt.Sprintf("stopping=%v k=%d", stopping, k), want, r.bank.content(t))
			r.empty(t)
			if !reached || t.Failed() {
				break
			}
		}
	}
}

func TestTwoRunsAtOnce(t *testing.T) {
	v := newVendor(5, "A")
	for i := range 50 {
		v.add("A", 1, row{"n": i})
	}
	r := newRig(t, v)
	var other error
	second := r.loader(t)
	r.cfg.Observe = func(e loader.Event) {
		if e.Kind == loader.Started {
			_, other = second.Run(t.Context())
		}
	}
	r.run(t)
	var busy *loader.BusyError
	if !errors.As(other, &busy) || busy.Run != "run002" {
		t.Errorf("second run: %v, want busy with run002", other)
	}
	if got := len(r.bank.tables["ev_a"].rows); got != 50 {
		t.Errorf("%d rows, want 50", got)
	}
}

// A run whose lease and manifest another has taken stops at its next write.
func TestTheOneThatLosesStops(t *testing.T) {
	v := newVendor(5, "A")
	for i := range 50 {
		v.add("A", 1, row{"n": i})
	}
	r := newRig(t, v)
	second := r.loader(t)
	taken := false
	r.cfg.Observe = func(e loader.Event) {
		if e.Kind == loader.Progress && !taken {
			taken = true
			if err := r.stage.Remove(t.Context(), "orders/lease.json"); err != nil {
				t.Error(err)
			}
			if s, err := second.Run(t.Context()); err != nil || len(s.Loads) != 1 {
				t.Errorf("second run: %v, %+v", err, s)
			}
		}
	}
	if s, err := r.loader(t).Run(t.Context()); !errors.Is(err, loader.ErrBusy) || len(s.Loads) != 0 {
		t.Errorf("first run: %v with %d loads, want busy and none", err, len(s.Loads))
	}
	if got := len(r.bank.tables["ev_a"].rows); got != 50 {
		t.Errorf("%d rows, want 50", got)
	}
}

package loader_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/loader"
)

// A stream whose slices cannot be learned fails alone, and is loaded when they
// can.
func TestUnplanned(t *testing.T) {
	v := messy(10, "A", "B")
	r := newRig(t, v)
	v.refuse["events/A"] = fmt.Errorf("list: %w", exporter.ErrUnauthorized)
	var failed []loader.Event
	r.cfg.Observe = func(e loader.Event) {
		if e.Kind == loader.Failed {
			failed = append(failed, e)
		}
	}
	s, err := r.loader(t).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Loads) != 5 || len(s.Failures) != 1 || !errors.Is(s.Failures[0].Err, exporter.ErrUnauthorized) {
		t.Fatalf("%d loads, failures %v", len(s.Loads), s.Failures)
	}
	s.Failures[0].Err = nil
	if d := cmp.Diff(loader.Failure{Stream: "events/A", Table: "ev_a"}, s.Failures[0]); d != "" {
		t.Error(d)
	}
	if len(failed) != 1 || failed[0].Stream != "events/A" {
		t.Errorf("observed %v", failed)
	}
	plan, err := r.loader(t).Plan(t.Context(), true)
	if err != nil || len(plan.Failures) != 1 || plan.Failures[0].Stream != "events/A" || len(plan.Tables) != 1 {
		t.Errorf("plan %+v, error %v", plan, err)
	}
	delete(v.refuse, "events/A")
	if s := r.run(t); len(s.Loads) != 5 || s.Skipped != 5 {
		t.Errorf("%d loads, %d skipped", len(s.Loads), s.Skipped)
	}
	r.empty(t)
}

// What makes no sense for any stream, or befalls them all, is the run's error.
func TestUnplannedWhole(t *testing.T) {
	for name, tt := range map[string]struct {
		refused []string
		err     error
	}{
		"Window":  {[]string{"events/A"}, exporter.ErrWindow},
		"Unknown": {[]string{"events/B"}, exporter.ErrUnknownStream},
		"All":     {[]string{"events/A", "events/B"}, exporter.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			v := messy(10, "A", "B")
			for _, s := range tt.refused {
				v.refuse[s] = tt.err
			}
			r := newRig(t, v)
			if s, err := r.loader(t).Run(t.Context()); !errors.Is(err, tt.err) || len(s.Loads) > 0 {
				t.Errorf("%d loads, error %v", len(s.Loads), err)
			}
		})
	}
}

// A sample that is refused does not hide the plan of the others.
func TestPlanRefused(t *testing.T) {
	v := messy(10, "A", "B")
	v.refuse["events/A/2026-09-01"] = exporter.ErrUnauthorized
	plan, err := newRig(t, v).loader(t).Plan(t.Context(), true)
	if err != nil || len(plan.Tables) != 2 || len(plan.Failures) != 1 || plan.Failures[0].Slice != "2026-09-01" {
		t.Errorf("plan %+v, error %v", plan, err)
	}
}

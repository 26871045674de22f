// Package exportertest is the suite that every exporter.Source passes.
package exportertest

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"tapline/exporter"
)

// A Subject is a source under test.
type Subject struct {
	// Source reads content that does not change during the test: in Window at
	// least one stream with a slice of three batches or more, and one slice
	// that is empty.
	Source exporter.Source
	Window exporter.Window
	// Variants read the same content with other sizes of page and batch.
	Variants map[string]exporter.Source
	// Faulty reads the same content while 1 in 5 answers goes wrong.
	Faulty exporter.Source
	// Idle closes idle connections, which are not to be taken for leaks.
	Idle func()
}

// Run makes the subject anew for each test.
func Run(t *testing.T, subject func(t *testing.T) Subject) {
	tests := []struct {
		name string
		test func(*testing.T, Subject)
	}{
		{"Streams", testStreams},
		{"Slices", testSlices},
		{"SlicesWindow", testWindow},
		{"Batches", testBatches},
		{"Deterministic", testDeterministic},
		{"ResumeEverywhere", testResume},
		{"DoneYieldsNothing", testDone},
		{"BadCursor", testBadCursor},
		{"BreakLeaksNothing", testBreak},
		{"Cancel", testCancel},
		{"CancelledBefore", testCancelledBefore},
		{"TwoAtOnce", testConcurrent},
		{"Variants", testVariants},
		{"Faults", testFaults},
		{"Replay", testReplay},
		{"Count", testCount},
		{"Usage", testUsage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := subject(t)
			tt.test(t, s)
		})
	}
}

// slicesOf returns all slices of the window, of all streams.
func slicesOf(t *testing.T, src exporter.Source, w exporter.Window) []exporter.Slice {
	t.Helper()
	var out []exporter.Slice
	for _, st := range streamsOf(t, src) {
		sl, err := src.Slices(context.Background(), st, w)
		if err != nil {
			t.Fatalf("Slices(%s): %v", st.Name, err)
		}
		out = append(out, sl...)
	}
	if len(out) == 0 {
		t.Fatal("the subject has no slices")
	}
	return out
}

func streamsOf(t *testing.T, src exporter.Source) []exporter.Stream {
	t.Helper()
	st, err := src.Streams(context.Background())
	if err != nil {
		t.Fatalf("Streams: %v", err)
	}
	if len(st) == 0 {
		t.Fatal("the subject has no streams")
	}
	return st
}

// long returns a slice of three batches or more.
func long(t *testing.T, s Subject) exporter.Slice {
	t.Helper()
	for _, sl := range slicesOf(t, s.Source, s.Window) {
		n := 0
		for _, err := range s.Source.Read(context.Background(), sl, "") {
			if err != nil {
				t.Fatalf("Read(%s %s): %v", sl.Stream.Name, sl.Name, err)
			}
			if n++; n == 3 {
				return sl
			}
		}
	}
	t.Fatal("the subject has no slice of three batches")
	return exporter.Slice{}
}

// leaks fails the test when it ends with goroutines that it did not start with.
// Those that keep a connection are not the source's doing.
func leaks(t *testing.T, s Subject) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		if s.Idle != nil {
			s.Idle()
		}
		err := goleak.Find(before,
			goleak.IgnoreAnyFunction("net/http.(*conn).serve"),
			goleak.IgnoreAnyFunction("net/http.(*connReader).backgroundRead"),
			goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
			goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
		)
		if err != nil {
			t.Errorf("goroutines outlive the sequence: %v", err)
		}
	})
}

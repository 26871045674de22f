package exportertest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
)

func testStreams(t *testing.T, s Subject) {
	first, second := streamsOf(t, s.Source), streamsOf(t, s.Source)
	if d := cmp.Diff(first, second); d != "" {
		t.Errorf("asked again, the streams differ (-first +second):\n%s", d)
	}
	seen := map[string]bool{}
	for _, st := range first {
		if st.Name == "" || st.Kind == "" || st.About == "" || seen[st.Name] {
			t.Errorf("stream %+v: want a unique name, a kind and a line about it", st)
		}
		seen[st.Name] = true
	}
}

func testSlices(t *testing.T, s Subject) {
	for _, st := range streamsOf(t, s.Source) {
		first, err := s.Source.Slices(t.Context(), st, s.Window)
		if err != nil {
			t.Fatalf("Slices(%s): %v", st.Name, err)
		}
		second, err := s.Source.Slices(t.Context(), st, s.Window)
		if err != nil {
			t.Fatalf("Slices(%s): %v", st.Name, err)
		}
		if d := cmp.Diff(first, second); d != "" {
			t.Errorf("%s: asked again, the slices differ (-first +second):\n%s", st.Name, d)
		}
		seen := map[string]bool{}
		for i, sl := range first {
			if sl.Name == "" || seen[sl.Name] || sl.Stream.Name != st.Name {
				t.Errorf("slice %+v: want a unique name and its stream", sl)
			}
			seen[sl.Name] = true
			if !sl.Day.IsZero() && !s.Window.Contains(sl.Day) {
				t.Errorf("%s %s is outside the window", st.Name, sl.Name)
			}
			if i > 0 && sl.Day.Before(first[i-1].Day) {
				t.Errorf("%s: %s comes after %s", st.Name, sl.Name, first[i-1].Name)
			}
		}
	}
}

// testWindow cuts the window in two: together the halves are the whole.
func testWindow(t *testing.T, s Subject) {
	middle := s.Window.Since.Add(1)
	for _, st := range streamsOf(t, s.Source) {
		get := func(w exporter.Window) []exporter.Slice {
			sl, err := s.Source.Slices(t.Context(), st, w)
			if err != nil {
				t.Fatalf("Slices(%s, %v): %v", st.Name, w, err)
			}
			return sl
		}
		whole := get(s.Window)
		if len(whole) == 0 || whole[0].Day.IsZero() {
			continue // not cut by days
		}
		halves := append(get(exporter.Window{Since: s.Window.Since, Until: middle}),
			get(exporter.Window{Since: middle, Until: s.Window.Until})...)
		if d := cmp.Diff(whole, halves); d != "" {
			t.Errorf("%s: the window is not half-open (-whole +halves):\n%s", st.Name, d)
		}
		if none := get(exporter.Window{Since: middle, Until: middle}); len(none) != 0 {
			t.Errorf("%s: an empty window has %d slices", st.Name, len(none))
		}
	}
}

func testBatches(t *testing.T, s Subject) {
	empty := false
	for _, sl := range slicesOf(t, s.Source, s.Window) {
		c := ReadAll(t, s.Source, sl, "")
		empty = empty || len(c.Rows) == 0
		if len(c.Rows) > 0 && c.Bytes <= 0 {
			t.Errorf("%s %s: %d rows of %d bytes", sl.Stream.Name, sl.Name, len(c.Rows), c.Bytes)
		}
		seen := map[exporter.Cursor]bool{"": true}
		for _, cur := range c.Cursors {
			if seen[cur] {
				t.Errorf("%s %s: a cursor is empty or there twice", sl.Stream.Name, sl.Name)
			}
			seen[cur] = true
		}
	}
	if !empty {
		t.Error("the subject has no empty slice")
	}
}

func testDeterministic(t *testing.T, s Subject) {
	sl := long(t, s)
	if d := cmp.Diff(ReadAll(t, s.Source, sl, "").Rows, ReadAll(t, s.Source, sl, "").Rows); d != "" {
		t.Errorf("read again, the rows differ (-first +second):\n%s", d)
	}
}

func testResume(t *testing.T, s Subject) {
	sl := long(t, s)
	whole := ReadAll(t, s.Source, sl, "")
	for i, cur := range whole.Cursors {
		rest := ReadAll(t, s.Source, sl, cur)
		if d := cmp.Diff(tail(whole.Rows, whole.Ends[i]), tail(rest.Rows, 0)); d != "" {
			t.Errorf("after batch %d of %d (-want +got):\n%s", i+1, len(whole.Cursors), d)
		}
	}
}

// tail is what follows the first n rows; nil and none are one.
func tail(rows []string, n int) []string { return append([]string{}, rows[n:]...) }

func testDone(t *testing.T, s Subject) {
	sl := long(t, s)
	whole := ReadAll(t, s.Source, sl, "")
	for range s.Source.Read(t.Context(), sl, whole.Cursors[len(whole.Cursors)-1]) {
		t.Fatal("something is yielded after the last cursor")
	}
}

// testBadCursor: a cursor that is none is as good as expired.
func testBadCursor(t *testing.T, s Subject) {
	sl := long(t, s)
	n := 0
	for _, err := range s.Source.Read(t.Context(), sl, "no cursor of any source") {
		if n++; !errors.Is(err, exporter.ErrCursorExpired) {
			t.Errorf("got error %v, want %v", err, exporter.ErrCursorExpired)
		}
	}
	if n != 1 {
		t.Errorf("yielded %d times, want one error and no more", n)
	}
}

func testBreak(t *testing.T, s Subject) {
	sl := long(t, s)
	leaks(t, s)
	for stop := range 3 {
		n := 0
		for _, err := range s.Source.Read(context.Background(), sl, "") {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n > stop {
				break
			}
		}
	}
}

func testCancel(t *testing.T, s Subject) {
	sl := long(t, s)
	leaks(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var last error
	after := 0
	for _, err := range s.Source.Read(ctx, sl, "") {
		if ctx.Err() != nil {
			after++
		}
		last = err
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("the last error is %v, want %v", last, context.Canceled)
	}
	if after != 1 {
		t.Errorf("yielded %d times after the context was done, want its error alone", after)
	}
}

func testCancelledBefore(t *testing.T, s Subject) {
	sl := long(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	start := time.Now()
	for b, err := range s.Source.Read(ctx, sl, "") {
		if !errors.Is(err, context.Canceled) || b.Record != nil {
			t.Errorf("got %d rows and error %v, want %v", b.Rows, err, context.Canceled)
		}
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %s to notice", d)
	}
	if _, err := s.Source.Streams(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Streams: got error %v, want %v", err, context.Canceled)
	}
}

func testConcurrent(t *testing.T, s Subject) {
	all := slicesOf(t, s.Source, s.Window)
	want := make([][]string, len(all))
	for i, sl := range all {
		want[i] = ReadAll(t, s.Source, sl, "").Rows
	}
	got := make([][]string, len(all))
	var wg sync.WaitGroup
	for i, sl := range all {
		wg.Go(func() {
			for b, err := range s.Source.Read(t.Context(), sl, "") {
				if err != nil {
					t.Errorf("Read(%s %s): %v", sl.Stream.Name, sl.Name, err)
					return
				}
				got[i] = append(got[i], rows(b)...)
			}
		})
	}
	wg.Wait()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("read side by side, the rows differ (-want +got):\n%s", d)
	}
}

func testVariants(t *testing.T, s Subject) {
	if len(s.Variants) == 0 {
		t.Fatal("the subject has no variants")
	}
	for _, sl := range slicesOf(t, s.Source, s.Window) {
		want := ReadAll(t, s.Source, sl, "").Rows
		for name, v := range s.Variants {
			if d := cmp.Diff(want, ReadAll(t, v, sl, "").Rows); d != "" {
				t.Errorf("%s: %s %s (-want +got):\n%s", name, sl.Stream.Name, sl.Name, d)
			}
		}
	}
}

func testFaults(t *testing.T, s Subject) {
	if s.Faulty == nil {
		t.Fatal("the subject has no faulty source")
	}
	if d := cmp.Diff(streamsOf(t, s.Source), streamsOf(t, s.Faulty)); d != "" {
		t.Errorf("streams (-want +got):\n%s", d)
	}
	for _, sl := range slicesOf(t, s.Source, s.Window) {
		if d := cmp.Diff(ReadAll(t, s.Source, sl, "").Rows, ReadAll(t, s.Faulty, sl, "").Rows); d != "" {
			t.Errorf("%s %s (-want +got):\n%s", sl.Stream.Name, sl.Name, d)
		}
	}
}

// testReplay: what is no record stays a reject, one for each text, in order.
func testReplay(t *testing.T, s Subject) {
	r, ok := s.Source.(exporter.Replayer)
	if !ok {
		return // the ability is optional
	}
	sl := long(t, s)
	raw := []string{"\x00 not a record", "[1, 2", ""}
	var got []string
	for b, err := range r.Replay(t.Context(), sl, raw) {
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range Check(b) {
			t.Error(p)
		}
		for _, x := range b.Rejects {
			got = append(got, x.Column)
		}
		if b.Cursor != "" {
			t.Error("a replayed batch has a cursor")
		}
	}
	if d := cmp.Diff([]string{"", "", ""}, got); d != "" {
		t.Errorf("columns of rejects (-want +got):\n%s", d)
	}
}

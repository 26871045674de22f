package clevertap_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/clevertap/clevertaptest"
	"tapline/exporter/exportertest"
)

const foo = "Order Placed"

// sliceOf is the slice of an event's day.
func sliceOf(t *testing.T, src exporter.Source, event string, day exporter.Day) exporter.Slice {
	t.Helper()
	st := exporter.Stream{Name: "events/" + event, Kind: "events", Vars: map[string]string{"event": event}}
	sl, err := src.Slices(t.Context(), st, exporter.Window{Since: day, Until: day.Add(1)})
	if err != nil || len(sl) != 1 {
		t.Fatalf("Slices: %v, %v", sl, err)
	}
	return sl[0]
}

// read reads as far as it goes.
func read(t *testing.T, src exporter.Source, sl exporter.Slice, after exporter.Cursor) (exportertest.Content, error) {
	t.Helper()
	var c exportertest.Content
	for b, err := range src.Read(t.Context(), sl, after) {
		if err != nil {
			return c, err
		}
		c.Add(t, b)
	}
	return c, nil
}

// numbered adds n records with the property N.
func numbered(s *clevertaptest.Server, event string, day exporter.Day, n int) {
	var recs []string
	for i := range n {
		recs = append(recs, fmt.Sprintf(`{"profile":{"objectId":"o%d"},"ts":%d%02d%02d%06d,"event_props":{"N":%d}}`,
			i, day.Year, day.Month, day.Day, i%60, i))
	}
	s.AddEvents(event, day, recs...)
}

// numbers finds the property N in each row.
func numbers(rows []string) (out []string) {
	for _, r := range rows {
		for _, cell := range strings.Split(r, "\x1f") {
			if v, ok := strings.CutPrefix(cell, "eventProps.N="); ok {
				out = append(out, v)
			}
		}
	}
	return out
}

func upTo(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprint(i))
	}
	return out
}

// TestTransient: each fault, wherever it strikes, changes nothing (traps 1, 3, 6).
func TestTransient(t *testing.T) {
	faults := append(clevertaptest.Transient(),
		clevertaptest.Fault{Kind: clevertaptest.TooMany, RetryAfter: "Fri, 31 Dec 2027 23:59:59 GMT"},
		clevertaptest.Fault{Kind: clevertaptest.TooMany, RetryAfter: "soon"},
		clevertaptest.Fault{Kind: clevertaptest.Fail, Text: "Something went wrong"},
		clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 200, Text: `{"status":"partial"}`},
		clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 200, Text: `{"hello":"world"}`},
		clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 200, Text: `[]`},
		clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 200, Text: `{"status":"fail","error":"busy","code":503}`},
		clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 500, Text: `{"status":"fail","error":["a","b"],"code":"500"}`},
		clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 504, Text: ``},
		clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 408, Text: ``},
	)
	places := map[string]func(clevertaptest.Request) bool{
		"open": clevertaptest.Opening(""), "first": clevertaptest.Page("", 0),
		"middle": clevertaptest.Page("", 2), "last": clevertaptest.Page("", 4),
	}
	for i, f := range faults {
		for place, match := range places {
			t.Run(fmt.Sprintf("%s %d at %s", f.Kind, i, place), func(t *testing.T) {
				r := newRig(t, clevertaptest.Options{})
				numbered(r.server, foo, first, 100)
				r.cfg.BatchSize = 23
				r.server.Fail(match, 2, f)
				src := r.source(t)
				c, err := read(t, src, sliceOf(t, src, foo, first), "")
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(upTo(100), numbers(c.Rows)); d != "" {
					t.Errorf("rows (-want +got):\n%s", d)
				}
				want := 2
				if f.Kind == clevertaptest.Slow {
					want = 1 // and no need to ask again
				}
				if n := r.server.Count(func(q clevertaptest.Request) bool { return q.Fault != "" }); n != want {
					t.Errorf("%d requests met the fault, want %d", n, want)
				}
				r.clean(t)
			})
		}
	}
}

// TestPendingKeepsItsCursor: what is in progress is asked for by the same
// cursor, with growing waits (trap 3).
func TestPendingKeepsItsCursor(t *testing.T) {
	r := newRig(t, clevertaptest.Options{Pending: 4}).record()
	numbered(r.server, foo, first, 10)
	src := r.source(t)
	c, err := read(t, src, sliceOf(t, src, foo, first), "")
	if err != nil || len(c.Rows) != 10 {
		t.Fatalf("%d rows, error %v", len(c.Rows), err)
	}
	cursors := map[string]int{}
	for _, q := range r.server.Requests() {
		if q.Op == clevertaptest.OpPage {
			cursors[q.Cursor]++
		}
	}
	if len(cursors) != 1 || len(r.waits) != 8 {
		t.Errorf("%d cursors in use and %d waits, want 1 and 8", len(cursors), len(r.waits))
	}
	for _, w := range r.waits {
		if w < time.Second || w > 15*time.Second {
			t.Errorf("waited %s", w)
		}
	}
}

// TestPendingForEver is bounded (trap 3).
func TestPendingForEver(t *testing.T) {
	r := newRig(t, clevertaptest.Options{}).record()
	numbered(r.server, foo, first, 10)
	r.server.Fail(clevertaptest.Page("", 0), -1, clevertaptest.Fault{Kind: clevertaptest.InProgress})
	src := r.source(t)
	_, err := read(t, src, sliceOf(t, src, foo, first), "")
	if err == nil || !strings.Contains(err.Error(), "in progress") {
		t.Fatalf("got error %v", err)
	}
	var sum time.Duration
	for _, w := range r.waits {
		sum += w
	}
	if sum > 15*time.Minute || sum < 10*time.Minute {
		t.Errorf("waited %s in all", sum)
	}
}

// TestCursorRoundTrip: a cursor goes back byte for byte (trap 2).
func TestCursorRoundTrip(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	numbered(r.server, foo, first, 200)
	r.cfg.BatchSize = 23
	src := r.source(t)
	if _, err := read(t, src, sliceOf(t, src, foo, first), ""); err != nil {
		t.Fatal(err)
	}
	pages := 0
	for _, q := range r.server.Requests() {
		if q.Op == clevertaptest.OpPage {
			pages++
			if len(q.Cursor) < 1500 || len(q.Cursor) > 2400 || !strings.Contains(q.Cursor, "%2F") ||
				!strings.Contains(q.Cursor, "%2B") || !strings.Contains(q.Cursor, "%3D") || strings.Contains(q.Cursor, "%25") {
				t.Errorf("page %d was asked for with a cursor of %d bytes", q.Page, len(q.Cursor))
			}
		}
	}
	if pages < 9 {
		t.Errorf("%d pages, want at least 9", pages)
	}
	r.clean(t)
}

// TestExpired: however a dead cursor is answered, rows read so far are worth
// nothing more, and the slice can be read again from its start (trap 4).
func TestExpired(t *testing.T) {
	answers := map[string]clevertaptest.Fault{
		"expired":  {Kind: clevertaptest.Expired},
		"usage":    {Kind: clevertaptest.Answer, Status: 200, Text: `{"status":"fail","error":"Incorrect Usage","code":3}`},
		"invalid":  {Kind: clevertaptest.Answer, Status: 400, Text: `{"status":"fail","error":"Invalid cursor"}`},
		"listed":   {Kind: clevertaptest.Answer, Status: 200, Text: `{"status":"fail","error":"[\"Cursor is invalid\"]"}`},
		"gone":     {Kind: clevertaptest.Answer, Status: 410, Text: ``},
		"notFound": {Kind: clevertaptest.Answer, Status: 404, Text: `{"status":"fail"}`},
	}
	for name, f := range answers {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, clevertaptest.Options{})
			numbered(r.server, foo, first, 100)
			r.cfg.BatchSize, r.opt.BatchRows = 23, 23
			r.server.Fail(clevertaptest.Page("", 2), 1, f)
			src := r.source(t)
			sl := sliceOf(t, src, foo, first)
			if _, err := read(t, src, sl, ""); !errors.Is(err, exporter.ErrCursorExpired) {
				t.Fatalf("got error %v, want %v", err, exporter.ErrCursorExpired)
			}
			c, err := read(t, src, sl, "")
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(upTo(100), numbers(c.Rows)); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
		})
	}
}

// TestExpiredByAge uses the server's own clock: 1 h without use, 4 h in all.
func TestExpiredByAge(t *testing.T) {
	for name, step := range map[string]time.Duration{"idle": 61 * time.Minute, "old": 50 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			clock := handAt(noon)
			r := newRig(t, clevertaptest.Options{Now: clock.Now})
			numbered(r.server, foo, first, 200)
			r.cfg.BatchSize, r.opt.BatchRows = 23, 1
			src := r.source(t)
			sl := sliceOf(t, src, foo, first)
			var after exporter.Cursor
			var err error
			for range 8 { // a batch each time, as if every run died after it
				for b, e := range src.Read(t.Context(), sl, after) {
					after, err = b.Cursor, e
					break
				}
				if err != nil {
					break
				}
				clock.move(step)
			}
			if !errors.Is(err, exporter.ErrCursorExpired) {
				t.Errorf("got error %v, want %v", err, exporter.ErrCursorExpired)
			}
		})
	}
}

// TestRefusedWhenOld: a refusal without a reason is put down to the cursor's age.
func TestRefusedWhenOld(t *testing.T) {
	clock := handAt(noon)
	r := newRig(t, clevertaptest.Options{Now: clock.Now})
	numbered(r.server, foo, first, 100)
	r.cfg.BatchSize, r.opt.BatchRows = 23, 1
	r.server.Fail(clevertaptest.Page("", 3), -1, clevertaptest.Fault{Kind: clevertaptest.Fail, Text: "no"})
	src := r.source(t)
	sl := sliceOf(t, src, foo, first)
	_, err := read(t, src, sl, "")
	if err == nil || errors.Is(err, exporter.ErrCursorExpired) {
		t.Fatalf("when it is young: %v", err)
	}
	var after exporter.Cursor
	for b, err := range src.Read(t.Context(), sl, "") {
		if err != nil {
			t.Fatal(err)
		}
		after = b.Cursor
		break
	}
	clock.move(5 * time.Hour)
	r.server.Fail(clevertaptest.Any, -1, clevertaptest.Fault{Kind: clevertaptest.Fail, Text: "no"})
	if _, err = read(t, src, sl, after); !errors.Is(err, exporter.ErrCursorExpired) {
		t.Errorf("when it is old: got %v, want %v", err, exporter.ErrCursorExpired)
	}
}

// TestCircles: a cursor that comes again ends the walk; the pages before it are
// handed out (trap 5).
func TestCircles(t *testing.T) {
	page := func(i int, next string) clevertaptest.Fault {
		return clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 200, Text: fmt.Sprintf(
			`{"status":"success","records":[{"ts":20260901000000,"event_props":{"N":%d}}],"next_cursor":"%s"}`, i, next)}
	}
	at := func(cursor string) func(clevertaptest.Request) bool {
		return func(q clevertaptest.Request) bool { return q.Cursor == cursor }
	}
	tests := map[string]struct {
		open   string
		faults map[string]clevertaptest.Fault
		rows   int
	}{
		"same":     {"A", map[string]clevertaptest.Fault{"A": page(0, "A")}, 1},
		"ABA":      {"A", map[string]clevertaptest.Fault{"A": page(0, "B"), "B": page(1, "A")}, 2},
		"laterABA": {"A", map[string]clevertaptest.Fault{"A": page(0, "B"), "B": page(1, "C"), "C": page(2, "B")}, 3},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, clevertaptest.Options{})
			numbered(r.server, foo, first, 1)
			r.server.Fail(clevertaptest.Opening(""), -1, clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 200, Text: `{"status":"success","cursor":"` + tt.open + `"}`})
			for cursor, f := range tt.faults {
				r.server.Fail(at(cursor), -1, f)
			}
			src := r.source(t)
			c, err := read(t, src, sliceOf(t, src, foo, first), "")
			if err == nil || !strings.Contains(err.Error(), "circle") {
				t.Errorf("got error %v", err)
			}
			if len(c.Rows) > tt.rows {
				t.Errorf("%d rows, want at most %d", len(c.Rows), tt.rows)
			}
		})
	}
}

// TestRepeatedCursor is the same with the server's own pages.
func TestRepeatedCursor(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	numbered(r.server, foo, first, 100)
	r.cfg.BatchSize, r.opt.BatchRows = 23, 1
	r.server.Fail(clevertaptest.Page("", 2), -1, clevertaptest.Fault{Kind: clevertaptest.Repeat})
	src := r.source(t)
	c, err := read(t, src, sliceOf(t, src, foo, first), "")
	if err == nil || !strings.Contains(err.Error(), "circle") || errors.Is(err, exporter.ErrCursorExpired) {
		t.Errorf("got error %v", err)
	}
	if got := numbers(c.Rows); !slices.Equal(got, upTo(len(got))) {
		t.Errorf("rows %v", got)
	}
}

// TestEmptyForEver: pages without rows and always new cursors come to an end.
func TestEmptyForEver(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	r.server.AddEvents(foo, first)
	for i := range 1200 {
		r.server.Fail(func(q clevertaptest.Request) bool { return q.Cursor == fmt.Sprintf("c%d", i) }, -1,
			clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 200, Text: fmt.Sprintf(`{"status":"success","next_cursor":"c%d"}`, i+1)})
	}
	r.server.Fail(clevertaptest.Opening(""), -1, clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 200, Text: `{"status":"success","cursor":"c0"}`})
	src := r.source(t)
	_, err := read(t, src, sliceOf(t, src, foo, first), "")
	if err == nil || !strings.Contains(err.Error(), "in a row without a record") {
		t.Errorf("got error %v", err)
	}
}

// TestPageSizes: what is asked for is taken as the vendor takes it (trap 7).
func TestPageSizes(t *testing.T) {
	for _, size := range []int{23, 25, 50, 0} {
		r := newRig(t, clevertaptest.Options{})
		numbered(r.server, foo, first, 300)
		r.cfg.BatchSize = size
		src := r.source(t)
		c, err := read(t, src, sliceOf(t, src, foo, first), "")
		if err != nil || !slices.Equal(numbers(c.Rows), upTo(300)) {
			t.Errorf("batch_size %d: %d rows, error %v", size, len(c.Rows), err)
		}
		want := size
		if size == 0 {
			want = 5000
		}
		if q := r.server.Requests()[0]; q.Batch != want {
			t.Errorf("asked for %d records a page, want %d", q.Batch, want)
		}
	}
}

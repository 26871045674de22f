package clevertap_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/clevertap/clevertaptest"
	"tapline/exporter/exportertest"
)

// TestSlices: closed project-local days of the window and no other (trap 9).
func TestSlices(t *testing.T) {
	tests := []struct {
		name, zone, now, since, until string
		want                          []string
	}{
		{"Half-open", "Asia/Kolkata", "2026-09-05T12:00:00Z", "2026-09-01", "2026-09-03", []string{"2026-09-01", "2026-09-02"}},
		{"NoEnd", "Asia/Kolkata", "2026-09-05T12:00:00Z", "2026-09-03", "", []string{"2026-09-03", "2026-09-04"}},
		{"NeverToday", "Asia/Kolkata", "2026-09-05T12:00:00Z", "2026-09-04", "2026-12-01", []string{"2026-09-04"}},
		{"MidnightInIndia", "Asia/Kolkata", "2026-09-05T18:30:00Z", "2026-09-04", "", []string{"2026-09-04", "2026-09-05"}},
		{"BeforeMidnightInIndia", "Asia/Kolkata", "2026-09-05T18:29:59Z", "2026-09-04", "", []string{"2026-09-04"}},
		{"BehindUTC", "America/New_York", "2026-09-05T03:59:59Z", "2026-09-03", "", []string{"2026-09-03"}},
		{"NewYorkSpring", "America/New_York", "2026-03-10T12:00:00Z", "2026-03-07", "", []string{"2026-03-07", "2026-03-08", "2026-03-09"}},
		{"NewYorkFall", "America/New_York", "2026-11-02T05:00:00Z", "2026-10-31", "", []string{"2026-10-31", "2026-11-01"}},
		{"NewYorkFallStillSunday", "America/New_York", "2026-11-02T04:59:59Z", "2026-10-31", "", []string{"2026-10-31"}},
		{"Future", "UTC", "2026-09-05T12:00:00Z", "2026-10-01", "", nil},
		{"Empty", "UTC", "2026-09-05T12:00:00Z", "2026-09-02", "2026-09-02", nil},
		{"Backwards", "UTC", "2026-09-05T12:00:00Z", "2026-09-03", "2026-09-01", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, tt.now)
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t, clevertaptest.Options{Now: at(now)})
			r.cfg.Timezone = tt.zone
			var w exporter.Window
			for _, d := range []struct {
				to   *exporter.Day
				text string
			}{{&w.Since, tt.since}, {&w.Until, tt.until}} {
				if err := d.to.UnmarshalText([]byte(d.text)); err != nil {
					t.Fatal(err)
				}
			}
			st := exporter.Stream{Name: "events/A", Kind: "events", Vars: map[string]string{"event": "A"}}
			sl, err := r.source(t).Slices(t.Context(), st, w)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range sl {
				got = append(got, s.Name)
				if s.Day.String() != s.Name || s.Revision != "" || s.Stream.Name != st.Name {
					t.Errorf("slice %+v", s)
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("slices (-want +got):\n%s", d)
			}
		})
	}
}

func TestSlicesErrors(t *testing.T) {
	src := newRig(t, clevertaptest.Options{}).source(t)
	st := exporter.Stream{Name: "events/A", Kind: "events", Vars: map[string]string{"event": "A"}}
	if _, err := src.Slices(t.Context(), st, exporter.Window{}); !errors.Is(err, exporter.ErrWindow) {
		t.Errorf("no start: got %v, want %v", err, exporter.ErrWindow)
	}
	st.Kind = "sessions"
	if _, err := src.Slices(t.Context(), st, exporter.Window{Since: first}); !errors.Is(err, exporter.ErrUnknownStream) {
		t.Errorf("other kind: got %v, want %v", err, exporter.ErrUnknownStream)
	}
	if _, err := read(t, src, exporter.Slice{Stream: st}, ""); !errors.Is(err, exporter.ErrUnknownStream) {
		t.Errorf("Read: got %v, want %v", err, exporter.ErrUnknownStream)
	}
}

// TestZones reads days of 23, 24 and 25 hours: each has its own rows and every
// ts lies in its day, as the zone has it (traps 9, 10).
func TestZones(t *testing.T) {
	for _, tt := range []struct {
		zone  string
		day   exporter.Day
		hours int
	}{
		{"America/New_York", exporter.Day{Year: 2026, Month: 3, Day: 8}, 23},
		{"America/New_York", exporter.Day{Year: 2026, Month: 11, Day: 1}, 25},
		{"America/New_York", exporter.Day{Year: 2026, Month: 9, Day: 1}, 24},
		{"Asia/Kolkata", exporter.Day{Year: 2026, Month: 3, Day: 8}, 24},
		{"Europe/Berlin", exporter.Day{Year: 2026, Month: 10, Day: 25}, 25},
	} {
		t.Run(tt.zone+" "+tt.day.String(), func(t *testing.T) {
			loc := mustZone(t, tt.zone)
			s := &clevertaptest.Shop{Seed: 4, First: tt.day.Add(-1), Days: 3, Rows: 2000, Location: loc}
			r := newRig(t, clevertaptest.Options{Data: s, Location: loc, Now: at(tt.day.Add(9).Start(loc))})
			r.cfg.Timezone = tt.zone
			src := r.source(t)
			c := exportertest.ReadAll(t, src, sliceOf(t, src, foo, tt.day), "")
			if len(c.Rows) != s.Len(foo, tt.day) {
				t.Fatalf("%d rows, want %d", len(c.Rows), s.Len(foo, tt.day))
			}
			start, end := tt.day.Start(loc), tt.day.Add(1).Start(loc)
			if h := end.Sub(start).Hours(); h != float64(tt.hours) {
				t.Fatalf("the day has %v hours", h)
			}
			var last time.Time
			for _, row := range c.Rows {
				ts := instantOf(t, row)
				if ts.Before(start) || !ts.Before(end) {
					t.Fatalf("ts %s is not on %s", ts, tt.day)
				}
				if last.Sub(ts) > time.Hour {
					t.Fatalf("ts %s comes after %s", ts, last)
				}
				last = ts
			}
		})
	}
}

func instantOf(t *testing.T, row string) time.Time {
	t.Helper()
	for _, cell := range cells(row) {
		if len(cell) > 3 && cell[:3] == "ts=" {
			ts, err := time.Parse(time.RFC3339, cell[3:])
			if err != nil {
				t.Fatal(err)
			}
			return ts
		}
	}
	t.Fatalf("no ts in %q", row)
	return time.Time{}
}

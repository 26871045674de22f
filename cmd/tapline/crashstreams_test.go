//go:build !noduckdb && cgo

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tapline/exporter"
	"tapline/exporter/clevertap/clevertaptest"
)

// streamEntries are an entry for each kind of stream but the events, which
// newAccountRig has, and those whose answer is another at every moment.
func streamEntries() []string {
	return []string{
		"{stream: profiles, event: Charged, table: profiles, mode: merge, key: [profile_id]}",
		"{stream: profiles_by_id, by: identity, ids: " + somePeople(streamsShop(), 7) + ", table: people}",
		"{stream: event_counts, event: Charged, table: event_counts}",
		"{stream: profile_counts, event: Charged, table: profile_counts}",
		"{stream: top_property_counts, event: Charged, groups: [{property: Payment mode}, {property: Amount}], table: top}",
		"{stream: trends, event: Charged, trend: [daily, weekly, monthly], table: trends}",
		"{stream: campaigns, table: campaigns}",
		"{stream: campaign_reports, table: campaign_reports}",
		"{stream: message_reports, table: messages}",
		"{stream: event_schema, table: event_schema, mode: snapshot}",
		"{stream: user_properties, table: user_properties, mode: snapshot}",
	}
}

func streamsShop() *clevertaptest.Shop {
	return &clevertaptest.Shop{Seed: 5, First: exporter.Day{Year: 2026, Month: time.September, Day: 1}, Days: 2, Rows: 120}
}

// newStreamsRig is an account of which these entries are read. It is small, and
// its batches are smaller, so that most slices have several parts. One in five
// of its answers is wrong.
func newStreamsRig(t testing.TB, entries ...string) *accountRig {
	t.Helper()
	shop := streamsShop()
	clock := shop.Until().Start(time.UTC).Add(30 * time.Hour)
	server := clevertaptest.NewServer(t, clevertaptest.Options{
		Data: shop, Polls: 1, Limit: 12, Now: func() time.Time { return clock },
		Faults: clevertaptest.Faults{Rate: 5, Seed: 21},
	})
	r := newCrashRig(t, func(o sceneOptions) string {
		return fmt.Sprintf(`connections:
  - {name: ct, type: clevertap, url: %q, account_id: "${env:CT_ACCOUNT_ID}", passcode: "${env:CT_PASSCODE}", timezone: Asia/Kolkata, batch_size: %d}
  - {name: bi, type: duckdb, path: bi.duckdb}
pipelines:
  - name: all
    from: ct
    to: bi
    since: 2026-09-01
    until: 2026-09-03
    streams:
      - %s
`, server.URL, o.batchSize, strings.Join(entries, "\n      - "))
	})
	r.rows, r.env = 3, []string{"TAPLINE_BACKOFF=5ms"}
	return &accountRig{server: server, crashRig: r}
}

// TestCrashStreams kills the binary while it loads each kind of stream: after the
// first and the last batch of the source, and when a load is done. What goes on
// between is the same for all, and TestCrashEverywhere's.
func TestCrashStreams(t *testing.T) {
	for _, entry := range streamEntries() {
		name, _, _ := strings.Cut(strings.TrimPrefix(entry, "{stream: "), ",")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newStreamsRig(t, entry)
			want, points := r.rehearse(t)
			if !strings.Contains(want, "all/"+name) {
				t.Fatalf("nothing is loaded:\n%s", want)
			}
			var batches, loads []int
			for i, p := range points {
				switch {
				case strings.Contains(p, " source.batch "):
					batches = append(batches, i+1)
				case strings.Contains(p, " load.after "):
					loads = append(loads, i+1)
				}
			}
			if len(batches) == 0 || len(loads) == 0 {
				t.Fatalf("%d batches, %d loads", len(batches), len(loads))
			}
			for _, at := range slices.Compact([]int{batches[0], batches[len(batches)-1], loads[len(loads)-1]}) {
				r.crashAt(t, want, fmt.Sprintf("kill@%d", at))
			}
		})
	}
}

// TestCrashRealtime: what an account says of this moment is asked for again
// after a crash. What the killed run had read whole is loaded beside it, once.
func TestCrashRealtime(t *testing.T) {
	r := newStreamsRig(t, "{stream: realtime, show: [os], table: now}")
	r.config = openEnd(r.config)
	_, all := r.rehearse(t)
	points := byKind(all)
	for kind, rows := range map[string]int{"source.batch realtime": 1, "load.before ": 2, "load.after ": 2} {
		if len(points[kind]) == 0 {
			t.Fatalf("no point %q in %v", kind, points)
		}
		s := r.scene(t, sceneOptions{})
		if code := s.run(t, []string{fmt.Sprintf("TAPLINE_FAULTS=kill@%d", points[kind][0])}, "run"); code != -1 {
			t.Errorf("%s: exit code %d, want a kill", kind, code)
		}
		time.Sleep(time.Second) // the next run's moment is another
		s.mustRun(t, "run")
		s.mustRun(t, "verify")
		if n := strings.Count(s.content(t), " read_at="); n != rows {
			t.Errorf("%s: %d rows, want %d", kind, n, rows)
		}
		s.clean(t)
	}
}

// openEnd makes the window of a configuration go on to this day.
func openEnd(config func(sceneOptions) string) func(sceneOptions) string {
	return func(o sceneOptions) string { return strings.Replace(config(o), "    until: 2026-09-03\n", "", 1) }
}

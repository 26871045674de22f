//go:build !noduckdb && cgo

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tapline/exporter"
	"tapline/exporter/clevertap/clevertaptest"
)

// TestProcessesShareSlots: pipelines of one account, each in a process of its
// own, together keep to the calls that the account may have in flight.
func TestProcessesShareSlots(t *testing.T) {
	shop := &clevertaptest.Shop{Seed: 5, First: exporter.Day{Year: 2026, Month: time.September, Day: 1}, Days: 3, Rows: 600}
	server := clevertaptest.NewServer(t, clevertaptest.Options{Data: shop})
	server.Fail(clevertaptest.Any, -1, clevertaptest.Fault{Kind: clevertaptest.Slow, Delay: 5 * time.Millisecond})
	rig := newCrashRig(t, func(o sceneOptions) string {
		var b strings.Builder
		fmt.Fprintf(&b, `connections:
  - {name: ct, type: clevertap, url: %q, account_id: "${env:CT_ACCOUNT_ID}", passcode: "${env:CT_PASSCODE}", timezone: Asia/Kolkata, batch_size: 23}
`, server.URL)
		for i := range 2 {
			fmt.Fprintf(&b, "  - {name: bi%d, type: duckdb, path: bi%d.duckdb}\n", i, i)
		}
		b.WriteString("pipelines:\n")
		for i := range 2 {
			fmt.Fprintf(&b, "  - {name: p%d, from: ct, to: bi%d, since: 2026-09-01, until: 2026-09-04, streams: [{stream: events, events: [\"Product Viewed\"], table: views}]}\n", i, i)
		}
		return b.String()
	})
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range 2 {
		s := rig.sceneIn(t, dir, sceneOptions{concurrency: 4, batchSize: 23})
		wg.Go(func() {
			if code := s.run(t, nil, "run", fmt.Sprint("p", i)); code != exitDone {
				t.Errorf("p%d: exit code %d\n%s", i, code, s.said.String())
			}
		})
	}
	wg.Wait()
	if v := server.Violations(); len(v) > 0 {
		t.Errorf("violations: %v", v)
	}
	if peak := server.Peak("/1/events.json"); peak > 3 {
		t.Errorf("%d calls were in flight, want 3 at most", peak)
	}
	files, err := os.ReadDir(filepath.Join(dir, ".tapline", "slots"))
	if err != nil || len(files) == 0 {
		t.Errorf("no slots beside the state: %v", err)
	}
}

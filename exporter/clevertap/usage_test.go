package clevertap_test

import (
	"testing"
	"time"

	"tapline/exporter/clevertap/clevertaptest"
)

// TestUsage: what was asked, asked again and waited for is told, by API.
func TestUsage(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	numbered(r.server, foo, first, 3)
	r.opt.Retry.First, r.opt.Retry.Poll = 40*time.Second, 3*time.Second
	for _, kind := range []clevertaptest.Kind{clevertaptest.TooMany, clevertaptest.InProgress, clevertaptest.ServerError} {
		r.server.Fail(clevertaptest.Opening(""), 1, clevertaptest.Fault{Kind: kind})
	}
	src := r.source(t)
	if _, err := src.Streams(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, src, sliceOf(t, src, foo, first), ""); err != nil {
		t.Fatal(err)
	}
	usage := src.Usage()
	if len(usage) != 2 || usage[0].API != "events" || usage[1].API != "schema" {
		t.Fatalf("usage %+v, want that of events and schema", usage)
	}
	u := usage[0]
	if u.Requests != 5 || u.Retries != 3 {
		t.Errorf("%d requests and %d retries, want 5 (4 openings and a page) and 3", u.Requests, u.Retries)
	}
	if u.Told < 21*time.Second || u.Told > 70*time.Second || u.Pauses < 20*time.Second || u.Pauses > 2*time.Minute {
		t.Errorf("waited %s as told and %s after faults", u.Told, u.Pauses)
	}
	if u.Waited() != u.Gate+u.Told+u.Pauses {
		t.Errorf("waited %s in all", u.Waited())
	}
}

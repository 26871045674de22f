package clevertap_test

import (
	"errors"
	"testing"

	"tapline/config"
	"tapline/exporter"
	"tapline/exporter/clevertap"
	"tapline/exporter/clevertap/clevertaptest"
)

// TestCount: the account's own count of what a slice holds, with the filters of
// its entry, and of nothing else.
func TestCount(t *testing.T) {
	r := newRig(t, clevertaptest.Options{Polls: 2})
	numbered(r.server, foo, first, 7)
	filtered, session := events(foo), events(foo)
	filtered.Name, filtered.EventProperties = "some", config.JSON(`[{"name":"N","operator":"equals","value":3}]`)
	session.Name, session.SessionProperties = "first", config.JSON(`[{"name":"first_time","operator":"equals","value":"True"}]`)
	r.sel = []clevertap.Selection{events(foo), filtered, session, {Stream: "event_counts", Events: []string{foo}}}
	src := r.source(t)
	streams, err := src.Streams(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int64{7, 1, -1, -1} {
		n, err := src.Count(t.Context(), exporter.Slice{Stream: streams[i], Name: first.String(), Day: first})
		if want < 0 {
			if !errors.Is(err, exporter.ErrNotCounted) {
				t.Errorf("%s: %d, error %v; want ErrNotCounted", streams[i].Name, n, err)
			}
			continue
		}
		if err != nil || n != want {
			t.Errorf("%s: %d, error %v; want %d", streams[i].Name, n, err, want)
		}
	}
	r.clean(t)
}

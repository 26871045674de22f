package clevertap_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/clevertap"
	"tapline/exporter/clevertap/clevertaptest"
)

func TestRealtimeSlices(t *testing.T) {
	clock := handAt(noon)
	r := newRig(t, clevertaptest.Options{Now: clock.Now})
	r.server.AddEvents(foo, first)
	r.sel = []clevertap.Selection{{Stream: "realtime"}}
	src := r.source(t)
	today := noonDay()
	for _, tt := range []struct {
		name string
		w    exporter.Window
		want []string
	}{
		{"Open", exporter.Window{}, []string{"2026-09-05T12:00:00Z"}},
		{"Since", exporter.Window{Since: first}, []string{"2026-09-05T12:00:00Z"}},
		{"UpToNow", exporter.Window{Since: first, Until: today}, []string{"2026-09-05T12:00:00Z"}},
		{"Beyond", exporter.Window{Since: first, Until: today.Add(9)}, []string{"2026-09-05T12:00:00Z"}},
		{"Past", exporter.Window{Since: first, Until: today.Add(-1)}, nil},
		{"Future", exporter.Window{Since: today.Add(1)}, nil},
		{"Empty", exporter.Window{Since: today, Until: today}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, got := slicesOf(t, src, tt.w)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("slices (-want +got):\n%s", d)
			}
		})
	}
	clock.move(time.Second)
	if _, got := slicesOf(t, src, exporter.Window{}); got[0] != "2026-09-05T12:00:01Z" {
		t.Errorf("a second later the slice is %s", got)
	}
}

func TestRealtimeAnswers(t *testing.T) {
	const tail = " read_at=2026-09-05T12:01:00Z"
	for _, tt := range []struct {
		name   string
		show   []string
		answer string
		want   string
	}{
		{"Count", nil, `{"status":"success","count":7,"last_processed_ts":1788609600}`, "count=7 last_processed_ts=2026-09-05T12:00:00Z" + tail},
		{"Shown", []string{"os", "new"}, `{"status":"success","count":"7","os":{"Android":5,"été":1},"last_processed_ts":"1788609600"}`,
			`count=7 last_processed_ts=2026-09-05T12:00:00Z os={\"Android\":5,\"été\":1}` + tail},
		{"NotAskedFor", nil, `{"status":"success","count":7,"os":{"Android":5},"city":{"Pune":1},"at":3}`,
			`answer.at=3 answer.city={\"Pune\":1} count=7 os={\"Android\":5}` + tail},
		{"OddTime", nil, `{"status":"success","count":7,"last_processed_ts":"noon"}`, `!last_processed_ts=value.time:"\"noon\"" count=7` + tail},
		{"FarTime", nil, `{"status":"success","count":7,"last_processed_ts":1788609600000}`, `!last_processed_ts=value.time:"1788609600000" count=7` + tail},
		{"Null", nil, `{"status":"success","count":0,"last_processed_ts":null,"os":null}`, "count=0" + tail},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clock := handAt(noon)
			r := newRig(t, clevertaptest.Options{Now: clock.Now})
			r.server.AddEvents(foo, first)
			r.sel = []clevertap.Selection{{Stream: "realtime", Show: tt.show}}
			src := r.source(t)
			all, _ := slicesOf(t, src, exporter.Window{})
			clock.move(time.Minute) // it is read later than planned
			answers(r, clevertaptest.OpNow, tt.answer)
			got, err := lines(t, src, all[0])
			if d := cmp.Diff([]string{tt.want}, got); d != "" || err != nil {
				t.Errorf("error %v, rows (-want +got):\n%s", err, d)
			}
		})
	}
}

// TestRealtimeOfServer: every breakdown, by polling.
func TestRealtimeOfServer(t *testing.T) {
	r := newRig(t, clevertaptest.Options{Polls: 2, TextIDs: true})
	r.server.AddEvents(foo, first)
	r.sel = []clevertap.Selection{{Stream: "realtime", Show: []string{"user_type", "session_source", "browser", "os", "device", "new"}}}
	src := r.source(t)
	all, _ := slicesOf(t, src, exporter.Window{})
	rows, err := lines(t, src, all[0])
	if err != nil || len(rows) != 1 {
		t.Fatalf("rows %q, error %v", rows, err)
	}
	for _, part := range []string{"read_at=2026-09-05T12:00:00Z", "last_processed_ts=2026-09-05T11:59:53Z", `os={\"Android\":`, `user_type={`, `été / \\\"mail\\\"`} {
		if !strings.Contains(rows[0], part) {
			t.Errorf("row %s has no %s", rows[0], part)
		}
	}
	r.clean(t)
}

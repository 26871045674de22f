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
	"tapline/exporter/clevertap"
	"tapline/exporter/clevertap/clevertaptest"
	"tapline/exporter/exportertest"
)

// reportKinds are an entry for each kind whose slices are one answer each.
func reportKinds() []clevertap.Selection {
	return []clevertap.Selection{
		{Stream: "campaigns"}, {Stream: "campaign_reports"}, {Stream: "message_reports"},
		{Stream: "event_schema"}, {Stream: "user_properties"},
	}
}

// ready are the shop's campaigns that have a report.
func ready(s *clevertaptest.Shop) []clevertaptest.Campaign {
	return slices.DeleteFunc(s.Campaigns(), func(c clevertaptest.Campaign) bool { return c.Unready != 0 })
}

func TestReportSuite(t *testing.T) {
	exportertest.Run(t, func(t *testing.T) exportertest.Subject {
		make := func(so clevertaptest.Options, rows int, bytes int64) *rig {
			so.Data, so.Campaigns = shop(), ready(shop())
			r := newRig(t, so)
			r.sel, r.opt.BatchRows, r.opt.BatchBytes = reportKinds(), rows, bytes
			r.opt.Retry.Tries = 20
			return r
		}
		r, f := make(clevertaptest.Options{}, 1, 0), make(clevertaptest.Options{Faults: clevertaptest.Faults{Rate: 5, Seed: 4}}, 2, 0)
		t.Cleanup(func() { r.clean(t); f.clean(t) })
		return exportertest.Subject{
			Source: r.source(t), Faulty: f.source(t),
			Window: exporter.Window{Since: first, Until: first.Add(3)}, // no message begins on the third day
			Variants: map[string]exporter.Source{
				"whole": make(clevertaptest.Options{}, 0, 0).source(t), "by memory": make(clevertaptest.Options{}, 0, 1).source(t),
			},
			Idle: func() { r.source(t).Close(); f.source(t).Close() },
		}
	})
}

// only returns the one stream of a selection.
func only(t *testing.T, src *clevertap.Source) exporter.Stream {
	t.Helper()
	st, err := src.Streams(t.Context())
	if err != nil || len(st) != 1 {
		t.Fatalf("streams %v, error %v", st, err)
	}
	return st[0]
}

// slicesOf are the slices of the one stream, as "name revision".
func slicesOf(t *testing.T, src *clevertap.Source, w exporter.Window) (all []exporter.Slice, brief []string) {
	t.Helper()
	all, err := src.Slices(t.Context(), only(t, src), w)
	if err != nil {
		t.Fatal(err)
	}
	for _, sl := range all {
		brief = append(brief, strings.TrimSpace(sl.Name+" "+sl.Revision))
	}
	return all, brief
}

func TestCampaignMonths(t *testing.T) {
	r := newRig(t, clevertaptest.Options{Data: shop()})
	r.sel = []clevertap.Selection{{Stream: "campaigns"}}
	day := func(m time.Month, d int) exporter.Day { return exporter.Day{Year: 2026, Month: m, Day: d} }
	const now = " 2026-09-05" // noon in Kolkata, too
	for _, tt := range []struct {
		name string
		w    exporter.Window
		want []string
	}{
		{"OK", exporter.Window{Since: day(time.July, 31)}, []string{"2026-07 final", "2026-08" + now, "2026-09" + now, "2026-10" + now}},
		{"Until", exporter.Window{Since: day(time.June, 2), Until: day(time.August, 1)}, []string{"2026-06 final", "2026-07 final"}},
		{"OneDay", exporter.Window{Since: day(time.August, 31), Until: day(time.September, 1)}, []string{"2026-08" + now}},
		{"Future", exporter.Window{Since: day(time.November, 1), Until: day(time.December, 2)}, []string{"2026-11" + now, "2026-12" + now}},
		{"Empty", exporter.Window{Since: day(time.August, 1), Until: day(time.August, 1)}, nil},
		{"FarAhead", exporter.Window{Since: day(time.November, 1)}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, got := slicesOf(t, r.source(t), tt.w)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
	src := r.source(t)
	if _, err := src.Slices(t.Context(), only(t, src), exporter.Window{}); !errors.Is(err, exporter.ErrWindow) {
		t.Errorf("without a first day: %v", err)
	}
	r.clean(t)
}

// A report is asked for until its campaign is over; ids beside the list have no end.
func TestCampaignReportSlices(t *testing.T) {
	s := shop()
	all := append(s.Campaigns(), clevertaptest.Campaign{ID: 77, Dashboard: true, Day: first, Result: `{"sent":1}`})
	r := newRig(t, clevertaptest.Options{Data: s, Campaigns: all})
	r.sel = []clevertap.Selection{{Stream: "campaign_reports", IDs: []string{"77", fmt.Sprint(all[0].ID)}}}
	src := r.source(t)
	slices, got := slicesOf(t, src, exporter.Window{Since: first})
	want := []string{fmt.Sprint(all[0].ID, " final"), fmt.Sprint(all[1].ID, " 2026-09-05"), fmt.Sprint(all[2].ID, " 2026-09-05"), fmt.Sprint(all[3].ID, " 2026-09-05"), "77 2026-09-05"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	c := exportertest.ReadAll(t, src, slices[0], "")
	if len(c.Rows) != 1 || !strings.Contains(c.Rows[0], fmt.Sprint("id=", all[0].ID)) || !strings.Contains(c.Rows[0], "name="+all[0].Name) || !strings.Contains(c.Rows[0], "sent=") {
		t.Errorf("rows %q", c.Rows)
	}
	if c := exportertest.ReadAll(t, src, slices[4], ""); !cmp.Equal(c.Rows, []string{"id=77\x1fsent=1"}) {
		t.Errorf("rows %q", c.Rows)
	}
	_, err := read(t, src, slices[2], "")
	if !errors.Is(err, exporter.ErrNotReady) {
		t.Errorf("a campaign to come: %v", err)
	}
	r.clean(t)
}

// Each of the four answers says at once that there is no report yet; asked
// again later, there is one.
func TestCampaignNotReady(t *testing.T) {
	for shape := range 4 {
		t.Run(fmt.Sprint(shape), func(t *testing.T) {
			c := clevertaptest.Campaign{ID: 5, Day: first, Status: "completed", Unready: 2, Shape: shape, Result: `{"sent":3,"id":"x","name":"y","new":{"a":1}}`}
			r := newRig(t, clevertaptest.Options{Data: shop(), Campaigns: []clevertaptest.Campaign{c}}).record()
			r.sel = []clevertap.Selection{{Stream: "campaign_reports"}}
			src := r.source(t)
			slices, _ := slicesOf(t, src, exporter.Window{Since: first})
			for range 2 {
				if _, err := read(t, src, slices[0], ""); !errors.Is(err, exporter.ErrNotReady) || !strings.Contains(err.Error(), "campaign 5") {
					t.Errorf("got %v", err)
				}
			}
			got := exportertest.ReadAll(t, src, slices[0], "")
			if d := cmp.Diff([]string{"id=5\x1fnew={\\\"a\\\":1}\x1fresult.id=x\x1fresult.name=y\x1fsent=3"}, got.Rows); d != "" {
				t.Error(d)
			}
			if len(r.waits) > 0 {
				t.Errorf("waited %v", r.waits)
			}
			if n := r.server.Count(clevertaptest.Result(5)); n != 3 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// TestMessages: what is asked for, and what becomes of the known keys.
func TestMessages(t *testing.T) {
	r := newRig(t, clevertaptest.Options{Data: shop()})
	r.sel = []clevertap.Selection{{Stream: "message_reports", MessageFilters: clevertap.MessageFilters{Channel: []string{"push"}, Daily: true}}}
	src := r.source(t)
	slices, got := slicesOf(t, src, exporter.Window{Since: first})
	if d := cmp.Diff([]string{"2026-09-01", "2026-09-02", "2026-09-03", "2026-09-04"}, got); d != "" {
		t.Error(d)
	}
	c := exportertest.ReadAll(t, src, slices[0], "")
	for _, part := range []string{"channel=push", "daily={", "start_day=2026-09-01", `labels=[\"spring\"]`, "message id=16", "start_date=2026-09-01T"} {
		if len(c.Rows) == 0 || !strings.Contains(c.Rows[0], part) {
			t.Errorf("no %s in %q", part, c.Rows)
		}
	}
	body := r.server.Requests()[len(r.server.Requests())-1].Body()
	if want := `{"channel":["push"],"daily":true,"from":"20260901","to":"20260901"}`; body != want {
		t.Errorf("asked %s, want %s", body, want)
	}
	r.clean(t)
}

// TestOddReports: an answer is rows, or an error that says what is wrong with it.
func TestOddReports(t *testing.T) {
	day, month := "2026-09-01", "2026-09"
	for _, tt := range []struct {
		name, stream, slice string
		text                string
		want                []string
		says                string
		times               int // it is asked for
	}{
		{"NoMessages", "message_reports", day, `{"status":"success","total_results":0}`, nil, "", 1},
		{"NoMessagesText", "message_reports", day, `{"total_results":"0","status":"success","messages":null}`, nil, "", 1},
		{"Lost", "message_reports", day, `{"status":"success","total_results":3,"messages":[{"message id":1},{}]}`, nil, "has 2 messages and says that there are 3", 3},
		{"Nothing", "message_reports", day, `{"status":"success"}`, nil, "does not say that there are none", 6},
		{"NoList", "message_reports", day, `{"status":"success","messages":{}}`, nil, "messages is no list", 6},
		{"NoStatus", "message_reports", day, `{"messages":[]}`, nil, "neither success nor failure", 6},
		{"Fail", "message_reports", day, `{"status":"fail","error":"Unknown channel","code":400}`, nil, "Unknown channel", 3},
		{"Types", "message_reports", day, `{"status":"success","messages":[{"message id":"x","sent":1.5,"labels":"one","start_date":"5 Sep, 2026 01:02:03","device":{"a":[1]},"start_day":"own","Zeit":"$D_0"}]}`,
			[]string{"Zeit=1970-01-01T00:00:00Z|device={\\\"a\\\":[1]}|labels=one|message id=x|message.start_day=own|sent=1.5|start_date=2026-09-04T19:32:03Z|start_day=2026-09-01"}, "", 1},
		{"Times", "message_reports", day, `{"status":"success","messages":[{"start_date":""},{"start_date":null},{"start_date":"2026-09-01"},{"start_date":20260901},{"start_date":"01 Jan, 0000 00:00:00"}]}`,
			[]string{"start_day=2026-09-01", "start_day=2026-09-01", `!start_date=value.time:"\"2026-09-01\""|start_day=2026-09-01`, `!start_date=value.time:"20260901"|start_day=2026-09-01`, `!start_date=value.time:"\"01 Jan, 0000 00:00:00\""|start_day=2026-09-01`}, "", 1},
		{"BadRows", "message_reports", day, `{"status":"success","total_results":3,"messages":[7,{"a":1,"a":2},{"sent":"\ud800","x":1}]}`,
			[]string{`!=json.not_object:"7"`, `!=json.duplicate_key:"{\"a\":1,\"a\":2}"`, `!sent=text.invalid_utf8:"\"\\ud800\""|start_day=2026-09-01|x=1`}, "", 1},
		{"Twice", "message_reports", day, `{"status":"success","messages":[],"messages":[]}`, nil, "damaged", 10},
		{"Campaigns", "campaigns", month, `{"status":"success","targets":[{"id":"a","scheduled_on":"soon","status":3,"tags":["x"]}]}`, []string{`id=a|scheduled_on=soon|status=3|tags=[\"x\"]`}, "", 1},
		{"NoCampaigns", "campaigns", month, `{"status":"success"}`, nil, "", 1},
		{"CampaignsError", "campaigns", month, `{"status":"success","error":"not today"}`, nil, "not today", 6},
		{"NoObject", "campaign_reports", "9", `{"status":"success","result":[1]}`, nil, "the result is no object", 6},
		{"Empty", "campaign_reports", "9", `{"status":"success","result":{}}`, []string{"id=9"}, "", 1},
		{"TextID", "campaign_reports", "0x", `{"status":"success","result":{"sent":1}}`, []string{"id=0x|sent=1"}, "", 1},
		{"Refused", "campaign_reports", "9", `{"status":"fail","error":"Invalid target id"}`, nil, "Invalid target id", 3},
		{"Schema", "user_properties", "all", `{"status":"success","userProperties":[{"name":"Tier","type":"Mixed"},{"other":1}]}`, []string{"name=Tier|type=Mixed", "other=1"}, "", 1},
		{"NoProperties", "user_properties", "all", `{"status":"success","userProperties":[]}`, nil, "", 1},
		{"NoPropertyList", "user_properties", "all", `{"status":"success"}`, nil, "not a list of userProperties", 6},
		{"NoEvents", "event_schema", "all", `{"status":"success","events":[]}`, nil, "region", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, clevertaptest.Options{Data: shop()})
			r.sel = []clevertap.Selection{{Stream: tt.stream}}
			src := r.source(t)
			sl := exporter.Slice{Stream: only(t, src), Name: tt.slice}
			if tt.slice == day {
				sl.Day = first
			}
			asked := len(r.server.Requests())
			r.server.Fail(clevertaptest.Any, -1, clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 200, Text: tt.text})
			var c exportertest.Content
			var failure error
			for b, err := range src.Read(t.Context(), sl, "") {
				if failure = err; err == nil {
					c.Add(t, b)
				}
			}
			for i, row := range c.Rows {
				c.Rows[i] = strings.ReplaceAll(row, "\x1f", "|")
			}
			if d := cmp.Diff(tt.want, c.Rows); d != "" {
				t.Error(d)
			}
			if tt.says == "" {
				wantError(t, failure)
			} else {
				wantError(t, failure, tt.says)
			}
			if n := len(r.server.Requests()) - asked; n != tt.times {
				t.Errorf("asked %d times, want %d", n, tt.times)
			}
		})
	}
}

// A start is a time on the project's clock, in the hour it goes through twice
// and the one it leaps over as well.
func TestStartOfMessages(t *testing.T) {
	r := newRig(t, clevertaptest.Options{Data: shop(), Location: mustZone(t, "Europe/Berlin")})
	r.cfg.Timezone = "Europe/Berlin"
	r.sel = []clevertap.Selection{{Stream: "message_reports"}}
	src := r.source(t)
	sl := exporter.Slice{Stream: only(t, src), Name: "2026-10-25", Day: exporter.Day{Year: 2026, Month: time.October, Day: 25}}
	var list []string
	for _, text := range []string{"25 Oct, 2026 02:30:00", "25 Oct, 2026 03:30:00", "29 Mar, 2026 02:30:00", "29 Mar, 2026 03:00:00"} {
		list = append(list, fmt.Sprintf(`{"start_date":%q}`, text))
	}
	r.server.Fail(clevertaptest.Any, -1, clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 200, Text: `{"status":"success","messages":[` + strings.Join(list, ",") + `]}`})
	var got []string
	for _, row := range exportertest.ReadAll(t, src, sl, "").Rows {
		at, _, _ := strings.Cut(strings.TrimPrefix(row, "start_date="), "\x1f")
		got = append(got, at)
	}
	if d := cmp.Diff([]string{"2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T01:00:00Z"}, got); d != "" {
		t.Error(d)
	}
}

// A cursor is worth nothing when the vendor gives another answer.
func TestReportChanged(t *testing.T) {
	clock := handAt(noon)
	r := newRig(t, clevertaptest.Options{Data: shop(), Now: clock.Now})
	r.sel, r.opt.BatchRows = []clevertap.Selection{{Stream: "message_reports"}}, 1
	src := r.source(t)
	slices, _ := slicesOf(t, src, exporter.Window{Since: first, Until: first.Add(1)})
	whole := exportertest.ReadAll(t, src, slices[0], "")
	clock.move(24 * time.Hour) // the counts have risen
	if _, err := read(t, src, slices[0], whole.Cursors[0]); !errors.Is(err, exporter.ErrCursorExpired) {
		t.Errorf("got %v", err)
	}
	asked := len(r.server.Requests())
	exportertest.ReadAll(t, src, slices[0], whole.Cursors[len(whole.Cursors)-1])
	if n := len(r.server.Requests()) - asked; n != 0 {
		t.Errorf("asked %d times after the end", n)
	}
}

// What an account knows of itself has one slice a day.
func TestSchemaSlice(t *testing.T) {
	r := newRig(t, clevertaptest.Options{Data: shop()})
	r.sel = []clevertap.Selection{{Stream: "event_schema"}}
	src := r.source(t)
	slices, got := slicesOf(t, src, exporter.Window{})
	if d := cmp.Diff([]string{"all 2026-09-05"}, got); d != "" {
		t.Error(d)
	}
	if c := exportertest.ReadAll(t, src, slices[0], ""); len(c.Rows) != 5 || !strings.Contains(c.Rows[0], "name="+clevertaptest.AppLaunched) {
		t.Errorf("rows %q", c.Rows)
	}
}

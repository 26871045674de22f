package clevertap_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/config"
	"tapline/exporter"
	"tapline/exporter/clevertap"
	"tapline/exporter/clevertap/clevertaptest"
)

// lines are the rows of a slice, each with its cells in one line.
func lines(t *testing.T, src exporter.Source, sl exporter.Slice) ([]string, error) {
	t.Helper()
	c, err := read(t, src, sl, "")
	for i := range c.Rows {
		c.Rows[i] = strings.ReplaceAll(c.Rows[i], "\x1f", " ")
	}
	return c.Rows, err
}

// answers lets the next request of the op be answered with the text.
func answers(r *rig, op clevertaptest.Op, text string) {
	r.server.Fail(func(q clevertaptest.Request) bool { return q.Op == op }, 1,
		clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 200, Text: text})
}

// one is the first slice of the one stream of the selection.
func one(t *testing.T, src *clevertap.Source) exporter.Slice {
	t.Helper()
	all, _ := slicesOf(t, src, exporter.Window{Since: first, Until: first.Add(1)})
	if len(all) != 1 {
		t.Fatalf("%d slices", len(all))
	}
	return all[0]
}

// TestCounts: a count is that of the events the same server gives, late ones
// included, and users are counted once.
func TestCounts(t *testing.T) {
	s := shop()
	upi := clevertap.Filters{EventProperties: config.JSON(`[{"name":"Payment mode","operator":"equals","value":["UPI"]}]`)}
	for _, tt := range []struct {
		sel  clevertap.Selection
		want string
	}{
		{clevertap.Selection{Stream: "event_counts"}, "count=C eventName=Charged event_date=2026-09-01 is_unique=false"},
		{clevertap.Selection{Stream: "event_counts", Unique: true, Name: "users"}, "count=U eventName=Charged event_date=2026-09-01 is_unique=true name=users"},
		{clevertap.Selection{Stream: "event_counts", Filters: upi, Name: "upi"}, "count=F eventName=Charged event_date=2026-09-01 is_unique=false name=upi"},
		{clevertap.Selection{Stream: "profile_counts"}, "count=U eventName=Charged event_date=2026-09-01"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			r := newRig(t, clevertaptest.Options{Data: s, Polls: 1})
			r.server.AddEvents(clevertaptest.Charged, first, s.Late(clevertaptest.Charged, first, 4)...)
			total, users, filtered := tallied(t, r)
			tt.sel.Event = clevertaptest.Charged
			r.sel = []clevertap.Selection{tt.sel}
			src := r.source(t)
			got, err := lines(t, src, one(t, src))
			want := strings.NewReplacer("C ", strconv.Itoa(total)+" ", "U ", strconv.Itoa(users)+" ", "F ", strconv.Itoa(filtered)+" ").Replace(tt.want)
			if d := cmp.Diff([]string{want}, got); d != "" || err != nil {
				t.Errorf("error %v, rows (-want +got):\n%s", err, d)
			}
			r.clean(t)
		})
	}
}

// tallied counts what the events themselves say.
func tallied(t *testing.T, r *rig) (total, users, upi int) {
	t.Helper()
	src := r.source(t)
	c, err := read(t, src, sliceOf(t, src, clevertaptest.Charged, first), "")
	if err != nil {
		t.Fatal(err)
	}
	people := map[string]bool{}
	for _, row := range c.Rows {
		who := map[string]string{}
		for _, cell := range strings.Split(row, "\x1f") {
			k, v, _ := strings.Cut(cell, "=")
			who[k] = v
		}
		if who["profile.identity"] == "" {
			who["profile.identity"] = who["profile.objectId"]
		}
		people[who["profile.identity"]] = true
		if who["eventProps.Payment mode"] == "UPI" {
			upi++
		}
	}
	return len(c.Rows), len(people), upi
}

// TestCountOfNothing: a day without the event has a count too.
func TestCountOfNothing(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	r.server.AddEvents(foo, first.Add(1))
	r.sel = []clevertap.Selection{{Stream: "event_counts", Event: foo}}
	src := r.source(t)
	got, err := lines(t, src, one(t, src))
	if d := cmp.Diff([]string{"count=0 eventName=Order Placed event_date=2026-09-01 is_unique=false"}, got); d != "" || err != nil {
		t.Errorf("error %v, rows (-want +got):\n%s", err, d)
	}
}

// TestCountAnswers are answers that are not quite as documented.
func TestCountAnswers(t *testing.T) {
	const head = "eventName=Order Placed event_date=2026-09-01 is_unique=false"
	for _, tt := range []struct{ name, answer, want string }{
		{"Text", `{"status":"success","count":"7138"}`, "count=7138 " + head},
		{"Whole", `{"count":7138.0,"status":"success"}`, "count=7138 " + head},
		{"Beyond2To53", `{"status":"success","count":9007199254740993}`, "count=9007199254740993 " + head},
		{"NoNumber", `{"status":"success","count":"many"}`, `!count=value.number:"\"many\"" ` + head},
		{"Fraction", `{"status":"success","count":1.5}`, `!count=value.number:"1.5" ` + head},
		{"List", `{"status":"success","count":[1]}`, `!count=value.number:"[1]" ` + head},
		{"Beyond64Bits", `{"status":"success","count":1e30}`, `!count=value.number:"1e30" ` + head},
		{"UnknownKeys", `{"status":"success","count":1,"sampled":true,"name":"x","event_date":"y"}`,
			"answer.event_date=y answer.name=x answer.sampled=true count=1 " + head},
		{"AskedAgain", `{"status":"success"}`, "count=3 " + head},
		{"AskedAgainForNull", `{"status":"success","count":null}`, "count=3 " + head},
		{"AskedAgainForFailure", `{"status":"fail","error":"busy","code":503}`, "count=3 " + head},
		{"AskedAgainForNothing", `{"count":12}`, "count=3 " + head},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, clevertaptest.Options{})
			numbered(r.server, foo, first, 3)
			r.sel = []clevertap.Selection{{Stream: "event_counts", Event: foo}}
			answers(r, clevertaptest.OpEventCount, tt.answer)
			src := r.source(t)
			got, err := lines(t, src, one(t, src))
			if d := cmp.Diff([]string{tt.want}, got); d != "" || err != nil {
				t.Errorf("error %v, rows (-want +got):\n%s", err, d)
			}
		})
	}
}

// TestFiltersUntouched: what the configuration says of filters is what is sent.
func TestFiltersUntouched(t *testing.T) {
	filters := clevertap.Filters{
		EventProperties:         config.JSON(`[{"value":["a","True"],"operator":"any_of_ours","name":"Zoë"}]`),
		SessionProperties:       config.JSON(`[{"name":"time_of_day","value":[0,4.50]}]`),
		CommonProfileProperties: config.JSON(`{"profile_fields":[{"name":"Tier","operator":"equals","value":"gold"}]}`),
		AdvancedQuery:           config.JSON(`{"did_all":[{"event_name":"Charged"}]}`),
	}
	sel := []clevertap.Selection{
		{Stream: "event_counts", Event: foo, Filters: filters, Unique: true}, {Stream: "profile_counts", Event: foo, Filters: filters},
		{Stream: "top_property_counts", Event: foo, Filters: filters, Groups: []clevertap.Group{{Property: "N", Name: "status", Order: "asc", Top: 7}}},
		{Stream: "trends", Event: foo, Filters: filters, Trend: []string{"weekly"}, SumEventProp: "N"},
		{Stream: "realtime", Show: []string{"os"}},
	}
	const tail = `"event_name":"Order Placed","event_properties":[{"value":["a","True"],"operator":"any_of_ours","name":"Zoë"}],"from":F,`
	const rest = `"session_properties":[{"name":"time_of_day","value":[0,4.50]}]`
	const common = `"advanced_query":{"did_all":[{"event_name":"Charged"}]},"common_profile_properties":{"profile_fields":[{"name":"Tier","operator":"equals","value":"gold"}]},`
	const day = common + tail
	want := []string{
		"{" + day + rest + `,"to":20260901,"unique":true}`,
		"{" + day + rest + `,"to":20260901}`,
		"{" + day + `"groups":{"g1":{"name":"N","order":"asc","property_type":"event_properties","top_n":7}},` + rest + `,"to":20260901}`,
		"{" + strings.Replace(day, "F,", "20260101,", 1) + `"groups":{"weekly":{"trend_type":"weekly"}},` + rest + `,"sum_event_prop":"N","to":20260901}`,
		`{"os":true}`,
	}
	r := newRig(t, clevertaptest.Options{})
	numbered(r.server, foo, first, 3)
	r.sel = sel
	src := r.source(t)
	streams, err := src.Streams(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, st := range streams {
		all, err := src.Slices(t.Context(), st, exporter.Window{Since: first, Until: map[bool]exporter.Day{true: first.Add(1)}[i < 4]})
		if err != nil || len(all) != 1 {
			t.Fatalf("%s: %d slices, error %v", st.Name, len(all), err)
		}
		if _, err := read(t, src, all[0], ""); err != nil {
			t.Fatal(err)
		}
		sent := r.server.Requests()
		got = append(got, sent[len(sent)-1].Body())
	}
	for i := range want {
		want[i] = strings.Replace(want[i], "F,", "20260901,", 1)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("bodies (-want +got):\n%s", d)
	}
	r.clean(t)
}

// TestCountKeys: what an entry of these kinds can get wrong.
func TestCountKeys(t *testing.T) {
	group := func(g ...clevertap.Group) clevertap.Selection {
		return clevertap.Selection{Stream: "top_property_counts", Event: "E", Groups: g}
	}
	for _, tt := range []struct {
		name string
		sel  clevertap.Selection
		says string
	}{
		{"NoGroups", group(), "groups: missing"},
		{"NoProperty", group(clevertap.Group{Name: "a"}), "groups[0].property: missing"},
		{"SameProperty", group(clevertap.Group{Property: "a"}, clevertap.Group{Property: "a", Type: "app_fields"}), `groups[1]: there is a group "a" already`},
		{"SameName", group(clevertap.Group{Property: "a"}, clevertap.Group{Property: "b", Name: "a"}), `groups[1]: there is a group "a" already`},
		{"Top", group(clevertap.Group{Property: "a", Top: 101}), "groups[0].top: 101 is not from 1 to 100"},
		{"NoTrend", clevertap.Selection{Stream: "trends", Event: "E"}, "trend: missing"},
		{"Trend", clevertap.Selection{Stream: "trends", Event: "E", Trend: []string{"yearly"}}, `trend: "yearly" is not one of`},
		{"TrendTwice", clevertap.Selection{Stream: "trends", Event: "E", Trend: []string{"daily", "daily"}}, "trend: daily is there twice"},
		{"SumOfUsers", clevertap.Selection{Stream: "trends", Event: "E", Trend: []string{"daily"}, Unique: true, SumEventProp: "a"}, "unique, sum_event_prop: only one"},
		{"Show", clevertap.Selection{Stream: "realtime", Show: []string{"city"}}, `show: "city" is not one of`},
		{"ShowTwice", clevertap.Selection{Stream: "realtime", Show: []string{"os", "os"}}, "show: os is there twice"},
		{"EventOfNow", clevertap.Selection{Stream: "realtime", Event: "E"}, `event: is no key of stream "realtime"`},
		{"UniqueProfiles", clevertap.Selection{Stream: "profile_counts", Event: "E", Unique: true}, `unique: is no key of stream "profile_counts"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, clevertaptest.Options{})
			_, err := clevertap.New(r.cfg, []clevertap.Selection{tt.sel}, r.opt)
			wantError(t, err, tt.says)
		})
	}
}

// TestCountsNeedDays: a window without a first day and a slice of another kind
// are refused.
func TestCountsNeedDays(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	numbered(r.server, foo, first, 3)
	for _, sel := range []clevertap.Selection{
		{Stream: "event_counts", Event: foo}, {Stream: "profile_counts", Event: foo},
		{Stream: "top_property_counts", Event: foo, Groups: []clevertap.Group{{Property: "N"}}},
		{Stream: "trends", Event: foo, Trend: []string{"daily"}},
	} {
		r.sel = []clevertap.Selection{sel}
		src := r.source(t)
		if _, err := src.Slices(t.Context(), only(t, src), exporter.Window{}); !errors.Is(err, exporter.ErrWindow) {
			t.Errorf("%s without a first day: %v", sel.Stream, err)
		}
		for _, name := range []string{"x", "2026", "20260"} {
			if _, err := read(t, src, exporter.Slice{Stream: only(t, src), Name: name}, ""); !errors.Is(err, exporter.ErrWindow) {
				t.Errorf("%s of slice %s: %v", sel.Stream, name, err)
			}
		}
	}
}

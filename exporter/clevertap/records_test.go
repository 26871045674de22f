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

// cells lists the cells of a row, sorted.
func cells(row string) []string {
	c := strings.Split(row, "\x1f")
	slices.Sort(c)
	return c
}

// TestRecord shows where every part of a record goes (section 3.3, traps 14, 18).
func TestRecord(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	r.server.AddEvents(foo, first, `{
		"profile":{"objectId":"__g1","platform":"Android","identity":"42,43","all_identities":["42","+15550100"],"badKs":["x"],
			"phone":15550100,"name":"Zoë \"Z\"","email":"a@example.com","push_token":"tok","make":"Apple","model":"iPhone14,2","os_version":"17.1",
			"app_version":"6.0","df":{"0":68},"id":7,"profileData":{"Tier":"gold","Joined":"$D_1700000000","a.b":1,"Zip":"007","Void":null}},
		"ts":20260901235959,
		"event_props":{"Amount":12.50,"Count":12.0,"Big":9007199254740993,"Huge":123456789012345678901234567890,"Tall":1e400,
			"Lead":"000123","Plus":"+91","Flag":true,"FlagText":"true","List":["a",1],"Obj":{"k":[1,{}]},"When":"$D_1790000000","NoWhen":"$D_soon",
			"CT App Version":"6","ct_app_version":"7","a | b":1,"eventProps.x":2,"0":"zero","continue":"yes","👍":1,"":"nameless","ts":5,"event_date":"x","Neg":-0.5},
		"session_props":{"session_source":"Direct","utm_source":"été"},
		"extra":{"a":1},"event_date":"2001-01-01","eventName":"other"}`)
	src := r.source(t)
	c, err := read(t, src, sliceOf(t, src, foo, first), "")
	if err != nil || len(c.Rows) != 1 {
		t.Fatalf("%d rows, error %v", len(c.Rows), err)
	}
	want := []string{
		"deviceInfo.appVersion=6.0", "deviceInfo.make=Apple", "deviceInfo.model=iPhone14,2", "deviceInfo.osVersion=17.1",
		"eventName=Order Placed", "event_date=2026-09-01", "ts=2026-09-01T18:29:59Z",
		"eventProps.=nameless", "eventProps.0=zero", "eventProps.Amount=12.5", "eventProps.Big=9007199254740993",
		"eventProps.CT App Version=6", "eventProps.Count=12", "eventProps.Flag=true", "eventProps.FlagText=true",
		"eventProps.Huge=123456789012345678901234567890", "eventProps.Lead=000123", `eventProps.List=[\"a\",1]`, "eventProps.Neg=-0.5",
		"eventProps.NoWhen=$D_soon", `eventProps.Obj={\"k\":[1,{}]}`, "eventProps.Plus=+91", "eventProps.Tall=1e400",
		"eventProps.When=2026-09-21T14:13:20Z", "eventProps.a | b=1", "eventProps.continue=yes", "eventProps.ct_app_version=7",
		"eventProps.event_date=x", "eventProps.eventProps.x=2", "eventProps.ts=5", "eventProps.👍=1",
		`profile.all_identities=[\"42\",\"+15550100\"]`, `profile.badKs=[\"x\"]`, `profile.df={\"0\":68}`, "profile.email=a@example.com",
		"profile.id=7", "profile.identity=42,43", `profile.name=Zoë \"Z\"`, "profile.objectId=__g1", "profile.phone=15550100",
		"profile.platform=Android", "profile.profileData.Joined=2023-11-14T22:13:20Z", "profile.profileData.Tier=gold",
		"profile.profileData.Zip=007", "profile.profileData.a.b=1", "profile.push_token=tok",
		"record.event_date=2001-01-01", "record.eventName=other", `record.extra={\"a\":1}`,
		"sessionProps.session_source=Direct", "sessionProps.utm_source=été",
	}
	slices.Sort(want)
	if d := cmp.Diff(want, cells(c.Rows[0])); d != "" {
		t.Errorf("cells (-want +got):\n%s", d)
	}
}

// TestDeclared: some columns are there whatever the records hold.
func TestDeclared(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	r.server.AddEvents(foo, first, `{}`)
	src := r.source(t)
	for b, err := range src.Read(t.Context(), sliceOf(t, src, foo, first), "") {
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, f := range b.Record.Schema().Fields() {
			got = append(got, f.Name+" "+b.Kinds[i].String())
		}
		want := []string{"ts time", "event_date date", "eventName text", "profile.identity text", "profile.objectId text",
			"profile.platform text", "profile.name text", "profile.email text"}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("columns (-want +got):\n%s", d)
		}
	}
}

// TestOddTS: a ts that is no time costs its cell and not the row (trap 10).
func TestOddTS(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	for _, ts := range []string{`20260901000000`, `"20260901000000"`, `1788300000`, `"garbage"`, `2.0260901e13`, `null`, `{"a":1}`, `-1`, `true`} {
		r.server.AddEvents(foo, first, `{"ts":`+ts+`,"event_props":{"N":1}}`)
	}
	src := r.source(t)
	c, err := read(t, src, sliceOf(t, src, foo, first), "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range c.Rows {
		for _, cell := range cells(row) {
			if strings.HasPrefix(cell, "ts=") || strings.HasPrefix(cell, "!") {
				got = append(got, cell)
			}
		}
	}
	want := []string{
		"ts=2026-08-31T18:30:00Z", "ts=2026-08-31T18:30:00Z", "ts=2026-09-01T22:00:00Z",
		`!ts=value.time:"\"garbage\""`, `!ts=value.time:"2.0260901e13"`, `!ts=value.time:"{\"a\":1}"`, `!ts=value.time:"-1"`, `!ts=value.time:"true"`,
	}
	if d := cmp.Diff(want, got); d != "" || len(c.Rows) != 9 {
		t.Errorf("%d rows; ts and rejects (-want +got):\n%s", len(c.Rows), d)
	}
}

// TestRejectedRows: a record that cannot be a row costs no other; replaying
// gives rejects again.
func TestRejectedRows(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	r.server.AddEvents(foo, first, `{"event_props":{"N":0}}`, `"text"`, `{"event_props":{"N":1,"N":2}}`, `{"event_props":{"N":1}}`)
	src := r.source(t)
	sl := sliceOf(t, src, foo, first)
	var raw []string
	for b, err := range src.Read(t.Context(), sl, "") {
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range exportertest.Check(b) {
			t.Error(p)
		}
		for _, x := range b.Rejects {
			raw = append(raw, x.Raw)
			if want := fmt.Sprintf("page 1, record %d", x.Row+1); x.Place != want {
				t.Errorf("place %q, want %q", x.Place, want)
			}
		}
		if b.Rows != 4 || b.Record.NumRows() != 2 {
			t.Errorf("%d rows read, %d in the record, want 4 and 2", b.Rows, b.Record.NumRows())
		}
	}
	if d := cmp.Diff([]string{`"text"`, `{"event_props":{"N":1,"N":2}}`}, raw); d != "" {
		t.Fatalf("raw texts (-want +got):\n%s", d)
	}
	var c exportertest.Content
	for b, err := range src.Replay(t.Context(), sl, []string{raw[0], `{"ts":20260901000000,"event_props":{"N":3}}`}) {
		if err != nil {
			t.Fatal(err)
		}
		c.Add(t, b)
	}
	want := []string{"eventName=Order Placed", "eventProps.N=3", "event_date=2026-09-01", "ts=2026-08-31T18:30:00Z"}
	if len(c.Rows) != 2 || !strings.Contains(c.Rows[0], "json.not_object") {
		t.Fatalf("replayed rows %q", c.Rows)
	}
	if d := cmp.Diff(want, cells(c.Rows[1])); d != "" {
		t.Errorf("replayed row (-want +got):\n%s", d)
	}
}

// TestMixedTypes reads a property of every type over several pages: what is
// written is kept to the digit, whatever the pages are (trap 18).
func TestMixedTypes(t *testing.T) {
	values := []string{`1`, `1.5`, `"x"`, `true`, `9007199254740993`, `"$D_1790000000"`, `[1]`, `null`, `"007"`, `0.1`}
	want := []string{"1", "1.5", "x", "true", "9007199254740993", "2026-09-21T14:13:20Z", "[1]", "", "007", "0.1"}
	for _, rows := range []int{1, 50, 1000} {
		r := newRig(t, clevertaptest.Options{})
		r.cfg.BatchSize, r.opt.BatchRows = 23, rows
		for i := range 100 {
			r.server.AddEvents(foo, first, `{"event_props":{"V":`+values[i%10]+`}}`)
		}
		src := r.source(t)
		c, err := read(t, src, sliceOf(t, src, foo, first), "")
		if err != nil || len(c.Rows) != 100 {
			t.Fatalf("%d rows, error %v", len(c.Rows), err)
		}
		for i, row := range c.Rows {
			got := ""
			for _, cell := range cells(row) {
				if v, ok := strings.CutPrefix(cell, "eventProps.V="); ok {
					got = v
				}
			}
			if got != want[i%10] {
				t.Errorf("batches of %d: row %d is %q, want %q", rows, i, got, want[i%10])
			}
		}
	}
}

// TestTwins: two equal events are two rows (trap 11).
func TestTwins(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	same := `{"profile":{"identity":"1"},"ts":20260901101112,"event_props":{"A":1}}`
	r.server.AddEvents(foo, first, same, same, same)
	src := r.source(t)
	c, err := read(t, src, sliceOf(t, src, foo, first), "")
	if err != nil || len(c.Rows) != 3 {
		t.Errorf("%d rows, error %v, want 3", len(c.Rows), err)
	}
}

// TestLateAndChanged: a closed day read again has its late events, under the
// same slice name, and profiles as of then (traps 12, 13).
func TestLateAndChanged(t *testing.T) {
	clock := handAt(noon)
	s := shop()
	r := newRig(t, clevertaptest.Options{Data: s, Now: clock.Now})
	src := r.source(t)
	sl := sliceOf(t, src, foo, first)
	before := exportertest.ReadAll(t, src, sl, "")
	clock.move(72 * time.Hour)
	r.server.AddEvents(foo, first, s.Late(foo, first, 12)...)
	again := sliceOf(t, src, foo, first)
	after := exportertest.ReadAll(t, src, again, "")
	if len(after.Rows) != len(before.Rows)+12 || len(before.Rows) != s.Truth(foo, first, 0).Rows {
		t.Errorf("%d rows, then %d", len(before.Rows), len(after.Rows))
	}
	if slices.Equal(before.Rows, after.Rows[:len(before.Rows)]) {
		t.Error("three days later all profiles are as they were")
	}
	if d := cmp.Diff(sl, again); d != "" {
		t.Errorf("the slice is another one:\n%s", d)
	}
}

// TestNotExportable: the vendor's refusal is a sentinel, at once (trap 8).
func TestNotExportable(t *testing.T) {
	r := newRig(t, clevertaptest.Options{NotExportable: []string{"Push Impressions"}})
	numbered(r.server, foo, first, 3)
	r.sel = []clevertap.Selection{events("*")}
	src := r.source(t)
	st, err := src.Streams(t.Context())
	if err != nil || len(st) != 2 {
		t.Fatalf("streams %v, error %v", st, err)
	}
	_, err = read(t, src, sliceOf(t, src, "Push Impressions", first), "")
	if !errors.Is(err, exporter.ErrNotExportable) {
		t.Fatalf("got error %v, want %v", err, exporter.ErrNotExportable)
	}
	wantError(t, err, "Push Impressions 2026-09-01", "Export not allowed", "bucket exports")
	if n := r.server.Count(clevertaptest.Opening("Push Impressions")); n != 1 {
		t.Errorf("asked %d times", n)
	}
	if _, err := read(t, src, sliceOf(t, src, "Nope", first), ""); !errors.Is(err, exporter.ErrUnknownStream) {
		t.Errorf("unknown event: got %v", err)
	}
}

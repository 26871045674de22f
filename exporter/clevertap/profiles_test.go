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

func profiles(events ...string) clevertap.Selection {
	return clevertap.Selection{Stream: "profiles", Events: events}
}

// profileSubject reads the users of an event, with both child tables.
func profileSubject(t *testing.T, so clevertaptest.Options) exportertest.Subject {
	so.Data = shop()
	r := newRig(t, so)
	r.sel = []clevertap.Selection{profiles(clevertaptest.ProductViewed)}
	r.cfg.BatchSize, r.opt.BatchRows = 46, 50
	variant := func(page, rows int, bytes int64) exporter.Source {
		v := *r
		v.cfg.BatchSize, v.opt.BatchRows, v.opt.BatchBytes = page, rows, bytes
		return v.source(t)
	}
	so.Faults = clevertaptest.Faults{Rate: 5, Seed: 17}
	f := newRig(t, so)
	f.sel = r.sel
	f.cfg.BatchSize, f.opt.BatchRows = 69, 200
	f.opt.Retry.Tries = 20
	t.Cleanup(func() {
		if !t.Failed() {
			f.clean(t)
			r.clean(t)
		}
	})
	return exportertest.Subject{
		Source: r.source(t), Window: exporter.Window{Since: first, Until: first.Add(3)},
		Variants: map[string]exporter.Source{"small pages": variant(23, 0, 0), "by memory": variant(46, 0, 1)},
		Faulty:   f.source(t),
		Idle: func() {
			r.source(t).Close()
			f.source(t).Close()
		},
	}
}

func TestProfilesSuite(t *testing.T) {
	for name, so := range map[string]clevertaptest.Options{"NextCursor": {Pending: 1}, "Partial": {Partial: true, CursorFirst: true}} {
		t.Run(name, func(t *testing.T) {
			exportertest.Run(t, func(t *testing.T) exportertest.Subject { return profileSubject(t, so) })
		})
	}
}

// profileSlices are the slices of a day, by child.
func profileSlices(t *testing.T, src exporter.Source) map[string]exporter.Slice {
	t.Helper()
	streams, err := src.Streams(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]exporter.Slice{}
	for _, st := range streams {
		sl, err := src.Slices(t.Context(), st, exporter.Window{Since: first, Until: first.Add(1)})
		if err != nil || len(sl) != 1 {
			t.Fatalf("Slices(%s): %v, %v", st.Name, sl, err)
		}
		out[st.Child] = sl[0]
	}
	return out
}

// cell is the text of a row's cell, "" when it is NULL.
func cell(row, name string) string {
	for _, c := range strings.Split(row, "\x1f") {
		if v, ok := strings.CutPrefix(c, name+"="); ok {
			return v
		}
	}
	return ""
}

// A record with everything, in the three tables that are made of it.
func TestProfileRecord(t *testing.T) {
	record := `{"platformInfo":[
			{"platform":"iOS","os_version":"17.1","app_version":"6.1","make":"Apple","model":"iPhone14,2","objectId":"-1ab","ls":1790000000,"push_token":"tok","extra":{"a":1}},
			{"platform":"Web","objectId":"-0c"}],
		"objectId":"-zz","identity":"42","email":"a@example.com","name":"Zoë","phone":15550100,"all_identities":["42","a@example.com"],"badKs":["x"],
		"profileData":{"Tier":"gold","Joined":"$D_1700000000","Zip":"007","Score":4.5,"Prefs":{"a":[1]}},"profile_id":"theirs","event_date":1,
		"events":{"App Launched":{"count":3,"first_seen":1700000000,"last_seen":"1700500000","more":true},"":{"count":1,"first_seen":1,"last_seen":1e3}}}`
	r := newRig(t, clevertaptest.Options{})
	r.server.AddProfiles(foo, first, record)
	r.sel = []clevertap.Selection{profiles(foo)}
	r.sel[0].AsOf = true
	src := r.source(t)
	slices := profileSlices(t, src)
	want := map[string][][]string{
		"": {{
			"all_identities=[\\\"42\\\",\\\"a@example.com\\\"]", "badKs=[\\\"x\\\"]", "email=a@example.com", "eventName=Order Placed", "event_date=2026-09-01",
			"identity=42", "name=Zoë", "objectId=-zz", "phone=15550100", "profileData.Joined=2023-11-14T22:13:20Z", "profileData.Prefs={\\\"a\\\":[1]}",
			"profileData.Score=4.5", "profileData.Tier=gold", "profileData.Zip=007", "profile_id=42", "record.event_date=1", "record.profile_id=theirs",
		}},
		"platform_info": {
			{"app_version=6.1", "device.extra={\\\"a\\\":1}", "device.objectId=-1ab", "identity=42", "ls=1790000000", "make=Apple", "model=iPhone14,2",
				"objectId=-zz", "os_version=17.1", "platform=iOS", "profile_id=42", "push_token=tok"},
			{"device.objectId=-0c", "identity=42", "objectId=-zz", "platform=Web", "profile_id=42"},
		},
		"events": {
			{"count=3", "event.more=true", "first_seen=2023-11-14T22:13:20Z", "identity=42", "last_seen=2023-11-20T17:06:40Z", "name=App Launched", "objectId=-zz", "profile_id=42"},
			{`!last_seen=value.time:"1e3"`, "count=1", "first_seen=1970-01-01T00:00:01Z", "identity=42", "name=", "objectId=-zz", "profile_id=42"},
		},
	}
	for child, rows := range want {
		c, err := read(t, src, slices[child], "")
		if err != nil {
			t.Fatal(err)
		}
		var got [][]string
		for _, row := range c.Rows {
			got = append(got, cells(row))
		}
		if d := cmp.Diff(rows, got); d != "" {
			t.Errorf("%q (-want +got):\n%s", child, d)
		}
	}
	r.clean(t)
}

// TestProfileID: the key depends on neither the order of devices nor on whether
// an objectId stands at the top.
func TestProfileID(t *testing.T) {
	for _, tt := range []struct{ name, record, id, object string }{
		{"Identity", `{"identity":"7","platformInfo":[{"objectId":"a"}]}`, "7", "a"},
		{"IdentityIsANumber", `{"identity":7}`, "7", ""},
		{"Several", `{"identity":"7,8","objectId":"b"}`, "7,8", "b"},
		{"Least", `{"platformInfo":[{"objectId":"c"},{"objectId":"B"},{"objectId":"a"}]}`, "B", "B"},
		{"LeastTurned", `{"platformInfo":[{"objectId":"a"},{"objectId":"c"},{"objectId":"B"}]}`, "B", "B"},
		{"TopIsNotLeast", `{"platformInfo":[{"objectId":"a"}],"objectId":"c"}`, "a", "c"},
		{"TopIsLeast", `{"objectId":"a","platformInfo":[{"objectId":"c"}]}`, "a", "a"},
		{"EmptyIdentity", `{"identity":"","objectId":"a"}`, "a", "a"},
		{"NullIdentity", `{"identity":null,"objectId":"a"}`, "a", "a"},
		{"OddDevices", `{"platformInfo":[5,null,{},{"objectId":""},{"objectId":"a"}]}`, "a", "a"},
		{"OneDevice", `{"platformInfo":{"objectId":"a"}}`, "a", "a"},
		{"Nobody", `{"name":"N"}`, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, clevertaptest.Options{})
			r.server.AddProfiles(foo, first, `{"identity":"before","objectId":"0"}`, tt.record)
			r.sel = []clevertap.Selection{profiles(foo)}
			src := r.source(t)
			all := profileSlices(t, src)
			c, err := read(t, src, all[""], "")
			if err != nil || len(c.Rows) != 2 {
				t.Fatalf("%d rows, error %v", len(c.Rows), err)
			}
			if id, object := cell(c.Rows[1], "profile_id"), cell(c.Rows[1], "objectId"); id != tt.id || object != tt.object {
				t.Errorf("profile_id %q, objectId %q, want %q and %q", id, object, tt.id, tt.object)
			}
			devices, err := read(t, src, all["platform_info"], "")
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range devices.Rows {
				if id := cell(row, "profile_id"); id != tt.id && !strings.HasPrefix(row, "!") {
					t.Errorf("a device has profile_id %q, want %q: %s", id, tt.id, row)
				}
			}
		})
	}
}

// TestProfilesOfTheShop: who did the event is there, once or in two records, and
// each table asks for its own block alone.
func TestProfilesOfTheShop(t *testing.T) {
	data := &clevertaptest.Shop{Seed: 3, First: first, Days: 2, Rows: 9000}
	r := newRig(t, clevertaptest.Options{Data: data})
	r.sel = []clevertap.Selection{profiles(clevertaptest.ProductViewed)}
	r.server.AddEvents(clevertaptest.ProductViewed, first, data.Late(clevertaptest.ProductViewed, first, 5)...)
	src := r.source(t)
	all := profileSlices(t, src)
	people, err := read(t, src, all[""], "")
	if err != nil {
		t.Fatal(err)
	}
	devices, err := read(t, src, all["platform_info"], "")
	if err != nil {
		t.Fatal(err)
	}
	summary, err := read(t, src, all["events"], "")
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]int{}
	for _, row := range people.Rows {
		ids[cell(row, "profile_id")]++
	}
	whole := *r
	whole.sel = []clevertap.Selection{events(clevertaptest.ProductViewed)}
	viewed := whole.source(t)
	records, err := read(t, viewed, sliceOf(t, viewed, clevertaptest.ProductViewed, first), "")
	if err != nil {
		t.Fatal(err)
	}
	did := map[string]bool{}
	for _, row := range records.Rows {
		id := cell(row, "profile.identity")
		if id == "" {
			id = cell(row, "profile.objectId")
		}
		did[id] = true
		if ids[id] == 0 {
			t.Errorf("%s did the event and is not there", id)
		}
	}
	if len(did) != len(ids) {
		t.Errorf("%d users did the event, %d are there", len(did), len(ids))
	}
	twice := 0
	for _, n := range ids {
		twice += n - 1
	}
	if twice == 0 || len(devices.Rows) <= len(people.Rows) || len(summary.Rows) <= len(people.Rows) {
		t.Errorf("%d users in two records, %d rows of users, %d of devices, %d of events", twice, len(people.Rows), len(devices.Rows), len(summary.Rows))
	}
	for name, rows := range map[string][]string{"device": devices.Rows, "event": summary.Rows} {
		for _, row := range rows {
			if ids[cell(row, "profile_id")] == 0 {
				t.Errorf("a %s of %q, whom the users do not know", name, cell(row, "profile_id"))
			}
		}
	}
	var asked []string
	for _, q := range r.server.Requests() {
		if q.Op == clevertaptest.OpOpen && q.Path == "/1/profiles.json" {
			asked = append(asked, q.Params)
		}
	}
	want := []string{
		"app=true&batch_size=5000&events=false&profile=true", "app=true&batch_size=5000&events=false&profile=false",
		"app=true&batch_size=5000&events=true&profile=false",
	}
	if d := cmp.Diff(want, asked); d != "" {
		t.Errorf("asked for (-want +got):\n%s", d)
	}
	r.clean(t)
}

// TestProfilesExpire: a cursor is good for days, and then the slice begins anew.
func TestProfilesExpire(t *testing.T) {
	clock := handAt(noon)
	r := newRig(t, clevertaptest.Options{Now: clock.Now})
	for i := range 200 {
		r.server.AddProfiles(foo, first, fmt.Sprintf(`{"identity":"%d","platformInfo":[{"objectId":"o%d"}]}`, i, i))
	}
	r.sel = []clevertap.Selection{profiles(foo)}
	r.cfg.BatchSize, r.opt.BatchRows = 23, 1
	src := r.source(t)
	for child, sl := range profileSlices(t, src) {
		if child == "events" {
			continue
		}
		var rows []string
		var after exporter.Cursor
		step := func() (err error) { // one batch, as if the run died after it
			for b, e := range src.Read(t.Context(), sl, after) {
				if e != nil {
					return e
				}
				var c exportertest.Content
				c.Add(t, b)
				rows, after = append(rows, c.Rows...), b.Cursor
				break
			}
			return nil
		}
		for range 3 {
			if err := step(); err != nil {
				t.Fatal(err)
			}
			clock.move(20 * time.Hour)
		}
		rest, err := read(t, src, sl, after)
		if err != nil || len(rows)+len(rest.Rows) != 200 {
			t.Errorf("%q: %d and %d rows, error %v", child, len(rows), len(rest.Rows), err)
		}
		clock.move(40 * time.Hour)
		if err := step(); !errors.Is(err, exporter.ErrCursorExpired) {
			t.Errorf("%q: after four days: %v", child, err)
		}
	}
}

func TestProfileKeys(t *testing.T) {
	byID := func(change func(*clevertap.Selection)) clevertap.Selection {
		e := clevertap.Selection{Stream: "profiles_by_id", ProfileKeys: clevertap.ProfileKeys{By: "identity"}}
		change(&e)
		return e
	}
	with := func(children ...string) clevertap.Selection {
		e := profiles(foo)
		e.Children = children
		return e
	}
	for _, tt := range []struct {
		name string
		sel  clevertap.Selection
		want string // of the streams, or of the error
	}{
		{"Both", profiles(foo), "profiles/Order Placed profiles.platform_info/Order Placed profiles.events/Order Placed"},
		{"One", with("events"), "profiles/Order Placed profiles.events/Order Placed"},
		{"None", with("none"), "profiles/Order Placed"},
		{"ErrUnknown", with("devices"), `children: "devices" is not one of platform_info, events, none`},
		{"ErrTwice", with("events", "events"), "stands there twice"},
		{"ErrNoneAndOne", with("none", "events"), "stands alone"},
		{"ErrBy", byID(func(e *clevertap.Selection) { e.By = "" }), "by: missing"},
		{"ErrNoList", byID(func(*clevertap.Selection) {}), "want one of ids, ids_file and ids_query"},
		{"ErrTwoLists", byID(func(e *clevertap.Selection) { e.IDs, e.IDsQuery = []string{"1"}, "SELECT 1" }), "want one of ids, ids_file and ids_query, got 2"},
		{"ErrColumn", byID(func(e *clevertap.Selection) { e.IDs, e.IDsColumn = []string{"1"}, "id" }), "ids_column: "},
		{"ByID", byID(func(e *clevertap.Selection) { e.IDs = []string{"1"} }), "profiles_by_id"},
		{"ByIDChildren", byID(func(e *clevertap.Selection) {
			e.IDs, e.Children, e.Name = []string{"1"}, []string{"platform_info"}, "vip"
		}), "profiles_by_id[vip] profiles_by_id.platform_info[vip]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, clevertaptest.Options{})
			r.server.AddEvents(foo, first)
			r.sel = []clevertap.Selection{tt.sel}
			src, err := clevertap.New(r.cfg, r.sel, r.opt)
			if err != nil {
				if !strings.HasPrefix(tt.name, "Err") || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("New: %v, want %s", err, tt.want)
				}
				return
			}
			streams, err := src.Streams(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, st := range streams {
				names = append(names, st.Name)
				if st.Child != "" && (st.Partition != "" || !slices.Contains([]string{"device.objectId", "name"}, st.ChildKey[0])) {
					t.Errorf("child %+v", st)
				}
			}
			if got := strings.Join(names, " "); got != tt.want {
				t.Errorf("streams %s, want %s", got, tt.want)
			}
		})
	}
}

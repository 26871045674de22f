package clevertap_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/clevertap"
	"tapline/exporter/clevertap/clevertaptest"
)

// topRows are the rows of an answer to groups, without what they have in common.
func topRows(t *testing.T, groups []clevertap.Group, answer string) ([]string, error) {
	t.Helper()
	r := newRig(t, clevertaptest.Options{})
	numbered(r.server, foo, first, 3)
	r.sel = []clevertap.Selection{{Stream: "top_property_counts", Event: foo, Groups: groups}}
	answers(r, clevertaptest.OpTop, answer)
	src := r.source(t)
	got, err := lines(t, src, one(t, src))
	for i := range got {
		got[i] = strings.NewReplacer(" eventName=Order Placed event_date=2026-09-01", "", " group_name=p property=p", "").Replace(got[i])
	}
	return got, err
}

func TestTopAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		want         []string
	}{
		{"Texts", `{"status":"success","g1":{"STR":{"Gold":5,"":7,"Été \"x\"":5}}}`,
			[]string{"count=7 value=", `count=5 value=Gold`, `count=5 value=Été \"x\"`}},
		{"Buckets", `{"status":"success","g1":{"NUMBER":{"0-100":10,"100-200":12}}}`,
			[]string{"bucket_high=200 bucket_low=100 count=12", "bucket_high=100 bucket_low=0 count=10"}},
		{"Both", `{"g1":{"NUMBER":{"0-100":1},"STR":{"n/a":2}},"status":"success"}`,
			[]string{"count=2 value=n/a", "bucket_high=100 bucket_low=0 count=1"}},
		{"NumberLikeTexts", `{"status":"success","g1":{"STR":{"0-100":1,"007":2}}}`, []string{"count=2 value=007", "count=1 value=0-100"}},
		{"OtherKind", `{"status":"success","g1":{"DATE":{"$D_1700000000":1}}}`, []string{"count=1 value=$D_1700000000"}},
		{"WithoutKind", `{"status":"success","g1":{"Gold":5}}`, []string{"count=5 value=Gold"}},
		{"NoValues", `{"status":"success","g1":{"STR":{}}}`, nil},
		{"EmptyGroup", `{"status":"success","g1":{}}`, nil},
		{"NullGroup", `{"status":"success","g1":null}`, nil},
		{"NoGroup", `{"status":"success"}`, nil},
		{"CountAsText", `{"status":"success","g1":{"STR":{"a":"5","b":"10"}}}`, []string{"count=10 value=b", "count=5 value=a"}},
		{"OddCount", `{"status":"success","g1":{"STR":{"a":"many","b":1,"c":null,"d":{"x":[1]}}}}`,
			[]string{"count=1 value=b", `!count=value.number:"\"many\"" value=a`, "eventName=Order Placed event_date=2026-09-01 value=c", `!count=value.number:"{\"x\":[1]}" value=d`}},
		{"OddText", `{"status":"success","g1":{"STR":{"\ud800":5,"ok":1}}}`, []string{`!value=text.invalid_utf8:"\"\\ud800\"" count=5`, "count=1 value=ok"}},
		{"SameTwice", `{"status":"success","g1":{"STR":{"a":5,"a":5}}}`, []string{"count=5 value=a", "count=5 value=a"}},
		{"OddBuckets", `{"status":"success","g1":{"NUMBER":{"many":3,"100+":2,"9-1":1}}}`,
			[]string{"count=3 value=many", "bucket_low=100 count=2", "count=1 value=9-1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := topRows(t, []clevertap.Group{{Property: "p"}}, tt.answer)
			if d := cmp.Diff(tt.want, got); d != "" || err != nil {
				t.Errorf("error %v, rows (-want +got):\n%s", err, d)
			}
		})
	}
}

// TestTopOrder: groups come as configured, whatever they are called; the order
// of the values in an answer is of no account.
func TestTopOrder(t *testing.T) {
	groups := []clevertap.Group{{Name: "status", Property: "x"}, {Name: "req_id", Property: "p", Order: "asc"}}
	want := []string{
		"count=2 group_name=status property=x value=b", "count=1 group_name=status property=x value=a",
		"count=1 group_name=req_id property=p value=d", "count=2 group_name=req_id property=p value=c",
	}
	for _, answer := range []string{
		`{"status":"success","g1":{"STR":{"a":1,"b":2}},"g2":{"STR":{"c":2,"d":1}}}`,
		`{"g2":{"STR":{"d":1,"c":2}},"g1":{"STR":{"b":2,"a":1}},"status":"success"}`,
	} {
		got, err := topRows(t, groups, answer)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("error %v, rows (-want +got):\n%s", err, d)
		}
	}
}

// TestTopOfShop: the counts of a property add up to the events that have it.
func TestTopOfShop(t *testing.T) {
	s := shop()
	r := newRig(t, clevertaptest.Options{Data: s, Polls: 1})
	r.sel = []clevertap.Selection{{Stream: "top_property_counts", Event: clevertaptest.OrderPlaced, Name: "n", Groups: []clevertap.Group{
		{Property: "Quantity", Top: 100}, {Name: "tier", Property: "Tier", Type: "profile_fields"}, {Property: "Amount", Top: 2},
	}}}
	src := r.source(t)
	rows, err := lines(t, src, one(t, src))
	if err != nil {
		t.Fatal(err)
	}
	sums, n := map[string]int{}, map[string]int{}
	for _, row := range rows {
		var count int
		group := row[strings.Index(row, "group_name=")+len("group_name=") : strings.Index(row, " name=n property=")]
		if _, err := fmt.Sscanf(row[strings.Index(row, "count="):], "count=%d", &count); err != nil {
			t.Fatal(err)
		}
		sums[group], n[group] = sums[group]+count, n[group]+1
	}
	if all := s.Len(clevertaptest.OrderPlaced, first); sums["Quantity"] != all || sums["tier"] == 0 || sums["tier"] > all {
		t.Errorf("sums %v, of %d events", sums, all)
	}
	if d := cmp.Diff(map[string]int{"Quantity": 1, "tier": 3, "Amount": 2}, n); d != "" {
		t.Errorf("rows per group (-want +got):\n%s", d)
	}
	r.clean(t)
}

// TestInvalidGroup: the vendor does not say which group it does not take.
func TestInvalidGroup(t *testing.T) {
	n, tier := clevertap.Group{Property: "N"}, clevertap.Group{Name: "tier", Property: "Tier", Type: "profile_fields"}
	for _, tt := range []struct {
		name   string
		groups []clevertap.Group
		says   []string
		calls  int
	}{
		{"Alone", []clevertap.Group{tier}, []string{"Invalid group", `groups[0], "tier": the event has no property "Tier" of type profile_fields`}, 1},
		{"Last", []clevertap.Group{n, tier}, []string{`groups[1], "tier"`}, 3},
		{"First", []clevertap.Group{tier, n}, []string{`groups[0], "tier"`}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, clevertaptest.Options{})
			numbered(r.server, foo, first, 3)
			r.sel = []clevertap.Selection{{Stream: "top_property_counts", Event: foo, Groups: tt.groups}}
			src := r.source(t)
			_, err := lines(t, src, one(t, src))
			wantError(t, err, tt.says...)
			if calls := r.server.Count(func(q clevertaptest.Request) bool { return q.Op == clevertaptest.OpTop }); calls != tt.calls {
				t.Errorf("%d calls, want %d", calls, tt.calls)
			}
			r.clean(t)
		})
	}
	t.Run("NoneOfThem", func(t *testing.T) { // each alone is taken: the vendor's word stays
		r := newRig(t, clevertaptest.Options{})
		numbered(r.server, foo, first, 3)
		r.sel = []clevertap.Selection{{Stream: "top_property_counts", Event: foo, Groups: []clevertap.Group{n, {Name: "m", Property: "N"}}}}
		answers(r, clevertaptest.OpTop, `{"status":"fail","error":"Invalid group","code":0}`)
		src := r.source(t)
		_, err := lines(t, src, one(t, src))
		wantError(t, err, "HTTP 200: Invalid group")
	})
}

// TestBuckets: what is read as bounds, through the columns.
func TestBuckets(t *testing.T) {
	for text, want := range map[string]string{
		"0-100": "0 100", "-100-0": "-100 0", "-200--100": "-200 -100", "0.5-1.25": "0.5 1.25", "0 - 100": "0 100", "1 to 2": "1 2",
		"0.0-1.0E7": "0 10000000", "5": "5 5", "-5": "-5 -5", "100+": "100 -", ">100": "100 -", ">= 100": "100 -", "100-": "100 -",
		"<0": "- 0", "<=-5": "- -5", "100-Infinity": "100 -", "-inf-0": "- 0", "100-∞": "100 -", "7–8": "7 8",
		"": "", "many": "", "9-1": "", "-": "", "+": "", "0-": "0 -", "1-2-3": "", "1,000-2,000": "", "0x10-0x20": "", "007-008": "",
		"12345678901234567890-2": "", "0-12345678901234567890": "", "0-1e99": "0 1e+99", "0-1e999": "", "-inf-inf": "", "٣-٤": "", "0.1234567890123456789-1": "",
	} {
		key, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := topRows(t, []clevertap.Group{{Property: "p"}}, `{"status":"success","g1":{"NUMBER":{`+string(key)+`:1}}}`)
		if err != nil || len(got) != 1 {
			t.Fatalf("%q: %q, error %v", text, got, err)
		}
		low, high := "-", "-"
		for _, cell := range strings.Split(got[0], " ") {
			if v, ok := strings.CutPrefix(cell, "bucket_low="); ok {
				low = v
			}
			if v, ok := strings.CutPrefix(cell, "bucket_high="); ok {
				high = v
			}
		}
		bounds := low + " " + high
		if bounds == "- -" {
			bounds = ""
		}
		if bounds != want || want == "" && !strings.HasSuffix(got[0], "value="+text) {
			t.Errorf("%q: %q, want bounds %q", text, got[0], want)
		}
	}
}

// TestTopResumed: a run that was interrupted goes on only while the vendor says
// the same; rows of two answers are never mixed.
func TestTopResumed(t *testing.T) {
	r := newRig(t, clevertaptest.Options{Polls: 1})
	numbered(r.server, foo, first, 6)
	r.opt.BatchRows = 2
	r.sel = []clevertap.Selection{{Stream: "top_property_counts", Event: foo, Groups: []clevertap.Group{{Property: "N"}}}}
	r.server.AddEvents(foo, first, `{"event_props":{"N":"text"}}`)
	src := r.source(t)
	sl := one(t, src)
	whole, err := read(t, src, sl, "")
	if err != nil || len(whole.Cursors) != 4 {
		t.Fatalf("%d batches, error %v", len(whole.Cursors), err)
	}
	rest, err := read(t, src, sl, whole.Cursors[1])
	if d := cmp.Diff(whole.Rows[4:], rest.Rows); d != "" || err != nil {
		t.Errorf("error %v, rows after the second batch (-want +got):\n%s", err, d)
	}
	r.server.AddEvents(foo, first, `{"event_props":{"N":"late"}}`)
	if _, err := read(t, src, sl, whole.Cursors[1]); !errors.Is(err, exporter.ErrCursorExpired) {
		t.Errorf("resumed over another answer: %v", err)
	}
}

package clevertaptest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tapline/exporter"
)

// count posts a query about the shop's first two days and more.
func (a asker) count(path, more string) reply {
	a.t.Helper()
	return a.do("POST", path, `{"event_name":"Charged","from":20260901,"to":20260902`+more+`}`, DefaultPasscode)
}

func counting(t *testing.T, o Options) (asker, *Shop) {
	s := &Shop{Seed: 1, First: exporter.Day{Year: 2026, Month: time.September, Day: 1}, Days: 2, Rows: 620}
	o.Data = s
	return newAsker(t, o), s
}

func TestCountsAreOfTheFeed(t *testing.T) {
	a, s := counting(t, Options{})
	a.s.AddEvents(Charged, s.First, `{"profile":{"identity":"new"},"ts":20260901000000,"event_props":{"Amount":7,"Tags":["x","y"]}}`, `no record`)
	n := s.Len(Charged, s.First) + s.Len(Charged, s.First.Add(1)) + 2
	whole := fmt.Sprintf(`{"count":%d,"status":"success"}`, n)
	for _, tt := range []struct{ path, more, want string }{
		{"/1/counts/events.json", "", whole},
		{"/1/counts/events.json", `,"unique":false`, whole},
		{"/1/counts/events.json", `,"event_properties":[{"name":"Tags","operator":"exists"}]`, `{"count":1,"status":"success"}`},
		{"/1/counts/events.json", `,"event_properties":[{"name":"Amount","operator":"less_than","value":8}]`, `{"count":1,"status":"success"}`},
		{"/1/counts/events.json", `,"event_properties":[{"name":"Amount","operator":"equals","value":[7,8]},{"name":"x","operator":"does_not_exist"}]`, `{"count":1,"status":"success"}`},
		{"/1/counts/events.json", `,"event_properties":[{"name":"Amount","operator":"invented","value":8}]`, `{"count":0,"status":"success"}`},
		{"/1/counts/top.json", `,"groups":{"g":{"property_type":"event_properties","name":"Tags"}}`, `{"g":{"STR":{"x":1,"y":1}},"status":"success"}`},
		{"/1/counts/trends.json", `,"groups":{"g":{"trend_type":"monthly"}}`, fmt.Sprintf(`{"g":{"202609":%d},"status":"success"}`, n)},
	} {
		if got := a.count(tt.path, tt.more); got.Body != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.path, tt.more, got.Body, tt.want)
		}
	}
	people := a.count("/1/counts/profiles.json", "").Body
	if unique := a.count("/1/counts/events.json", `,"unique":true`).Body; unique != people || unique == whole {
		t.Errorf("%s users, and %s profiles", unique, people)
	}
	if v := a.s.Violations(); len(v) > 0 {
		t.Errorf("violations: %q", v)
	}
}

func TestCountTickets(t *testing.T) {
	a, _ := counting(t, Options{Polls: 2, TextIDs: true})
	get := func(query string) reply { return a.do("GET", "/1/counts/events.json"+query, "", DefaultPasscode) }
	first := a.count("/1/counts/events.json", "")
	id, ok := strings.CutPrefix(strings.TrimSuffix(first.Body, `"}`), `{"status":"partial","req_id":"`)
	if !ok || len(id) < 17 {
		t.Fatalf("the answer is %s", first.Body)
	}
	if second := get("?req_id=" + id); second.Body != first.Body {
		t.Errorf("polled: %s", second.Body)
	}
	for range 2 { // an answer stays
		if last := get("?req_id=" + id); last.Status != "success" {
			t.Errorf("polled: %s", last.Body)
		}
	}
	if other := a.do("GET", "/1/counts/profiles.json?req_id="+id, "", DefaultPasscode); !strings.Contains(other.Error, "invalid request id") {
		t.Errorf("polled on another path: %s", other.Body)
	}
	if gone := get("?req_id=" + id); !strings.Contains(gone.Error, "invalid request id") {
		t.Errorf("polled after its death: %s", gone.Body)
	}
	if v := a.s.Violations(); len(v) > 0 {
		t.Errorf("violations: %q", v)
	}
	get("")
	a.do("POST", "/1/counts/events.json?req_id=1", "{}", DefaultPasscode)
	a.do("POST", "/1/counts/events.json", "nonsense", DefaultPasscode)
	if v := a.s.Violations(); len(v) != 3 {
		t.Errorf("violations: %q, want 3", v)
	}
}

// TestCountsRefuse: what the vendor refuses, and which of it a client should
// have known.
func TestCountsRefuse(t *testing.T) {
	six := ""
	for i := range 6 {
		six += fmt.Sprintf(`,"g%d":{"trend_type":"daily"}`, i)
	}
	for _, tt := range []struct {
		path, body, says string
		violation        bool
	}{
		{"/1/counts/events.json", `{"from":20260901,"to":20260901}`, "event_name", false},
		{"/1/counts/events.json", `{"event_name":"Charged","from":20260902,"to":20260901}`, "Invalid date", false},
		{"/1/counts/events.json", `{"event_name":"Charged","from":20260901,"to":20261001}`, "future", false},
		{"/1/counts/profiles.json", `{"event_name":"Foo","from":20260901,"to":20260901}`, "Invalid event : Foo", false},
		{"/1/counts/top.json", `{"event_name":"Charged","from":20260901,"to":20260901}`, "groups is required", false},
		{"/1/counts/top.json", `{"event_name":"Charged","from":20260901,"to":20260901,"groups":{"a":{"property_type":"event_properties","name":"Nope"}}}`, "Invalid group", false},
		{"/1/counts/top.json", `{"event_name":"Charged","from":20260901,"to":20260901,"groups":{"a":{"property_type":"props","name":"Amount"}}}`, "Invalid group", true},
		{"/1/counts/top.json", `{"event_name":"Charged","from":20260901,"to":20260901,"groups":{"a":{"property_type":"event_properties","name":"Amount","top_n":101}}}`, "Invalid group", true},
		{"/1/counts/trends.json", `{"event_name":"Charged","from":20250902,"to":20260902,"groups":{"a":{"trend_type":"daily"}}}`, "one year", true},
		{"/1/counts/trends.json", `{"event_name":"Charged","from":20260901,"to":20260902,"groups":{` + six[1:] + `}}`, "between 1 and 5", true},
		{"/1/counts/trends.json", `{"event_name":"Charged","from":20260901,"to":20260902,"groups":{"a":{"trend_type":"hourly"}}}`, "Invalid group", true},
		{"/1/counts/trends.json", `{"event_name":"Charged","from":20260901,"to":20260902,"sum_event_prop":"Nope","groups":{"a":{"trend_type":"daily"}}}`, "Invalid sum", false},
		{"/1/now.json", `{"city":true}`, "Invalid parameter", true},
		{"/1/now.json", `[]`, "Invalid request body", true},
	} {
		a, _ := counting(t, Options{})
		got := a.do("POST", tt.path, tt.body, DefaultPasscode)
		v := a.s.Violations()
		if got.Status != "fail" || !strings.Contains(got.Error, tt.says) || (len(v) > 0) != tt.violation {
			t.Errorf("%s %s: %s, violations %q", tt.path, tt.body, got.Body, v)
		}
	}
}

// TestCountsOfNowhere: an account in another region has no events.
func TestCountsOfNowhere(t *testing.T) {
	a, _ := counting(t, Options{Region: EmptyAccount})
	bodies := []string{a.count("/1/counts/events.json", "").Body, a.count("/1/counts/profiles.json", "").Body,
		a.count("/1/counts/top.json", `,"groups":{"g":{"property_type":"event_properties","name":"Amount"}}`).Body,
		a.count("/1/counts/trends.json", `,"groups":{"g":{"trend_type":"weekly"}}`).Body}
	want := []string{`{"count":0,"status":"success"}`, `{"count":0,"status":"success"}`, `{"g":{"STR":{}},"status":"success"}`, `{"g":{},"status":"success"}`}
	if !slices.Equal(bodies, want) {
		t.Errorf("%q", bodies)
	}
}

func TestPeriods(t *testing.T) {
	for d, want := range map[exporter.Day][2]string{
		{Year: 2026, Month: time.January, Day: 1}:   {"202601 2026-01-08", "202601 2026-02-01"},
		{Year: 2026, Month: time.January, Day: 8}:   {"202602 2026-01-15", "202601 2026-02-01"},
		{Year: 2026, Month: time.December, Day: 31}: {"202653 2027-01-01", "202612 2027-01-01"},
	} {
		for i, of := range []string{"weekly", "monthly"} {
			name, next := period(d, of)
			if got := name + " " + next.String(); got != want[i] {
				t.Errorf("%s %s: %s, want %s", d, of, got, want[i])
			}
		}
	}
}

package clevertaptest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var clock = time.Date(2026, 9, 20, 12, 0, 0, 0, time.UTC)

// An asker makes requests by hand.
type asker struct {
	t *testing.T
	s *Server
}

type reply struct {
	HTTP    int
	Body    string
	Status  string            `json:"status"`
	Error   string            `json:"error"`
	Code    int               `json:"code"`
	Cursor  string            `json:"cursor"`
	Next    string            `json:"next_cursor"`
	Records []json.RawMessage `json:"records"`
}

func newAsker(t *testing.T, o Options) asker {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return clock }
	}
	return asker{t, NewServer(t, o)}
}

func (a asker) do(method, path, body string, passcode string) reply {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.s.URL+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("X-CleverTap-Account-Id", DefaultAccountID)
	req.Header.Set("X-CleverTap-Passcode", passcode)
	if method == http.MethodPost && body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	r := reply{HTTP: resp.StatusCode, Body: string(b)}
	if len(b) > 0 && b[0] == '{' {
		if err := json.Unmarshal(b, &r); err != nil {
			a.t.Fatalf("%s: %v", b, err)
		}
	}
	return r
}

func (a asker) open(event string, from, to, batch int) reply {
	a.t.Helper()
	return a.do("POST", fmt.Sprintf("/1/events.json?batch_size=%d", batch),
		fmt.Sprintf(`{"event_name":%q,"from":%d,"to":%d}`, event, from, to), DefaultPasscode)
}

func (a asker) page(cursor string) reply {
	a.t.Helper()
	return a.do("GET", "/1/events.json?cursor="+cursor, "", DefaultPasscode)
}

func (a asker) add(n int) {
	for i := range n {
		a.s.AddEvents("E", monday, fmt.Sprintf(`{"ts":20260907000000,"event_props":{"N":%d}}`, i))
	}
}

// TestAnswers are the vendor's words, as section 7 of the fact sheet has them.
func TestAnswers(t *testing.T) {
	a := newAsker(t, Options{NotExportable: []string{"Push"}})
	a.add(1)
	tests := []struct {
		name string
		got  reply
		want reply
	}{
		{"UnknownPath", a.do("GET", "/2/nothing", "", DefaultPasscode), reply{HTTP: 200}},
		{"Passcode", a.do("GET", "/getSchema?type=events", "", "no"), reply{HTTP: 401, Status: "fail", Error: "Invalid Credentials", Code: 401}},
		{"Unexportable", a.open("Push", 20260907, 20260907, 50), reply{HTTP: 400, Status: "fail", Error: "Export not allowed for this event", Code: 400}},
		{"UnknownEvent", a.open("e", 20260907, 20260907, 50), reply{HTTP: 200, Status: "fail", Error: `["Invalid event : e"]`}},
		{"Future", a.open("E", 20260907, 20260921, 50), reply{HTTP: 200, Status: "fail", Error: "Date in the future", Code: 4002}},
		{"NoDay", a.open("E", 20260931, 20261001, 50), reply{HTTP: 400, Status: "fail", Error: "Invalid date", Code: 4002}},
		{"BadCursor", a.page("abc"), reply{HTTP: 200, Status: "fail", Error: "Incorrect Usage", Code: 3}},
		{"NoBody", a.do("GET", "/1/events.json", "", DefaultPasscode), reply{HTTP: 200, Status: "fail", Error: "Incorrect Usage", Code: 3}},
		{"SchemaType", a.do("GET", "/getSchema", "", DefaultPasscode), reply{HTTP: 400, Status: "fail", Error: "Invalid type", Code: 400}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.got.Body = ""
			if d := cmp.Diff(tt.want, tt.got); d != "" {
				t.Error(d)
			}
		})
	}
	if r := a.do("GET", "/getSchema?type=events", "", DefaultPasscode); !strings.Contains(r.Body, `"name":"E"`) || !strings.Contains(r.Body, `"name":"Push"`) {
		t.Errorf("schema: %s", r.Body)
	}
	if v := a.s.Violations(); len(v) != 0 {
		t.Errorf("violations %q", v)
	}
}

// TestBatchRule: multiples of 23, and no limit at all below.
func TestBatchRule(t *testing.T) {
	a := newAsker(t, Options{})
	a.add(989)
	for batch, most := range map[int]int{5: 989, 25: 23, 50: 46, 5000: 989} {
		got := a.page(a.open("E", 20260907, 20260907, batch).Cursor)
		if n := len(got.Records); n > most || n < most-22 {
			t.Errorf("batch_size %d gave %d records, want about %d", batch, n, most)
		}
	}
}

// TestWalk: every record once, short pages that are not the last, by both methods.
func TestWalk(t *testing.T) {
	a := newAsker(t, Options{})
	a.add(500)
	cursor := a.open("E", 20260901, 20260907, 50).Cursor
	got, short, method := 0, 0, "GET"
	for cursor != "" {
		r := a.do(method, "/1/events.json?cursor="+cursor, "", DefaultPasscode)
		if r.Next != "" && len(r.Records) < 46 {
			short++
		}
		for _, rec := range r.Records {
			if want := fmt.Sprintf(`{"ts":20260907000000,"event_props":{"N":%d}}`, got); string(rec) != want {
				t.Fatalf("record %s, want %s", rec, want)
			}
			got++
		}
		cursor, method = r.Next, map[string]string{"GET": "POST", "POST": "GET"}[method]
	}
	if got != 500 || short == 0 {
		t.Errorf("%d records, %d short pages", got, short)
	}
	empty := a.page(a.open("E", 20260901, 20260902, 50).Cursor)
	if empty.Body != `{"status":"success"}` {
		t.Errorf("an empty range: %s", empty.Body)
	}
}

// TestSnapshot: what is added while a cursor is walked is not in the walk.
func TestSnapshot(t *testing.T) {
	a := newAsker(t, Options{})
	a.add(3)
	cursor := a.open("E", 20260907, 20260907, 50).Cursor
	a.add(2)
	if n := len(a.page(cursor).Records); n != 3 {
		t.Errorf("%d records, want 3", n)
	}
	if n := len(a.page(a.open("E", 20260907, 20260907, 50).Cursor).Records); n != 5 {
		t.Errorf("%d records, want 5", n)
	}
}

func TestDoubleEncoding(t *testing.T) {
	a := newAsker(t, Options{})
	a.add(3)
	cursor := a.open("E", 20260907, 20260907, 50).Cursor
	if r := a.page(url.QueryEscape(cursor)); r.Code != 3 || r.Error != "Incorrect Usage" {
		t.Errorf("encoded twice: %+v", r)
	}
	if v := a.s.Violations(); len(v) != 1 {
		t.Errorf("violations %q", v)
	}
}

// TestCursorLife: 1 h without use, 4 h in all, and use prolongs the first only.
func TestCursorLife(t *testing.T) {
	now := clock
	a := newAsker(t, Options{Now: func() time.Time { return now }})
	a.add(3)
	cursor := a.open("E", 20260907, 20260907, 50).Cursor
	for i := range 4 {
		now = now.Add(55 * time.Minute)
		if r := a.page(cursor); r.Status != "success" {
			t.Fatalf("use %d: %+v", i, r)
		}
	}
	now = now.Add(30 * time.Minute)
	if r := a.page(cursor); r.HTTP != 400 || r.Error != "Cursor expired" {
		t.Errorf("after 4 h: %+v", r)
	}
	cursor = a.open("E", 20260907, 20260907, 50).Cursor
	now = now.Add(time.Hour)
	if r := a.page(cursor); r.Error != "Cursor expired" {
		t.Errorf("after an idle hour: %+v", r)
	}
}

// TestJudge: what no reader does is written down.
func TestJudge(t *testing.T) {
	a := newAsker(t, Options{})
	a.do("POST", "/1/upload", `{"d":[]}`, DefaultPasscode)
	a.do("POST", "/1/delete/profiles.json", `{}`, DefaultPasscode)
	a.do("GET", "/getSchema?type=events&passcode="+DefaultPasscode, "", DefaultPasscode)
	if v := a.s.Violations(); len(v) != 3 {
		t.Errorf("violations %q, want 3", v)
	}
	for _, q := range a.s.Requests() {
		if strings.Contains(fmt.Sprintf("%+v", q), DefaultPasscode) {
			t.Error("the log holds the passcode")
		}
	}
}

// TestOverLimit: the fourth call in flight is refused and written down.
func TestOverLimit(t *testing.T) {
	a := newAsker(t, Options{})
	a.add(1)
	a.s.Fail(Any, 3, Fault{Kind: Slow, Delay: time.Minute})
	for range 3 { // they hang until the server ends
		go func() {
			req, err := http.NewRequest("GET", a.s.URL+"/1/events.json?cursor=x", nil)
			if err != nil {
				return
			}
			if resp, err := http.DefaultClient.Do(req); err == nil {
				resp.Body.Close()
			}
		}()
	}
	for len(a.s.Requests()) < 3 {
		runtime.Gosched()
	}
	if r := a.open("E", 20260907, 20260907, 50); r.HTTP != 429 || r.Error != "Too many concurrent requests" {
		t.Errorf("the fourth: %+v", r)
	}
	if a.s.Peak("/1/events.json") != 4 || len(a.s.Violations()) != 1 {
		t.Errorf("peak %d, violations %q", a.s.Peak("/1/events.json"), a.s.Violations())
	}
}

// TestFaultsRate: about one in Rate, the same ones for the same seed.
func TestFaultsRate(t *testing.T) {
	f := Faults{Rate: 5, Seed: 9}
	kinds := map[Kind]int{}
	for n := range 10000 {
		k := f.pick(n).Kind
		if k != f.pick(n).Kind {
			t.Fatal("not the same twice")
		}
		kinds[k]++
	}
	if hit := 10000 - kinds[""]; hit < 1800 || hit > 2200 {
		t.Errorf("%d of 10000 requests go wrong", hit)
	}
	if len(kinds) != 13 { // TooMany stands for two, none for one
		t.Errorf("kinds %v", kinds)
	}
}

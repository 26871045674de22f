package clevertap_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tapline/exporter"
	"tapline/exporter/clevertap/clevertaptest"
)

// counting matches the requests for event counts by their method.
func counting(method string) func(clevertaptest.Request) bool {
	return func(q clevertaptest.Request) bool {
		return q.Op == clevertaptest.OpEventCount && (method == "" || q.Method == method)
	}
}

// TestEventCount: the number is that of the day's events, late ones included,
// however the vendor takes its time.
func TestEventCount(t *testing.T) {
	fault := func(k clevertaptest.Kind) clevertaptest.Fault { return clevertaptest.Fault{Kind: k} }
	said := func(status int, text string) clevertaptest.Fault {
		return clevertaptest.Fault{Kind: clevertaptest.Answer, Status: status, Text: text}
	}
	tests := []struct {
		name        string
		server      clevertaptest.Options
		method      string // of the requests that meet the fault
		times       int
		fault       clevertaptest.Fault
		posts, gets int
	}{
		{name: "AtOnce", posts: 1},
		{name: "Partial", server: clevertaptest.Options{Polls: 1}, posts: 1, gets: 1},
		{name: "PartialLong", server: clevertaptest.Options{Polls: 6}, posts: 1, gets: 6},
		{name: "TextIDs", server: clevertaptest.Options{Polls: 2, TextIDs: true}, posts: 1, gets: 2},
		{name: "PostInProgress", server: clevertaptest.Options{Pending: 2, Polls: 2}, posts: 3, gets: 2},
		{name: "PostAccepted", method: "POST", times: 3, fault: fault(clevertaptest.Accepted), posts: 4},
		{name: "PostPartialBare", method: "POST", times: 1, fault: said(200, `{"status":"partial"}`), posts: 2},
		{name: "PostPartialNull", method: "POST", times: 1, fault: said(200, `{"status":"partial","req_id":null}`), posts: 2},
		{name: "PostFails", server: clevertaptest.Options{Polls: 1}, method: "POST", times: 3, fault: fault(clevertaptest.ServerError), posts: 4, gets: 1},
		{name: "PollFails", server: clevertaptest.Options{Polls: 2}, method: "GET", times: 3, fault: fault(clevertaptest.Unavailable), posts: 1, gets: 5},
		{name: "PollCut", server: clevertaptest.Options{Polls: 2}, method: "GET", times: 2, fault: fault(clevertaptest.CutJSON), posts: 1, gets: 3},
		{name: "PollCrowded", server: clevertaptest.Options{Polls: 2}, method: "GET", times: 10, fault: fault(clevertaptest.TooMany), posts: 1, gets: 12},
		{name: "PollInProgress", server: clevertaptest.Options{Polls: 2}, method: "GET", times: 2, fault: fault(clevertaptest.InProgress), posts: 1, gets: 4},
		{name: "PollAccepted", server: clevertaptest.Options{Polls: 2}, method: "GET", times: 2, fault: fault(clevertaptest.Accepted), posts: 1, gets: 4},
		{name: "IDDies", server: clevertaptest.Options{Polls: 3}, method: "GET", times: 1, fault: fault(clevertaptest.Expired), posts: 2, gets: 4},
		{name: "IDDiesTwice", server: clevertaptest.Options{Polls: 3}, method: "GET", times: 2, fault: fault(clevertaptest.Expired), posts: 3, gets: 5},
		{name: "IDDiesUnder200", server: clevertaptest.Options{Polls: 1}, method: "GET", times: 1,
			fault: clevertaptest.Fault{Kind: clevertaptest.Fail, Text: "Invalid Request ID"}, posts: 2, gets: 2},
		{name: "IDDiesAs404", server: clevertaptest.Options{Polls: 1}, method: "GET", times: 1,
			fault: said(404, `{"status":"fail","error":"Not found","code":404}`), posts: 2, gets: 2},
		{name: "CountIsText", method: "POST", times: 1, fault: said(200, `{"status":"success","count":"41"}`), posts: 1},
		{name: "NoCount", method: "POST", times: 1, fault: said(200, `{"status":"success"}`), posts: 2},
		{name: "OddCount", method: "POST", times: 1, fault: said(200, `{"status":"success","count":4.5}`), posts: 2},
		{name: "NullCount", method: "POST", times: 1, fault: said(200, `{"status":"success","count":null}`), posts: 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, tt.server)
			numbered(r.server, foo, first, 41)
			r.server.Fail(counting(tt.method), tt.times, tt.fault)
			n, err := r.source(t).EventCount(t.Context(), foo, first)
			if err != nil || n != 41 {
				t.Errorf("EventCount = %d, %v; want 41", n, err)
			}
			if p, g := r.server.Count(counting(http.MethodPost)), r.server.Count(counting(http.MethodGet)); p != tt.posts || g != tt.gets {
				t.Errorf("%d POSTs and %d GETs, want %d and %d", p, g, tt.posts, tt.gets)
			}
			r.clean(t)
		})
	}
}

// TestEventCountRefused: what is refused is refused at once, in words of use
// and with nothing in them that is nobody's business.
func TestEventCountRefused(t *testing.T) {
	tests := []struct {
		name   string
		event  string
		day    exporter.Day
		server clevertaptest.Options
		fault  clevertaptest.Fault
		is     error
		says   []string
	}{
		{name: "UnknownEvent", event: "Bar", day: first, is: exporter.ErrUnknownStream, says: []string{"count event_counts/Bar 2026-09-01", "Invalid event : Bar"}},
		{name: "Future", event: foo, day: first.Add(90), is: exporter.ErrWindow, says: []string{"2026-11-30"}},
		{name: "Passcode", event: foo, day: first, server: clevertaptest.Options{Passcode: "other"}, is: exporter.ErrUnauthorized, says: []string{"HTTP 401"}},
		{name: "IDsDie", event: foo, day: first, server: clevertaptest.Options{Polls: 1}, fault: clevertaptest.Fault{Kind: clevertaptest.Expired},
			says: []string{"invalid request id : ***", "tried 3 times"}},
		{name: "NeverDone", event: foo, day: first, fault: clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 200, Text: `{"status":"partial","req_id":"secret-9"}`},
			says: []string{"still in progress", "waited 1"}},
		{name: "LongID", event: foo, day: first, fault: clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 200, Text: `{"status":"partial","req_id":"` + strings.Repeat("secret-9", 1000) + `"}`},
			says: []string{"still in progress"}},
		{name: "ObjectAsID", event: foo, day: first, fault: clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 200, Text: `{"status":"partial","req_id":{"a":1}}`},
			says: []string{"still in progress"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, tt.server)
			numbered(r.server, foo, first, 41)
			match := counting("")
			if tt.fault.Kind == clevertaptest.Expired {
				match = counting(http.MethodGet)
			}
			if tt.fault.Kind != "" {
				r.server.Fail(match, -1, tt.fault)
			}
			_, err := r.source(t).EventCount(t.Context(), tt.event, tt.day)
			wantError(t, err, tt.says...)
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got error %v, want %v", err, tt.is)
			}
			if strings.Contains(fmt.Sprint(err), "secret-9") || strings.Contains(fmt.Sprint(err), "11529215") {
				t.Errorf("the error shows the request's id: %v", err)
			}
		})
	}
}

// TestPollsKeepDigits: an id goes out digit by digit, and the waits between the
// polls grow.
func TestPollsKeepDigits(t *testing.T) {
	r := newRig(t, clevertaptest.Options{}).record()
	numbered(r.server, foo, first, 3)
	id := clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 200, Text: `{"status":"partial","req_id":384600000000000001}`}
	r.server.Fail(counting(http.MethodPost), 1, id)
	r.server.Fail(counting(http.MethodGet), 3, id)
	r.server.Fail(counting(http.MethodGet), 1, clevertaptest.Fault{Kind: clevertaptest.Answer, Status: 200, Text: `{"status":"success","count":3}`})
	n, err := r.source(t).EventCount(t.Context(), foo, first)
	if err != nil || n != 3 {
		t.Fatalf("EventCount = %d, %v", n, err)
	}
	for _, q := range r.server.Requests() {
		if q.Method == http.MethodGet && q.Op == clevertaptest.OpEventCount && q.ReqID != "384600000000000001" {
			t.Errorf("polled with %q", q.ReqID)
		}
	}
	if len(r.waits) != 4 || !slices.IsSorted([]int64{int64(r.waits[0]) / 3, int64(r.waits[3])}) {
		t.Errorf("waited %v", r.waits)
	}
}

package main

import "testing"

func TestUsageLine(t *testing.T) {
	for _, c := range []struct {
		list   []usageResult
		want   string
		waited bool
	}{
		{nil, "0 requests", false},
		{[]usageResult{{API: "events", Requests: 1, GateSeconds: 0.9}}, "1 request", false},
		{[]usageResult{{API: "events", Requests: 1200, Retries: 3, GateSeconds: 0.6}, {API: "schema", Requests: 4, GateSeconds: 0.6}},
			"1,204 requests, 3 of them again; waited 1s for a slot", true},
		{[]usageResult{{API: "events", Requests: 9, Retries: 4, ToldSeconds: 75, PauseSeconds: 2.4}},
			"9 requests, 4 of them again; waited 1m15s as the source said, 2s after faults", true},
	} {
		if line, waited := usageLine(c.list); line != c.want || waited != c.waited {
			t.Errorf("%q, %t; want %q, %t", line, waited, c.want, c.waited)
		}
	}
}

package clevertap

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"

	"tapline/exporter"
)

// The kinds of the streams of counts per event and day.
const (
	KindEventCounts   = "event_counts"
	KindProfileCounts = "profile_counts"
)

// EventCount asks how many events of that name the account counts on the
// project-local day, without regard to any filter: 0 when it was never seen on
// it. Errors: exporter.ErrUnknownStream for an event the account does not have,
// exporter.ErrWindow for a day that has not begun, ErrUnauthorized,
// ErrUnreachable. Source: developer.clevertap.com, "Get Event Count", read
// 2026-11-22.
func (s *Source) EventCount(ctx context.Context, event string, day exporter.Day) (int64, error) {
	q, err := s.counting(KindEventCounts, event, day, day, Filters{}, nil)
	if err != nil {
		return 0, err
	}
	var n int64
	_, err = s.c.do(ctx, q, nil, func(body []byte) *failure {
		var a struct {
			Count *json.Number `json:"count"` // or a text of digits
		}
		err := json.Unmarshal(body, &a)
		if err == nil && a.Count != nil {
			n, err = a.Count.Int64()
		}
		if err != nil || a.Count == nil {
			return oddCount(q)
		}
		return nil
	})
	return n, err
}

// oddCount is for an answer that says success and gives no count.
func oddCount(q call) *failure {
	return &failure{kind: strange, err: &APIError{Op: q.op, Status: http.StatusOK, Message: "the answer has no count"}}
}

// countPaths are the endpoints of the kinds of counts.
func countPaths() map[string]string {
	return map[string]string{
		KindEventCounts:   "/1/counts/events.json",
		KindProfileCounts: "/1/counts/profiles.json",
	}
}

// counting is the call for what the kind counts of the event in the days from
// first to last, both included. More are keys of the body beside the filters.
func (s *Source) counting(kind, event string, first, last exporter.Day, f Filters, more map[string]any) (call, error) {
	days := first.String()
	if last != first {
		days += " to " + last.String()
	}
	op := fmt.Sprintf("count %s/%s %s", kind, event, days)
	query := map[string]any{"event_name": event, "from": number(first), "to": number(last)}
	f.into(query)
	maps.Copy(query, more)
	body, err := json.Marshal(query)
	if err != nil {
		return call{}, fmt.Errorf("clevertap: %s: %w", op, err)
	}
	return call{op: op, api: kind, method: http.MethodPost, path: countPaths()[kind], body: body, polls: true}, nil
}

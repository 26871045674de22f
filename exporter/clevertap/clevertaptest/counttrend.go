package clevertaptest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"tapline/exporter"
)

// maxTrends is how many groups a query of trends may have.
const maxTrends = 5

// trends answers with counts by day, week or month, of the days asked for.
func trends(s *Server, q query) answer {
	if a, bad := s.refused(q.Request); bad {
		return a
	}
	after := q.From.Start(time.UTC).AddDate(1, 0, 0)
	switch {
	case len(q.Groups) == 0 || len(q.Groups) > maxTrends:
		s.accuse("request %d: %s: %d groups", q.N, q.Path, len(q.Groups))
		return fail(400, 400, "Number of groups should be between 1 and 5")
	case !q.To.Before(exporter.DayOf(after)):
		s.accuse("request %d: %s: %s to %s is over a year", q.N, q.Path, q.From, q.To)
		return fail(400, 400, "Date range should not exceed one year")
	case q.Sum != "" && s.top(q, topGroup{Type: "event_properties", Name: q.Sum}) == nil:
		return fail(200, 0, "Invalid sum_event_prop")
	}
	out := map[string]any{"status": "success"}
	for _, k := range slices.Sorted(maps.Keys(q.Groups)) {
		var g struct {
			Type string `json:"trend_type"`
		}
		if err := json.Unmarshal(q.Groups[k], &g); err != nil || !slices.Contains([]string{"daily", "weekly", "monthly"}, g.Type) {
			s.accuse("request %d: %s: group %s is not one the vendor takes: %s", q.N, q.Path, k, q.Groups[k])
			return fail(400, 400, "Invalid group")
		}
		out[k] = s.trend(q, g.Type)
	}
	b, err := json.Marshal(out)
	if err != nil {
		return text(500, "")
	}
	return answer{status: 200, body: b}
}

// trend counts by period. Periods without events are not there.
func (s *Server) trend(q query, of string) map[string]int64 {
	out := map[string]int64{}
	for d := q.From; !q.To.Before(d); {
		name, next := period(d, of)
		last := next.Add(-1)
		if q.To.Before(last) {
			last = q.To
		}
		if n := s.tally(q, d, last, q.Unique, q.Sum); n != 0 {
			out[name] = n
		}
		d = next
	}
	return out
}

// period names the period of a day, and the day after it. Weeks are those of
// this server: the vendor does not say what its own are.
func period(d exporter.Day, of string) (name string, next exporter.Day) {
	switch of {
	case "daily":
		return fmt.Sprintf("%04d%02d%02d", d.Year, d.Month, d.Day), d.Add(1)
	case "monthly":
		first := exporter.Day{Year: d.Year, Month: d.Month, Day: 1}
		return fmt.Sprintf("%04d%02d", d.Year, d.Month), exporter.DayOf(first.Start(time.UTC).AddDate(0, 1, 0))
	}
	yearday := d.Start(time.UTC).YearDay() - 1
	next = d.Add(7 - yearday%7)
	if next.Year != d.Year {
		next = exporter.Day{Year: d.Year + 1, Month: time.January, Day: 1}
	}
	return fmt.Sprintf("%04d%02d", d.Year, yearday/7+1), next
}

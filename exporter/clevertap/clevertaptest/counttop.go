package clevertaptest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
)

// The types of property that the vendor's manual lists.
var propertyTypes = [...]string{
	"event_properties", "session_properties", "profile_fields", "app_fields",
	"demographics", "technographics", "reachability", "geo_fields",
}

// A topGroup is one of the groups of a query of top properties.
type topGroup struct {
	Type  string `json:"property_type"`
	Name  string `json:"name"`
	Top   *int   `json:"top_n"`
	Order string `json:"order"`
}

// topCounts answers with the values of properties and how many events have
// each. The caller's keys stand beside status, as the vendor has them.
func topCounts(s *Server, q query) answer {
	if a, bad := s.refused(q.Request); bad {
		return a
	}
	out := map[string]any{}
	for _, k := range slices.Sorted(maps.Keys(q.Groups)) {
		var g topGroup
		if err := json.Unmarshal(q.Groups[k], &g); err != nil || !g.valid() {
			s.accuse("request %d: %s: group %s is not one the vendor takes: %s", q.N, q.Path, k, q.Groups[k])
			return fail(400, 400, "Invalid group")
		}
		if k == "status" || k == "req_id" {
			s.accuse("request %d: %s: a group is called %s", q.N, q.Path, k)
		}
		block := s.top(q, g)
		if block == nil {
			return fail(200, 0, "Invalid group")
		}
		out[k] = json.RawMessage(block)
	}
	if len(out) == 0 {
		return fail(400, 400, "groups is required")
	}
	out["status"] = "success"
	b, err := json.Marshal(out)
	if err != nil {
		return text(500, "")
	}
	return answer{status: 200, body: b}
}

func (g topGroup) valid() bool {
	return slices.Contains(propertyTypes[:], g.Type) && g.Name != "" &&
		(g.Top == nil || *g.Top >= 1 && *g.Top <= 100) && slices.Contains([]string{"", "asc", "desc"}, g.Order)
}

// top counts the values of the group's property; nil when no event has it. The
// days without events have it all the same.
func (s *Server) top(q query, g topGroup) []byte {
	texts, buckets := map[string]int64{}, map[string]int64{}
	events, known, numbers := 0, false, true
	for d := q.From; !q.To.Before(d); d = d.Add(1) {
		for f := range s.facts(q.Event, d) {
			events++
			v, ok := f.of(g.Type, g.Name)
			known = known || ok
			if !ok || !f.meets(q.Properties) {
				continue
			}
			n, isNumber := v.(float64)
			numbers = numbers && isNumber
			if isNumber {
				buckets[bucket(n)]++
			}
			list, isList := v.([]any)
			if !isList {
				list = []any{v}
			}
			for _, item := range list {
				texts[plain(item)]++
			}
		}
	}
	switch {
	case !known && events > 0:
		return nil
	case len(texts) == 0:
		return []byte(`{"STR":{}}`)
	case numbers:
		return g.block("NUMBER", buckets)
	}
	return g.block("STR", texts)
}

// bucket names the hundred that a number lies in.
func bucket(n float64) string {
	low := int64(math.Floor(n/100)) * 100
	return fmt.Sprintf("%d-%d", low, low+100)
}

// block writes the most frequent values, or the least, in that order.
func (g topGroup) block(kind string, counts map[string]int64) []byte {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		by := cmp.Compare(counts[b], counts[a])
		if g.Order == "asc" {
			by = -by
		}
		return cmp.Or(by, cmp.Compare(a, b))
	})
	top := 10
	if g.Top != nil {
		top = *g.Top
	}
	b := append([]byte(`{"`), kind...)
	b = append(b, `":{`...)
	for i, n := range names[:min(top, len(names))] {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(n)
		if err != nil {
			continue // a string always marshals
		}
		b = append(append(b, name...), ':')
		b = strconv.AppendInt(b, counts[n], 10)
	}
	return append(b, "}}"...)
}

package clevertaptest

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"tapline/exporter"
)

// A fact is a record as counting sees it.
type fact struct {
	Profile map[string]any `json:"profile"`
	Event   map[string]any `json:"event_props"`
	Session map[string]any `json:"session_props"`
}

// A condition is one filter of event_properties.
type condition struct {
	Name     string `json:"name"`
	Operator string `json:"operator"`
	Value    any    `json:"value"`
}

// length is how many events there are on the day, late ones included.
func (s *Server) length(event string, day exporter.Day) int {
	if s.opt.Region == EmptyAccount {
		return 0
	}
	s.mu.Lock()
	n := len(s.added[key{event, day}])
	s.mu.Unlock()
	if s.opt.Data != nil {
		n += s.opt.Data.Len(event, day)
	}
	return n
}

// facts are the events of the day, late ones included.
func (s *Server) facts(event string, day exporter.Day) iter.Seq[fact] {
	return func(yield func(fact) bool) {
		if s.opt.Region == EmptyAccount {
			return
		}
		s.mu.Lock()
		added := slices.Clone(s.added[key{event, day}])
		s.mu.Unlock()
		n, v := 0, View{App: true, Profile: true, Now: s.opt.Now()}
		if s.opt.Data != nil {
			n = s.opt.Data.Len(event, day)
		}
		var buf []byte
		for i := range n + len(added) {
			if i < n {
				buf = s.opt.Data.Append(buf[:0], event, day, i, v)
			} else {
				buf = added[i-n]
			}
			var f fact
			if json.Unmarshal(buf, &f) != nil {
				f = fact{} // what is no record is an event all the same
			}
			if !yield(f) {
				return
			}
		}
	}
}

// person is who did it: the identity or, of the anonymous, the device.
func (f fact) person() string {
	for _, k := range []string{"identity", "objectId"} {
		if v, ok := f.Profile[k]; ok {
			return k + ":" + plain(v)
		}
	}
	return ""
}

// whole is the whole part of a numeric property of the event, or 0.
func (f fact) whole(property string) int64 {
	v, _ := f.Event[property].(float64)
	return int64(v)
}

// of finds a property. The vendor knows more types of property than records have.
func (f fact) of(propertyType, name string) (any, bool) {
	from := map[string]map[string]any{
		"event_properties": f.Event, "session_properties": f.Session,
		"app_fields": f.Profile, "technographics": f.Profile,
	}[propertyType]
	if propertyType == "profile_fields" {
		from, _ = f.Profile["profileData"].(map[string]any)
	}
	v, ok := from[name]
	return v, ok && v != nil
}

// meets reports whether the event has all that is asked of it.
func (f fact) meets(conditions []condition) bool {
	return !slices.ContainsFunc(conditions, func(c condition) bool { return !c.met(f.Event[c.Name]) })
}

// met compares as the operators of the vendor's manual do; one that is not
// there is never met.
func (c condition) met(v any) bool {
	is := slices.ContainsFunc(c.values(), func(want any) bool { return plain(want) == plain(v) })
	number, isNumber := v.(float64)
	bound, hasBound := c.Value.(float64)
	switch c.Operator {
	case "equals":
		return v != nil && is
	case "not_equals":
		return !is
	case "contains":
		return v != nil && strings.Contains(plain(v), plain(c.Value))
	case "exists":
		return v != nil
	case "does_not_exist":
		return v == nil
	case "greater_than":
		return isNumber && hasBound && number > bound
	case "less_than":
		return isNumber && hasBound && number < bound
	}
	return false
}

// values is the value, or what is in it when it is a list.
func (c condition) values() []any {
	if list, ok := c.Value.([]any); ok {
		return list
	}
	return []any{c.Value}
}

// plain is a value as text.
func plain(v any) string {
	if n, ok := v.(float64); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

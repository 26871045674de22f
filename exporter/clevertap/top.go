package clevertap

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"tapline/exporter"
	"tapline/exporter/format"
	fjson "tapline/exporter/format/json"
)

// KindTop is the kind of the streams of the most frequent values of properties.
const KindTop = "top_property_counts"

// A Group is a property whose values are counted.
type Group struct {
	// Name is what rows call the group; "" = the property.
	Name     string `yaml:"name" doc:"what rows call the group (default: the property)"`
	Property string `yaml:"property" required:"true" doc:"the property, as it is spelt in CleverTap"`
	// Type is where the property is; "" = event_properties. Source:
	// developer.clevertap.com, "Top property counts", read 2026-11-22.
	Type string `yaml:"type" enum:"event_properties,session_properties,profile_fields,app_fields,demographics,technographics,reachability,geo_fields" doc:"what the property is one of (default: event_properties)"`
	// Top is how many values are wanted; 0 = 10.
	Top int `yaml:"top" min:"1" max:"100" doc:"how many values, 1 to 100 (default: 10)"`
	// Order is "desc" for the most frequent values and "asc" for the least; "" = desc.
	Order string `yaml:"order" enum:"asc,desc" doc:"desc for the most frequent values, asc for the rarest (default: desc)"`
}

func (g Group) name() string { return cmp.Or(g.Name, g.Property) }

// key is what the vendor is to call group i in its answer, where it stands
// beside status and req_id: no word of the user's.
func (g Group) key(i int) string { return "g" + strconv.Itoa(i+1) }

// query is what is asked of the group.
func (g Group) query() map[string]any {
	return map[string]any{
		"property_type": cmp.Or(g.Type, "event_properties"), "name": g.Property,
		"top_n": cmp.Or(g.Top, 10), "order": cmp.Or(g.Order, "desc"),
	}
}

func topKind() kind {
	return kind{
		name: KindTop, perEvent: true, partition: colDate,
		keys:   append(filterKeys(), "groups"),
		about:  func(event string) string { return "the most frequent values of properties of " + event + ", by day" },
		check:  checkGroups,
		slices: closedDays, read: readTop, replay: outline(topOf).replay,
	}
}

func checkGroups(e Selection) error {
	if len(e.Groups) == 0 {
		return fmt.Errorf("groups: missing; a list of {property, type, top}")
	}
	seen := map[string]bool{}
	for i, g := range e.Groups {
		switch {
		case g.Property == "":
			return fmt.Errorf("groups[%d].property: missing", i)
		case seen[g.name()]:
			return fmt.Errorf("groups[%d]: there is a group %q already; give one of them a name", i, g.name())
		case g.Top < 0 || g.Top > 100:
			return fmt.Errorf("groups[%d].top: %d is not from 1 to 100", i, g.Top)
		}
		seen[g.name()] = true
	}
	return nil
}

// topOf is the values of an event's day: by group as configured, then as the
// group is ordered.
func topOf(s *Source, sl exporter.Slice) (document, error) {
	h, e, err := s.dayHead(sl)
	if err != nil {
		return document{}, err
	}
	q, err := s.topCall(sl, e, e.Groups)
	return document{call: q, list: s.tops(q, e.Groups), columns: topColumns(h), root: topNode, constants: h.set}, err
}

// readTop reads a slice, and says more of a group that the vendor does not take.
func readTop(ctx context.Context, s *Source, sl exporter.Slice, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	return func(yield func(exporter.Batch, error) bool) {
		for b, err := range outline(topOf).read(ctx, s, sl, after) {
			if errors.Is(err, errGroup) {
				err = s.blame(ctx, sl, err)
			}
			if !yield(b, err) {
				return
			}
		}
	}
}

func (s *Source) topCall(sl exporter.Slice, e Selection, groups []Group) (call, error) {
	keyed := map[string]any{}
	for i, g := range groups {
		keyed[g.key(i)] = g.query()
	}
	return s.counting(KindTop, sl.Stream.Vars["event"], sl.Day, sl.Day, e.Filters, map[string]any{"groups": keyed})
}

// errGroup says that the vendor does not take a group.
var errGroup = errors.New("invalid group")

// blame names the group that the vendor does not take, which it does not do
// itself. It asks for one after the other.
func (s *Source) blame(ctx context.Context, sl exporter.Slice, refusal error) error {
	_, e, err := s.kindOf(sl.Stream)
	if err != nil {
		return err
	}
	for i, g := range e.Groups {
		err := refusal
		if len(e.Groups) > 1 {
			q, wrong := s.topCall(sl, e, []Group{g})
			if wrong != nil {
				return wrong
			}
			_, err = s.c.do(ctx, q, nil, nil)
		}
		switch {
		case errors.Is(err, errGroup):
			return fmt.Errorf("%w; it is groups[%d], %q: the event has no property %q of type %s",
				err, i, g.name(), g.Property, cmp.Or(g.Type, "event_properties"))
		case ctx.Err() != nil:
			return err
		}
	}
	return refusal
}

// The columns of values of properties.
const (
	colGroup    = "group_name"
	colProperty = "property"
	colValue    = "value"
	colLow      = "bucket_low"
	colHigh     = "bucket_high"
)

func topColumns(h head) []format.Declared {
	return append(h.columns(),
		format.Declared{Name: colGroup, Kind: exporter.Text}, format.Declared{Name: colProperty, Kind: exporter.Text},
		format.Declared{Name: colValue, Kind: exporter.Text},
		format.Declared{Name: colLow, Kind: exporter.Float}, format.Declared{Name: colHigh, Kind: exporter.Float},
		format.Declared{Name: colCount, Kind: exporter.Int})
}

func topNode(b *format.Builder) fjson.Node {
	n := flat(colGroup, colProperty, colValue, colLow, colHigh)
	n.Dates = false
	n.Fields = append(n.Fields, fjson.Field{Key: colCount, Node: wholeNode(b.Column(colCount))})
	return n
}

// A tally is a value, or a bucket of numbers, and how many events have it: each
// as JSON, absent where it does not apply.
type tally struct {
	group, property         string
	value, low, high, count []byte

	number float64 // the count, to sort by
}

// tops makes a list of the values in an answer.
func (s *Source) tops(q call, groups []Group) func(body []byte) ([]byte, *failure) {
	keys := make([]string, len(groups))
	for i, g := range groups {
		keys[i] = g.key(i)
	}
	return func(body []byte) ([]byte, *failure) {
		r, f := s.reply(q, body, keys...)
		if f != nil {
			return nil, f
		}
		var all [][]byte
		for i, g := range groups {
			if raw := r[keys[i]]; raw != nil && raw[0] != '{' {
				return nil, odd(q, fmt.Sprintf("the answer to group %q is no object", g.name()))
			}
			for _, t := range g.tallies(r[keys[i]]) {
				all = append(all, t.record())
			}
		}
		return listOf(all), nil
	}
}

// tallies reads what the vendor says of a group: {"STR":{"gold":5}}, or
// {"NUMBER":{"0-100":10}} for the buckets it made of numbers.
func (g Group) tallies(raw []byte) []tally {
	var out []tally
	add := func(value, count []byte, bucketed bool) {
		t := tally{group: g.name(), property: g.Property, count: count}
		var ok bool
		if bucketed {
			t.low, t.high, ok = bucket(value)
		}
		if !ok {
			t.value = value
		}
		t.number, _ = strconv.ParseFloat(strings.Trim(string(count), `"`), 64) // what is no number comes last
		out = append(out, t)
	}
	for kind, block := range pairs(raw) {
		if block[0] != '{' { // values without their kind
			add(kind, block, false)
			continue
		}
		for value, count := range pairs(block) {
			add(value, count, string(kind) == `"NUMBER"`)
		}
	}
	slices.SortStableFunc(out, func(a, b tally) int {
		by := cmp.Compare(b.number, a.number)
		if g.Order == "asc" {
			by = -by
		}
		return cmp.Or(by, bytes.Compare(a.low, b.low), bytes.Compare(a.high, b.high), bytes.Compare(a.value, b.value))
	})
	return out
}

// record is the tally as JSON. Its values go as the vendor wrote them, so that
// what is wrong with one is told where rows are read.
func (t tally) record() []byte {
	b := append([]byte(`{"`+colGroup+`":`), quoted(t.group)...)
	b = append(append(b, `,"`+colProperty+`":`...), quoted(t.property)...)
	for _, f := range []struct {
		key string
		raw []byte
	}{{colValue, t.value}, {colLow, t.low}, {colHigh, t.high}, {colCount, t.count}} {
		if f.raw != nil {
			b = append(append(b, `,"`+f.key+`":`...), f.raw...)
		}
	}
	return append(b, '}')
}

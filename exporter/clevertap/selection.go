package clevertap

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"tapline/config"
)

// all stands for every event that no other entry of the kind names.
const all = "*"

// A Selection is one entry of a pipeline's streams. Which keys it takes is up
// to its kind of stream.
type Selection struct {
	// Stream is the kind of stream.
	Stream string `yaml:"stream" required:"true" enum:"events,profiles,profiles_by_id,event_counts,profile_counts,top_property_counts,trends,realtime,campaigns,campaign_reports,message_reports,event_schema,user_properties" doc:"what to read"`
	// Events are the names of events, as they are spelt in CleverTap. ["*"] is
	// every event that no other entry of the kind names. Event is one of them.
	Events []string `yaml:"events" doc:"names of events, or [\"*\"] for all"`
	Event  string   `yaml:"event" doc:"the name of one event, instead of events"`
	// Name tells the streams apart of entries that ask for the same events in
	// different ways. It is part of what loads are known by.
	Name string `yaml:"name" pattern:"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$" want:"a name of letters, digits, _ . and -" doc:"tells two entries of one kind apart that name the same event"`
	// Unique counts users instead of events.
	Unique bool `yaml:"unique" doc:"counts users instead of events"`
	// Groups are properties whose values are counted.
	Groups []Group `yaml:"groups" doc:"the properties whose values are counted, a list of {property, type, top, order, name}"`
	// Trend is by which periods to count.
	Trend []string `yaml:"trend" enum:"daily,weekly,monthly" doc:"the periods to count by: daily, weekly, monthly"`
	// SumEventProp is a property to add up instead of counting.
	SumEventProp string `yaml:"sum_event_prop" doc:"adds up this whole-number property of the event instead of counting"`
	// Show is by what to tell the users of this moment apart.
	Show []string `yaml:"show" enum:"user_type,session_source,browser,os,device,new" doc:"what to tell the users of this moment apart by"`
	// IDs are campaigns made in the dashboard, which no list has, or users.
	IDs []string `yaml:"ids" doc:"of campaign_reports: ids of campaigns made in the dashboard, beside the listed ones; of profiles_by_id: the users"`

	Filters
	MessageFilters
	ProfileKeys
}

// Filters narrow what is asked for. They go to the vendor as they are. Source:
// developer.clevertap.com, "CleverTap query language", read 2026-11-22.
type Filters struct {
	EventProperties         config.JSON `yaml:"event_properties" doc:"filters by properties of the event, a list of {name, operator, value}, as CleverTap takes them"`
	SessionProperties       config.JSON `yaml:"session_properties" doc:"filters by properties of the session, as CleverTap takes them"`
	CommonProfileProperties config.JSON `yaml:"common_profile_properties" doc:"filters by properties of the user, as CleverTap takes them"`
	AdvancedQuery           config.JSON `yaml:"advanced_query" doc:"did_all, did_any and did_none, as CleverTap takes them"`
}

// into adds the filters to the body of a request.
func (f Filters) into(body map[string]any) {
	for key, v := range map[string]config.JSON{
		"event_properties": f.EventProperties, "session_properties": f.SessionProperties,
		"common_profile_properties": f.CommonProfileProperties, "advanced_query": f.AdvancedQuery,
	} {
		if len(v) > 0 {
			body[key] = json.RawMessage(v)
		}
	}
}

// filterKeys are the keys of Filters.
func filterKeys() []string { return keysOf(reflect.TypeFor[Filters]()) }

// keysOf lists the keys of a struct and of those it embeds.
func keysOf(t reflect.Type) (keys []string) {
	for f := range t.Fields() {
		if f.Anonymous {
			keys = append(keys, keysOf(f.Type)...)
			continue
		}
		keys = append(keys, f.Tag.Get("yaml"))
	}
	return keys
}

// given lists the keys of the entry that say something.
func (e Selection) given() []string {
	var keys []string
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		for f, value := range v.Fields() {
			switch {
			case f.Anonymous:
				walk(value)
			case !value.IsZero():
				keys = append(keys, f.Tag.Get("yaml"))
			}
		}
	}
	walk(reflect.ValueOf(e))
	return keys
}

// events lists the events that the entry names.
func (e Selection) events() []string {
	if e.Event != "" {
		return append([]string{e.Event}, e.Events...)
	}
	return e.Events
}

// Validate says what of e is wrong, naming the key, or nil.
func (e Selection) Validate() error {
	k, ok := find(e.Stream)
	if !ok {
		return fmt.Errorf("stream: %q is not known; known are %s", e.Stream, known())
	}
	return k.validate(e)
}

// validate checks the selection as far as it can be without the account.
func validate(sel []Selection) error {
	seen := map[string]int{}
	for i, e := range sel {
		k, ok := find(e.Stream)
		if !ok {
			return fmt.Errorf("streams[%d]: stream %q is not known; known are %s", i, e.Stream, known())
		}
		if err := k.validate(e); err != nil {
			return fmt.Errorf("streams[%d]: %w", i, err)
		}
		for _, event := range k.eventsOf(e) {
			name := k.stream(e, event)
			if j, twice := seen[name]; twice {
				return fmt.Errorf("streams[%d]: %q stands in streams[%d] already; give one of them a name: if they differ", i, name, j)
			}
			seen[name] = i
		}
	}
	return nil
}

func known() string {
	var names []string
	for _, k := range kinds() {
		names = append(names, strconv.Quote(k.name))
	}
	return strings.Join(names, ", ")
}

// validate checks what holds for all kinds, then what holds for this one.
func (k kind) validate(e Selection) error {
	takes := append([]string{"stream", "name"}, k.keys...)
	if k.perEvent {
		takes = append(takes, "events", "event")
	}
	for _, key := range e.given() {
		if !slices.Contains(takes, key) {
			return fmt.Errorf("%s: is no key of stream %q, which takes %s", key, k.name, strings.Join(takes, ", "))
		}
	}
	if k.perEvent && len(e.events()) == 0 {
		return fmt.Errorf("events: missing; name them as CleverTap spells them, or [\"*\"] for all")
	}
	if k.perEvent && slices.Contains(e.events(), "") {
		return fmt.Errorf("events: an empty name")
	}
	if k.check != nil {
		return k.check(e)
	}
	return nil
}

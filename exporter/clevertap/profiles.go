package clevertap

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"time"

	"tapline/exporter"
	"tapline/exporter/format"
	fjson "tapline/exporter/format/json"
)

// KindProfiles is the kind of the streams of the users who did an event on a day.
const KindProfiles = "profiles"

// The blocks of a profile that are tables of their own, and the word for none.
const (
	childDevices = "platform_info"
	childEvents  = "events"
	noChildren   = "none"
)

// ProfileKeys are the keys of the kinds of profiles.
type ProfileKeys struct {
	// AsOf adds the columns eventName and event_date.
	AsOf bool `yaml:"as_of" doc:"adds the columns eventName and event_date, for a table that keeps a row per user and day"`
	// Children are the child tables wanted.
	Children []string `yaml:"children" enum:"platform_info,events,none" doc:"the child tables wanted: platform_info (devices), events (what a user ever did, summed up), or [none]"`
	// By says what the ids of profiles_by_id are.
	By string `yaml:"by" enum:"identity,email,objectId" doc:"what the ids are: identity, email or objectId"`
	// IDsFile has an id a line or, with IDsColumn, in a column of CSV.
	IDsFile   string `yaml:"ids_file" path:"true" doc:"a file with an id a line, or CSV with ids_column"`
	IDsColumn string `yaml:"ids_column" doc:"the column of a CSV file, whose first line names them, that has the ids"`
	// IDsQuery is SQL for the warehouse that the pipeline loads into.
	IDsQuery string `yaml:"ids_query" doc:"a SELECT whose first column has the ids, run in the warehouse that the pipeline loads into"`
}

func profilesKind() kind {
	return kind{
		name: KindProfiles, perEvent: true, bare: true, keys: append(filterKeys(), "as_of", "children"), partition: colDate,
		about: func(event string) string {
			return "one row per user who did " + event + " on a day, as of when it was read"
		},
		check: checkChildren, children: childrenOf(childDevices, childEvents),
		slices: closedDays, read: walked(profilesExport), replay: replayProfiles,
	}
}

// checkChildren says what is wrong with children:.
func checkChildren(e Selection) error {
	for i, name := range e.Children {
		switch {
		case !slices.Contains([]string{childDevices, childEvents, noChildren}, name):
			return fmt.Errorf("children: %q is not one of %s, %s, %s", name, childDevices, childEvents, noChildren)
		case slices.Contains(e.Children[:i], name):
			return fmt.Errorf("children: %q stands there twice", name)
		case name == noChildren && len(e.Children) > 1:
			return fmt.Errorf("children: %q stands alone or not at all", noChildren)
		}
	}
	return nil
}

// childrenOf makes the child streams of an entry: those it names, or the given
// ones when it names none.
func childrenOf(unnamed ...string) func(Selection, exporter.Stream) []exporter.Stream {
	return func(e Selection, st exporter.Stream) (out []exporter.Stream) {
		names := unnamed
		if e.Children != nil {
			names = e.Children
		}
		for _, child := range names {
			c := st
			// No kind has a dot in its name, so that no other stream is called so.
			c.Name = st.Kind + "." + child + st.Name[len(st.Kind):]
			c.Child, c.Partition = child, ""
			switch child {
			case childDevices:
				c.About, c.ChildKey = "one row per device of a user", []string{colDevice}
			case childEvents:
				c.About, c.ChildKey = "one row per user and event: how often, first and last", []string{colCalled}
			default:
				continue
			}
			out = append(out, c)
		}
		return out
	}
}

// profilesExport asks for the block alone that the stream is made of. In all of
// them it asks for the devices, app=true, because who is anonymous is known by
// theirs alone. A cursor lives 4 days. Source: reports of clients that quote the
// vendor's manual, read 2026-11-22.
func profilesExport(st exporter.Stream) export {
	yes := func(child string) string { return fmt.Sprint(st.Child == child) }
	return export{
		api: KindProfiles, path: "/1/profiles.json", life: 4 * 24 * time.Hour,
		params: url.Values{"app": {"true"}, "events": {yes(childEvents)}, "profile": {yes("")}},
		table:  (*Source).profileTable,
	}
}

// profileTable lays profiles out for the stream that the slice is of.
func (s *Source) profileTable(e Selection, sl exporter.Slice) *table {
	switch sl.Stream.Child {
	case childDevices:
		return s.deviceTable()
	case childEvents:
		return s.summaryTable()
	}
	return s.peopleTable(e, sl)
}

// Columns of profiles. Their names are the vendor's, but for the key.
const (
	colProfile  = "profile_id"
	colIdentity = "identity"
	colObject   = "objectId"
)

// declared is a column of text for each name.
func declared(names ...string) []format.Declared {
	out := make([]format.Declared, len(names))
	for i, name := range names {
		out[i] = format.Declared{Name: name, Kind: exporter.Text}
	}
	return out
}

// A person gathers who a record is about, in whatever order its keys come. It
// sets the columns profile_id, identity and objectId of its rows.
type person struct {
	identity []byte
	object   []byte // at the top of the record
	least    []byte // the smallest objectId anywhere in it

	colProfile, colIdentity, colObject *format.Column
}

func newPerson(b *format.Builder) *person {
	return &person{colProfile: b.Column(colProfile), colIdentity: b.Column(colIdentity), colObject: b.Column(colObject)}
}

// begin forgets the record before.
func (p *person) begin() {
	p.identity, p.object, p.least = p.identity[:0], p.object[:0], p.least[:0]
}

// fields are those of a record that tell who it is about.
func (p *person) fields() []fjson.Field {
	return []fjson.Field{
		{Key: "identity", Node: fjson.Node{Column: colIdentity, Convert: func(_ fjson.Kind, text []byte) string {
			p.identity = append(p.identity[:0], text...)
			return ""
		}}},
		{Key: "objectId", Node: fjson.Node{Column: colObject, Convert: func(_ fjson.Kind, text []byte) string {
			p.object = append(p.object[:0], text...)
			return p.met(text)
		}}},
		{Key: "platformInfo", Node: fjson.Node{Each: true, Only: true, Fields: []fjson.Field{
			{Key: "objectId", Node: fjson.Node{Convert: func(_ fjson.Kind, text []byte) string { return p.met(text) }}},
		}}},
	}
}

func (p *person) met(object []byte) string {
	if len(object) > 0 && (len(p.least) == 0 || string(object) < string(p.least)) {
		p.least = append(p.least[:0], object...)
	}
	return ""
}

// set sets the columns of the row begun. The key is the identity or, for who is
// anonymous, the smallest objectId by its bytes: whichever device the vendor
// names first, it is the same, as long as the user has it.
func (p *person) set() {
	text := func(c *format.Column, v []byte) {
		if len(v) > 0 {
			c.Text(v)
		}
	}
	text(p.colIdentity, p.identity)
	text(p.colObject, p.object)
	text(p.colObject, p.least) // does nothing where there is one
	text(p.colProfile, p.identity)
	text(p.colProfile, p.least)
}

// peopleTable has a row per user: profile_id, identity, objectId, name and email
// declared, then what the record has under its own names, profileData.X among
// them. Lifetime events and devices are tables of their own.
func (s *Source) peopleTable(e Selection, sl exporter.Slice) *table {
	columns := declared(colProfile, colIdentity, colObject, "name", "email")
	if e.AsOf && !sl.Day.IsZero() {
		columns = slices.Concat([]format.Declared{{Name: colDate, Kind: exporter.Date}}, declared(colEvent), columns)
	}
	b := format.NewBuilder(s.mem, columns...)
	p := newPerson(b)
	set := p.set
	if e.AsOf && !sl.Day.IsZero() {
		date, name := b.Column(colDate), b.Column(colEvent)
		epoch, text := sl.Day.Epoch(), []byte(sl.Stream.Vars["event"])
		set = func() {
			p.set()
			date.Date(epoch)
			name.Text(text)
		}
	}
	fields := append(p.fields(),
		fjson.Field{Key: "profileData", Node: fjson.Node{Rest: "profileData.", Dates: true}},
		fjson.Field{Key: "events", Node: fjson.Node{Skip: true}})
	for _, own := range []string{colProfile, colDate, colEvent} { // names that are taken
		fields = append(fields, fjson.Field{Key: own, Node: fjson.Node{Column: "record." + own}})
	}
	root := fjson.Node{Dates: true, Fields: fields}
	return &table{b, fjson.NewDecoder(b, root, fjson.Options{Begin: p.begin, Row: func() string { set(); return "" }})}
}

// replayProfiles decodes profiles again. A device or an event in quarantine has
// lost its user, so that no row can be made of it.
func replayProfiles(ctx context.Context, s *Source, sl exporter.Slice, raw []string) iter.Seq2[exporter.Batch, error] {
	_, e, err := s.kindOf(sl.Stream)
	if err == nil && sl.Stream.Child != "" {
		err = fmt.Errorf("clevertap: replay %s %s: what was rejected does not say whose it is; read the slice again", sl.Stream.Name, sl.Name)
	}
	if err != nil {
		return failed(err)
	}
	return s.replayed(ctx, s.peopleTable(e, sl), sl, raw)
}

package clevertap

import (
	"strconv"

	"tapline/exporter"
	"tapline/exporter/format"
	fjson "tapline/exporter/format/json"
)

// Columns of the child tables of profiles.
const (
	colDevice = "device.objectId"
	colCalled = "name" // of an event that is summed up
)

// deviceTable has a row per device: profile_id, identity and objectId of its
// user, device.objectId and platform declared, then os_version, app_version,
// make, model, push_token and ls as they come, and device.X for other keys.
func (s *Source) deviceTable() *table {
	b := format.NewBuilder(s.mem, declared(colProfile, colIdentity, colObject, colDevice, "platform")...)
	p := newPerson(b)
	row := fjson.Node{Rest: "device.", Dates: true}
	for _, key := range []string{"platform", "os_version", "app_version", "make", "model", "push_token", "ls"} {
		row.Fields = append(row.Fields, fjson.Field{Key: key, Node: fjson.Node{Column: key}})
	}
	return p.table(b, &fjson.Nested{Key: "platformInfo", Row: row})
}

// summaryTable has a row per event that a user ever did: profile_id, identity
// and objectId of the user, the event's name, count, first_seen and last_seen
// declared, and event.X for other keys.
func (s *Source) summaryTable() *table {
	b := format.NewBuilder(s.mem, append(declared(colProfile, colIdentity, colObject, colCalled),
		format.Declared{Name: "count", Kind: exporter.Int},
		format.Declared{Name: "first_seen", Kind: exporter.Time},
		format.Declared{Name: "last_seen", Kind: exporter.Time})...)
	p := newPerson(b)
	name := b.Column(colCalled)
	var called []byte
	row := fjson.Node{Rest: "event.", Dates: true, Fields: []fjson.Field{
		{Key: "count", Node: fjson.Node{Column: "count"}},
		epoch(b, "first_seen"), epoch(b, "last_seen"),
	}}
	t := p.table(b, &fjson.Nested{Key: "events", Row: row, Named: func(key []byte) { called = append(called[:0], key...) }},
		func() { name.Text(called) })
	return t
}

// table lays out what is nested in records about the person; more sets further
// columns of each row.
func (p *person) table(b *format.Builder, n *fjson.Nested, more ...func()) *table {
	return &table{b, fjson.NewDecoder(b, fjson.Node{Fields: p.fields()}, fjson.Options{
		Begin: p.begin, Nested: n,
		Row: func() string {
			p.set()
			for _, set := range more {
				set()
			}
			return ""
		},
	})}
}

// epoch is a field whose value is seconds since 1970 UTC, a number or a text.
func epoch(b *format.Builder, key string) fjson.Field {
	c := b.Column(key)
	return fjson.Field{Key: key, Node: fjson.Node{Column: key, Convert: func(_ fjson.Kind, text []byte) string {
		n, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil || n < format.MinSeconds || n > format.MaxSeconds {
			return ReasonTime
		}
		c.Time(n * 1e6)
		return ""
	}}}
}

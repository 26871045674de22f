package clevertap

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"time"

	"tapline/exporter"
	"tapline/exporter/format"
	fjson "tapline/exporter/format/json"
)

// KindEvents is the kind of the streams of events.
const KindEvents = "events"

func eventsKind() kind {
	return kind{
		name: KindEvents, perEvent: true, bare: true, keys: filterKeys(), partition: colDate,
		about: func(event string) string {
			return "one row per event " + event + ", with the user as of when it was read"
		},
		slices: closedDays, read: walked(eventsExport), replay: replayEvents,
	}
}

// eventsExport asks for all but the profile's lifetime events, three quarters
// of a record's bytes. A cursor dies 4 h after its making, and after 1 h without
// use. Source: reports of clients that quote the vendor's manual, read 2026-11-22.
func eventsExport(exporter.Stream) export {
	return export{
		api: KindEvents, path: "/1/events.json", life: 4 * time.Hour,
		params: url.Values{"app": {"true"}, "events": {"false"}, "profile": {"true"}},
		table:  (*Source).eventTable,
	}
}

// The columns that have a rule of their own.
const (
	colTS    = "ts"
	colDate  = "event_date"
	colEvent = "eventName"
)

// ReasonTime is the reason of a ts that is no time.
const ReasonTime = "value.time"

// A table lays the records of one slice out in columns.
//
// Their names are those of the vendor's bucket exports, so that both can fill
// one table. ts is the instant, event_date the project-local day. Absent from
// the API are sdkVersion, browser, dpi and dimensions. What the exports do not
// have comes under its path in the record: profile.profileData.X, profile.X.
// Unknown keys beside profile and event_props come under "record.".
type table struct {
	b   *format.Builder
	dec *fjson.Decoder
}

func (s *Source) eventTable(_ Selection, sl exporter.Slice) *table {
	b := format.NewBuilder(s.mem,
		format.Declared{Name: colTS, Kind: exporter.Time},
		format.Declared{Name: colDate, Kind: exporter.Date},
		format.Declared{Name: colEvent, Kind: exporter.Text},
		format.Declared{Name: "profile.identity", Kind: exporter.Text},
		format.Declared{Name: "profile.objectId", Kind: exporter.Text},
		format.Declared{Name: "profile.platform", Kind: exporter.Text},
		format.Declared{Name: "profile.name", Kind: exporter.Text},
		format.Declared{Name: "profile.email", Kind: exporter.Text},
	)
	date, name := b.Column(colDate), b.Column(colEvent)
	epoch, text := sl.Day.Epoch(), []byte(sl.Stream.Vars["event"])
	dec := fjson.NewDecoder(b, recordNode(b.Column(colTS), format.NewClock(s.loc)), fjson.Options{Row: func() string {
		date.Date(epoch)
		name.Text(text)
		return ""
	}})
	return &table{b, dec}
}

// recordNode says where the parts of a record go.
func recordNode(ts *format.Column, c *format.Clock) fjson.Node {
	leaf := func(column string) fjson.Node { return fjson.Node{Column: column} }
	profile := fjson.Node{Rest: "profile.", Dates: true, Fields: []fjson.Field{
		{Key: "objectId", Node: leaf("profile.objectId")},
		{Key: "platform", Node: leaf("profile.platform")},
		{Key: "make", Node: leaf("deviceInfo.make")},
		{Key: "model", Node: leaf("deviceInfo.model")},
		{Key: "os_version", Node: leaf("deviceInfo.osVersion")},
		{Key: "app_version", Node: leaf("deviceInfo.appVersion")},
		{Key: "push_token", Node: leaf("profile.push_token")},
		{Key: "identity", Node: leaf("profile.identity")},
		{Key: "all_identities", Node: leaf("profile.all_identities")},
		{Key: "name", Node: leaf("profile.name")},
		{Key: "email", Node: leaf("profile.email")},
		{Key: "phone", Node: leaf("profile.phone")},
		{Key: "profileData", Node: fjson.Node{Rest: "profile.profileData.", Dates: true}},
	}}
	when := fjson.Node{Column: colTS, Convert: func(_ fjson.Kind, text []byte) string {
		micros, ok := c.Stamp(text)
		if !ok {
			return ReasonTime
		}
		ts.Time(micros)
		return ""
	}}
	return fjson.Node{Rest: "record.", Dates: true, Fields: []fjson.Field{
		{Key: "profile", Node: profile},
		{Key: "ts", Node: when},
		{Key: "event_props", Node: fjson.Node{Rest: "eventProps.", Dates: true}},
		{Key: "session_props", Node: fjson.Node{Rest: "sessionProps.", Dates: true}},
	}}
}

// number writes a day as the vendor's yyyymmdd.
func number(d exporter.Day) int { return d.Year*10000 + int(d.Month)*100 + d.Day }

func replayEvents(ctx context.Context, s *Source, sl exporter.Slice, raw []string) iter.Seq2[exporter.Batch, error] {
	return s.replayed(ctx, s.eventTable(Selection{}, sl), sl, raw)
}

// replayed decodes the raw records of the slice again, each alone.
func (s *Source) replayed(ctx context.Context, t *table, sl exporter.Slice, raw []string) iter.Seq2[exporter.Batch, error] {
	return func(yield func(exporter.Batch, error) bool) {
		defer t.b.Release()
		for i, text := range raw {
			err := ctx.Err()
			if err == nil {
				err = t.dec.Record([]byte(text), fmt.Sprintf("replayed record %d", i+1))
			}
			if err != nil {
				yield(exporter.Batch{}, fmt.Errorf("clevertap: replay %s %s: %w", sl.Stream.Name, sl.Name, err))
				return
			}
			full := t.b.Read() >= s.batchRows || t.b.Bytes() >= s.batchBytes
			if (full || i == len(raw)-1) && !give(t.b.Flush(), yield) {
				return
			}
		}
	}
}

// give yields a batch and releases it. It reports whether to go on.
func give(b exporter.Batch, yield func(exporter.Batch, error) bool) bool {
	if b.Record != nil {
		defer b.Record.Release()
	}
	return yield(b, nil)
}

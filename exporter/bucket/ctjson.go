package bucket

import (
	"tapline/exporter/format"
	"tapline/exporter/format/json"
)

// exportNode says where the parts of a JSON export's objects go: to the columns
// of the CSV files. Source: docs.clevertap.com "Export Format" and the samples of
// "Export File Formats", read 2026-11-22; the two disagree on where the event's
// name and the session's properties are, and both are understood.
func exportNode(ts *format.Column, c *format.Clock) json.Node {
	under := func(prefix string, fields ...json.Field) json.Node {
		return json.Node{Rest: prefix, Fields: fields, Dates: true}
	}
	when := json.Node{Column: colTS, Convert: func(_ json.Kind, text []byte) string {
		at, ok := c.Stamp(text)
		if !ok {
			return reasonTime
		}
		ts.Time(at)
		return ""
	}}
	return json.Node{Dates: true, Fields: []json.Field{
		{Key: "profile", Node: under("profile.")},
		{Key: colTS, Node: when},
		{Key: colEvent, Node: json.Node{Column: colEvent}},
		{Key: "deviceInfo", Node: under("deviceInfo.", json.Field{Key: "dimensions", Node: under("deviceInfo.dimensions.")})},
		{Key: "eventProps", Node: under("eventProps.")},
		{Key: "event_props", Node: under("eventProps.")},
		{Key: "sessionProps", Node: under("sessionProps.")},
		{Key: "session_props", Node: under("sessionProps.")},
	}}
}

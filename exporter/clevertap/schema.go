package clevertap

import (
	"context"
	"net/http"

	"tapline/exporter"
	"tapline/exporter/format"
	fjson "tapline/exporter/format/json"
)

// The kinds of the streams of what the account knows of its own events and of
// its users' properties.
const (
	KindEventSchema    = "event_schema"
	KindUserProperties = "user_properties"
)

func eventSchemaKind() kind {
	return kind{
		name: KindEventSchema, bare: true,
		about:  func(string) string { return "one row per event that the account lists, as of the day of the run" },
		slices: sliceToday, read: schema("events").read, replay: schema("events").replay,
	}
}

func userPropertiesKind() kind {
	return kind{
		name: KindUserProperties, bare: true,
		about: func(string) string {
			return "one row per property of users that the account lists, as of the day of the run"
		},
		slices: sliceToday, read: schema("userProperties").read, replay: schema("userProperties").replay,
	}
}

// sliceToday makes one slice of what has no history. It is read once a day.
func sliceToday(_ context.Context, s *Source, st exporter.Stream, w exporter.Window) ([]exporter.Slice, error) {
	if !w.Since.IsZero() && !w.Until.IsZero() && !w.Since.Before(w.Until) {
		return nil, nil
	}
	return []exporter.Slice{{Stream: st, Name: "all", Revision: s.today().String()}}, nil
}

// schema outlines a list of getSchema, whose type is also the key it comes under.
func schema(list string) outline {
	return func(s *Source, _ exporter.Slice) (document, error) {
		q := call{op: "list the " + list, api: apiSchema, method: http.MethodGet, path: "/getSchema", query: "type=" + list}
		return document{
			call:    q,
			list:    func(body []byte) ([]byte, *failure) { return s.schemaList(q, list, body) },
			columns: []format.Declared{{Name: "name", Kind: exporter.Text}},
			root:    func(*format.Builder) fjson.Node { return flat("name") },
		}, nil
	}
}

func (s *Source) schemaList(q call, list string, body []byte) ([]byte, *failure) {
	r, f := s.reply(q, body, list)
	if f != nil {
		return nil, f
	}
	found, f := r.list(q, list)
	if f != nil {
		return nil, f
	}
	n, err := elements(found)
	switch {
	case found == nil || err != nil:
		return nil, odd(q, "the answer is not a list of "+list)
	case n == 0 && list == "events": // a wrong region may look so
		return nil, &failure{err: errNoEvents()}
	}
	return found, nil
}

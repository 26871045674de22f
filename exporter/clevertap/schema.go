package clevertap

import (
	"context"
	"iter"
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
		slices: sliceToday,
		read: func(ctx context.Context, s *Source, sl exporter.Slice, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
			return s.readSchema(ctx, sl, "events", after)
		},
	}
}

func userPropertiesKind() kind {
	return kind{
		name: KindUserProperties, bare: true,
		about: func(string) string {
			return "one row per property of users that the account lists, as of the day of the run"
		},
		slices: sliceToday,
		read: func(ctx context.Context, s *Source, sl exporter.Slice, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
			return s.readSchema(ctx, sl, "userProperties", after)
		},
	}
}

// sliceToday makes one slice of what has no history. It is read once a day.
func sliceToday(_ context.Context, s *Source, st exporter.Stream, w exporter.Window) ([]exporter.Slice, error) {
	if !w.Since.IsZero() && !w.Until.IsZero() && !w.Since.Before(w.Until) {
		return nil, nil
	}
	return []exporter.Slice{{Stream: st, Name: "all", Revision: s.today().String()}}, nil
}

// readSchema reads a list of getSchema, which is called by its type.
func (s *Source) readSchema(ctx context.Context, sl exporter.Slice, list string, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	q := call{op: "list the " + list, api: apiSchema, method: http.MethodGet, path: "/getSchema", query: "type=" + list}
	return s.readDocument(ctx, document{
		call: q, slice: sl,
		list: func(body []byte) ([]byte, *failure) {
			r, f := s.reply(q, body, list)
			if f != nil {
				return nil, f
			}
			found, f := r.list(q, list)
			switch n, err := elements(found); {
			case f != nil:
				return nil, f
			case found == nil || err != nil:
				return nil, odd(q, "the answer is not a list of "+list)
			case n == 0 && list == "events": // a wrong region may look so
				return nil, &failure{err: errNoEvents()}
			}
			return found, nil
		},
		columns: []format.Declared{{Name: "name", Kind: exporter.Text}},
		root:    func(*format.Builder) fjson.Node { return flat("name") },
	}, after)
}

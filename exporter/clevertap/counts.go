package clevertap

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"

	"tapline/exporter"
	"tapline/exporter/format"
	fjson "tapline/exporter/format/json"
)

// The kinds of the streams of counts per event and day.
const (
	KindEventCounts   = "event_counts"
	KindProfileCounts = "profile_counts"
)

func eventCountsKind() kind {
	return kind{
		name: KindEventCounts, perEvent: true, bare: true, partition: colDate,
		keys:   append(filterKeys(), "unique"),
		about:  func(event string) string { return "how often " + event + " happened, one row per day" },
		slices: closedDays, read: outline(countOf).read, replay: outline(countOf).replay,
	}
}

func profileCountsKind() kind {
	return kind{
		name: KindProfileCounts, perEvent: true, bare: true, partition: colDate,
		keys:   filterKeys(),
		about:  func(event string) string { return "how many users did " + event + ", one row per day" },
		slices: closedDays, read: outline(countOf).read, replay: outline(countOf).replay,
	}
}

// The columns of counts, beside those of events.
const (
	colEntry  = "name" // of the entry, NULL when it has none
	colUnique = "is_unique"
	colCount  = "count"
)

// ReasonNumber is the reason of a count that is no whole number of 64 bits.
const ReasonNumber = "value.number"

// countOf is the one row of an event's day. A day without the event has a row as
// well, and its count is 0.
func countOf(s *Source, sl exporter.Slice) (document, error) {
	h, e, err := s.dayHead(sl)
	if err != nil {
		return document{}, err
	}
	more := map[string]any{}
	if sl.Stream.Kind == KindEventCounts {
		h.unique = &e.Unique
		if e.Unique {
			more["unique"] = true
		}
	}
	q, err := s.counting(sl.Stream.Kind, h.event, sl.Day, sl.Day, e.Filters, more)
	return document{
		call: q, list: s.only(q, colCount),
		columns: append(h.columns(), format.Declared{Name: colCount, Kind: exporter.Int}),
		root: func(b *format.Builder) fjson.Node {
			return answerNode(fjson.Field{Key: colCount, Node: wholeNode(b.Column(colCount))})
		},
		constants: h.set,
	}, err
}

// dayHead is the head of the rows of an event's day, and the entry that asks
// for them.
func (s *Source) dayHead(sl exporter.Slice) (head, Selection, error) {
	_, e, err := s.kindOf(sl.Stream)
	if err == nil && sl.Day.IsZero() {
		err = fmt.Errorf("clevertap: %s: slice %q is no day: %w", sl.Stream.Name, sl.Name, exporter.ErrWindow)
	}
	return head{day: sl.Day, event: sl.Stream.Vars["event"], name: e.Name}, e, err
}

// A head is what stands in the first columns of every row of a slice of counts.
type head struct {
	day    exporter.Day // zero where rows belong to no day
	event  string
	name   string
	unique *bool // nil where it cannot be asked for
}

func (h head) columns() []format.Declared {
	var cols []format.Declared
	if !h.day.IsZero() {
		cols = append(cols, format.Declared{Name: colDate, Kind: exporter.Date})
	}
	cols = append(cols, format.Declared{Name: colEvent, Kind: exporter.Text}, format.Declared{Name: colEntry, Kind: exporter.Text})
	if h.unique != nil {
		cols = append(cols, format.Declared{Name: colUnique, Kind: exporter.Bool})
	}
	return cols
}

// set returns what puts the head into the row begun.
func (h head) set(b *format.Builder) func() {
	var date, unique *format.Column
	if !h.day.IsZero() {
		date = b.Column(colDate)
	}
	if h.unique != nil {
		unique = b.Column(colUnique)
	}
	event, name := b.Column(colEvent), b.Column(colEntry)
	return func() {
		if date != nil {
			date.Date(h.day.Epoch())
		}
		event.Text([]byte(h.event))
		if h.name != "" {
			name.Text([]byte(h.name))
		}
		if unique != nil {
			unique.Bool(*h.unique)
		}
	}
}

// only makes a list of the answer as its one record, which must have the key.
func (s *Source) only(q call, key string) func(body []byte) ([]byte, *failure) {
	return func(body []byte) ([]byte, *failure) {
		r, f := s.reply(q, body, key)
		if f == nil && r[key] == nil {
			f = odd(q, "the answer has no "+key)
		}
		if f != nil {
			return nil, f
		}
		list := make([]byte, 0, len(body)+2)
		return append(append(append(list, '['), body...), ']'), nil
	}
}

// answerNode is an answer that is one record: its unknown keys come under
// "answer.".
func answerNode(fields ...fjson.Field) fjson.Node {
	skip := fjson.Node{Skip: true}
	return fjson.Node{Rest: "answer.", Dates: true, Fields: append(fields,
		fjson.Field{Key: "status", Node: skip}, fjson.Field{Key: "req_id", Node: skip})}
}

// wholeNode puts a whole number, which may come as a text or as 12.0, into the
// column.
func wholeNode(c *format.Column) fjson.Node {
	return fjson.Node{Column: c.Name(), Convert: func(_ fjson.Kind, text []byte) string {
		n, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil {
			f, err := strconv.ParseFloat(string(text), 64)
			if n = int64(f); err != nil || float64(n) != f || f > exporter.Exact || f < -exporter.Exact {
				return ReasonNumber
			}
		}
		c.Int(n)
		return ""
	}}
}

// EventCount asks how many events of that name the account counts on the
// project-local day, without regard to any filter: 0 when it was never seen on
// it. Errors: exporter.ErrUnknownStream for an event the account does not have,
// exporter.ErrWindow for a day that has not begun, ErrUnauthorized,
// ErrUnreachable. Source: developer.clevertap.com, "Get Event Count", read
// 2026-11-22.
func (s *Source) EventCount(ctx context.Context, event string, day exporter.Day) (int64, error) {
	q, err := s.counting(KindEventCounts, event, day, day, Filters{}, nil)
	if err != nil {
		return 0, err
	}
	return s.counted(ctx, q)
}

// counted makes the call and reads the one count of its answer.
func (s *Source) counted(ctx context.Context, q call) (n int64, err error) {
	_, err = s.c.do(ctx, q, nil, func(body []byte) *failure {
		var a struct {
			Count *json.Number `json:"count"` // or a text of digits
		}
		err := json.Unmarshal(body, &a)
		if err == nil && a.Count != nil {
			n, err = a.Count.Int64()
		}
		if err != nil || a.Count == nil {
			return odd(q, "the answer has no count")
		}
		return nil
	})
	return n, err
}

// countPaths are the endpoints of the kinds of counts.
func countPaths() map[string]string {
	return map[string]string{
		KindEventCounts:   "/1/counts/events.json",
		KindProfileCounts: "/1/counts/profiles.json",
		KindTop:           "/1/counts/top.json",
		KindTrends:        "/1/counts/trends.json",
	}
}

// counting is the call for what the kind counts of the event in the days from
// first to last, both included. More are keys of the body beside the filters.
func (s *Source) counting(kind, event string, first, last exporter.Day, f Filters, more map[string]any) (call, error) {
	days := first.String()
	if last != first {
		days += " to " + last.String()
	}
	op := fmt.Sprintf("count %s/%s %s", kind, event, days)
	query := map[string]any{"event_name": event, "from": number(first), "to": number(last)}
	f.into(query)
	maps.Copy(query, more)
	body, err := json.Marshal(query)
	if err != nil {
		return call{}, fmt.Errorf("clevertap: %s: %w", op, err)
	}
	return call{op: op, api: kind, method: http.MethodPost, path: countPaths()[kind], body: body, polls: true}, nil
}

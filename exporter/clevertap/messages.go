package clevertap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"tapline/exporter"
	"tapline/exporter/format"
	fjson "tapline/exporter/format/json"
)

// KindMessageReports is the kind of the stream of the reports of messages.
const KindMessageReports = "message_reports"

// MessageFilters narrow the reports of messages. They go to the vendor as they
// are. Source: developer.clevertap.com, "Get message reports", read 2026-11-22.
type MessageFilters struct {
	Channel     []string `yaml:"channel" doc:"only messages of these channels, such as push, email, sms, inapp, whatsapp"`
	Delivery    []string `yaml:"delivery" doc:"only messages delivered so: one_time, action, inaction, recurring, api, ..."`
	Status      []string `yaml:"status" doc:"only messages in these states: scheduled, running, stopped, completed"`
	MessageType []string `yaml:"message_type" doc:"only messages of these types: single, ab, message_on_user_property"`
	Label       []string `yaml:"label" doc:"only messages with one of these labels"`
	Daily       bool     `yaml:"daily" doc:"asks for counts by day as well"`
}

func messageReportsKind() kind {
	return kind{
		name: KindMessageReports, bare: true, partition: colStartDay,
		keys:   []string{"channel", "delivery", "status", "message_type", "label", "daily"},
		about:  func(string) string { return "one row per message, dashboard campaigns included, by day of its start" },
		slices: closedDays, read: outline(messages).read, replay: outline(messages).replay,
	}
}

const (
	colStartDay = "start_day"
	colStart    = "start_date"
)

// messages outlines the reports of the messages that start on a day.
func messages(s *Source, sl exporter.Slice) (document, error) {
	_, e, err := s.kindOf(sl.Stream)
	if err == nil && sl.Day.IsZero() {
		err = fmt.Errorf("clevertap: %s: slice %q is no day: %w", sl.Stream.Name, sl.Name, exporter.ErrWindow)
	}
	if err != nil {
		return document{}, err
	}
	q := call{
		op: "reports of the messages of " + sl.Day.String(), api: KindMessageReports,
		method: http.MethodPost, path: "/1/message/report.json",
	}
	if q.body, err = json.Marshal(e.MessageFilters.query(sl.Day)); err != nil {
		return document{}, fmt.Errorf("clevertap: %s: %w", q.op, err)
	}
	return document{
		call: q, list: s.allMessages(q),
		columns: messageColumns(),
		root:    func(b *format.Builder) fjson.Node { return messageNode(b.Column(colStart), format.NewClock(s.loc)) },
		constants: func(b *format.Builder) func() {
			day, epoch := b.Column(colStartDay), sl.Day.Epoch()
			name, text := b.Column("name"), []byte(e.Name)
			return func() {
				day.Date(epoch)
				if len(text) > 0 {
					name.Text(text)
				}
			}
		},
	}, nil
}

// query is the body that asks for the messages that start on a day.
func (f MessageFilters) query(day exporter.Day) map[string]any {
	one := strconv.Itoa(number(day))
	body := map[string]any{"from": one, "to": one}
	for key, v := range map[string][]string{
		"channel": f.Channel, "delivery": f.Delivery, "status": f.Status, "message_type": f.MessageType, "label": f.Label,
	} {
		if len(v) > 0 {
			body[key] = v
		}
	}
	if f.Daily {
		body["daily"] = true
	}
	return body
}

func messageColumns() []format.Declared {
	cols := []format.Declared{{Name: colStartDay, Kind: exporter.Date}, {Name: "name", Kind: exporter.Text}, {Name: "message id"}}
	for _, name := range []string{"message_name", "channel", "delivery"} {
		cols = append(cols, format.Declared{Name: name, Kind: exporter.Text})
	}
	cols = append(cols, format.Declared{Name: colStart, Kind: exporter.Time}, format.Declared{Name: "status", Kind: exporter.Text})
	for _, name := range []string{"sent", "viewed", "clicked"} {
		cols = append(cols, format.Declared{Name: name, Kind: exporter.Int})
	}
	for _, name := range []string{"conversion_event", "labels", "device"} {
		cols = append(cols, format.Declared{Name: name, Kind: exporter.Text})
	}
	return cols
}

// messageNode says where the keys of a message go.
func messageNode(start *format.Column, c *format.Clock) fjson.Node {
	n := flat("message id", "message_name", "channel", "delivery")
	n.Fields = append(n.Fields, fjson.Field{Key: colStart, Node: fjson.Node{Column: colStart, Convert: func(_ fjson.Kind, text []byte) string {
		if len(bytes.TrimSpace(text)) == 0 {
			return ""
		}
		micros, ok := started(c, text)
		if !ok {
			return ReasonTime
		}
		start.Time(micros)
		return ""
	}}})
	n.Fields = append(n.Fields, flat("status", "sent", "viewed", "clicked", "conversion_event", "labels", "device").Fields...)
	for _, ours := range []string{colStartDay, "name"} { // of the slice and the entry
		n.Fields = append(n.Fields, fjson.Field{Key: ours, Node: fjson.Node{Column: "message." + ours}})
	}
	return n
}

// started reads "05 Sep, 2026 14:30:00", a time on the clock of the project, as
// microseconds since 1970 UTC.
func started(c *format.Clock, text []byte) (micros int64, ok bool) {
	t, err := time.Parse("2 Jan, 2006 15:04:05", string(bytes.TrimSpace(text)))
	if err != nil || t.Year() < 1 {
		return 0, false
	}
	wall := t.Unix()
	secs := ((wall % 86400) + 86400) % 86400
	at := c.Instant((wall-secs)/86400, secs)
	if at < format.MinSeconds || at > format.MaxSeconds {
		return 0, false
	}
	return at*1e6 + int64(t.Nanosecond())/1000, true
}

// allMessages finds the messages in an answer, all that it says there are.
func (s *Source) allMessages(q call) func(body []byte) ([]byte, *failure) {
	return func(body []byte) ([]byte, *failure) {
		r, f := s.reply(q, body, "messages", "total_results")
		if f != nil {
			return nil, f
		}
		list, f := r.list(q, "messages")
		if f != nil {
			return nil, f
		}
		total := string(bytes.Trim(r["total_results"], `"`))
		n, err := elements(list)
		switch {
		case err != nil:
			return nil, odd(q, "messages is no list")
		case total == "" && list == nil:
			return nil, odd(q, "the answer has no messages and does not say that there are none")
		case total != "" && total != strconv.Itoa(n):
			f := odd(q, fmt.Sprintf("the answer has %d messages and says that there are %s", n, s.c.plain(r["total_results"])))
			f.kind = refused
			return nil, f
		}
		return list, nil
	}
}

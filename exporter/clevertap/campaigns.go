package clevertap

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"tapline/exporter"
	"tapline/exporter/format"
	fjson "tapline/exporter/format/json"
)

// KindCampaigns is the kind of the stream of campaigns.
const KindCampaigns = "campaigns"

// finalRevision is the revision of what will not change any more.
const finalRevision = "final"

// settled is after how many days a month's campaigns are taken not to change.
const settled = 31

func campaignsKind() kind {
	return kind{
		name: KindCampaigns, bare: true,
		about:  func(string) string { return "one row per campaign made through the API, by month of its start" },
		slices: sliceMonths, read: outline(month).read, replay: outline(month).replay,
	}
}

// sliceMonths cuts a window into the calendar months that it touches, none of
// which is longer than the 31 days that the API is made for. Without an end it
// goes on to the end of next month, for campaigns are planned ahead.
//
// A month is always asked for whole. It is asked for again each day until 31
// days after its end.
func sliceMonths(_ context.Context, s *Source, st exporter.Stream, w exporter.Window) ([]exporter.Slice, error) {
	months, err := s.months(st, w)
	if err != nil {
		return nil, err
	}
	var out []exporter.Slice
	for _, first := range months {
		rev := finalRevision
		if today := s.today(); today.Epoch()-lastOf(first).Epoch() <= settled {
			rev = today.String()
		}
		out = append(out, exporter.Slice{Stream: st, Name: nameOf(first), Revision: rev})
	}
	return out, nil
}

// months lists the first days of the months that a window touches.
func (s *Source) months(st exporter.Stream, w exporter.Window) ([]exporter.Day, error) {
	if w.Since.IsZero() {
		return nil, noSince(st)
	}
	until := w.Until
	if until.IsZero() {
		until = next(next(firstOf(s.today())))
	}
	var out []exporter.Day
	if !w.Since.Before(until) {
		return nil, nil
	}
	for first := firstOf(w.Since); first.Before(until); first = next(first) {
		out = append(out, first)
	}
	return out, nil
}

func firstOf(d exporter.Day) exporter.Day {
	return exporter.Day{Year: d.Year, Month: d.Month, Day: 1}
}

func next(first exporter.Day) exporter.Day { return firstOf(first.Add(31)) }

func lastOf(first exporter.Day) exporter.Day { return next(first).Add(-1) }

func nameOf(first exporter.Day) string { return first.String()[:len("2026-09")] }

// listing is the call for the campaigns that start in a month.
func listing(first exporter.Day) (call, error) {
	body, err := json.Marshal(map[string]int{"from": number(first), "to": number(lastOf(first))})
	return call{
		op: "list the campaigns of " + nameOf(first), api: KindCampaigns,
		method: http.MethodPost, path: "/1/targets/list.json", body: body,
	}, err
}

// targets finds the campaigns in an answer.
func (s *Source) targets(q call) func(body []byte) ([]byte, *failure) {
	return func(body []byte) ([]byte, *failure) {
		r, f := s.reply(q, body, "targets")
		if f != nil {
			return nil, f
		}
		list, f := r.list(q, "targets")
		if f == nil && list == nil && r["error"] != nil {
			f = odd(q, s.c.plain(r["error"]))
		}
		return list, f
	}
}

// month outlines the campaigns of a month.
func month(s *Source, sl exporter.Slice) (document, error) {
	first, err := time.Parse("2006-01", sl.Name)
	if err != nil {
		return document{}, fmt.Errorf("clevertap: %s: slice %q is no month: %w", sl.Stream.Name, sl.Name, exporter.ErrWindow)
	}
	q, err := listing(exporter.DayOf(first))
	if err != nil {
		return document{}, fmt.Errorf("clevertap: %s: %w", q.op, err)
	}
	return document{
		call: q, list: s.targets(q),
		columns: []format.Declared{
			{Name: "id"}, {Name: "name", Kind: exporter.Text}, {Name: "scheduled_on"}, {Name: "status", Kind: exporter.Text},
		},
		root: func(*format.Builder) fjson.Node { return flat("id", "name", "scheduled_on", "status") },
	}, nil
}

// flat is a record whose known keys are columns of their names, and so are
// all others.
func flat(keys ...string) fjson.Node {
	n := fjson.Node{Dates: true}
	for _, k := range keys {
		n.Fields = append(n.Fields, fjson.Field{Key: k, Node: fjson.Node{Column: k}})
	}
	return n
}

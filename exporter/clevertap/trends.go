package clevertap

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tapline/exporter"
	"tapline/exporter/format"
	fjson "tapline/exporter/format/json"
)

// KindTrends is the kind of the streams of counts over time.
const KindTrends = "trends"

// The periods by which the vendor counts. It names weeks like 201652 and does
// not say which days they have: its own example fits neither ISO's weeks nor
// those that begin on Sunday. Source: developer.clevertap.com, "Trends", read
// 2026-11-22.
const (
	daily   = "daily"
	weekly  = "weekly"
	monthly = "monthly"
)

func trendsKind() kind {
	return kind{
		name: KindTrends, perEvent: true,
		keys:   append(filterKeys(), "trend", "unique", "sum_event_prop"),
		about:  func(event string) string { return "how often " + event + " happened, by day, week or month" },
		check:  checkTrends,
		slices: sliceYears, read: outline(trendsOf).read, replay: outline(trendsOf).replay,
	}
}

func checkTrends(e Selection) error {
	if len(e.Trend) == 0 {
		return fmt.Errorf("trend: missing; one or more of %s, %s, %s", daily, weekly, monthly)
	}
	for i, t := range e.Trend {
		switch {
		case t != daily && t != weekly && t != monthly:
			return fmt.Errorf("trend: %q is not one of %s, %s, %s", t, daily, weekly, monthly)
		case slices.Contains(e.Trend[:i], t):
			return fmt.Errorf("trend: %s is there twice", t)
		}
	}
	if e.Unique && e.SumEventProp != "" {
		return fmt.Errorf("unique, sum_event_prop: only one of them; users have no sum")
	}
	return nil
}

// sliceYears cuts a window into the calendar years that it touches, none of
// which is longer than the API takes. A year is asked for from its first day, so
// that its months are whole whatever the window begins with, to the last day in
// it that is closed and before the window's end.
//
// It is asked for again whenever that day moves on and, for events that come
// late, each day until 31 days after it and once more after that.
func sliceYears(_ context.Context, s *Source, st exporter.Stream, w exporter.Window) ([]exporter.Slice, error) {
	if w.Since.IsZero() {
		return nil, noSince(st)
	}
	today := s.today()
	end := today.Add(-1)
	if !w.Until.IsZero() && w.Until.Before(today) {
		end = w.Until.Add(-1)
	}
	var out []exporter.Slice
	for year := w.Since.Year; !end.Before(w.Since) && year <= end.Year; year++ {
		last := exporter.Day{Year: year, Month: time.December, Day: 31}
		if end.Before(last) {
			last = end
		}
		rev := "through " + last.String()
		switch age := today.Epoch() - last.Epoch(); {
		case age > settled:
			rev += ", " + finalRevision
		case age > 1:
			rev += ", as of " + today.String()
		}
		out = append(out, exporter.Slice{Stream: st, Name: fmt.Sprintf("%04d", year), Revision: rev})
	}
	return out, nil
}

// span is the days of a slice of sliceYears.
func span(sl exporter.Slice) (first, last exporter.Day, err error) {
	year, err := strconv.Atoi(sl.Name)
	if err != nil || len(sl.Name) != 4 {
		return first, last, fmt.Errorf("clevertap: %s: slice %q is no year: %w", sl.Stream.Name, sl.Name, exporter.ErrWindow)
	}
	first = exporter.Day{Year: year, Month: time.January, Day: 1}
	through, _, _ := strings.Cut(strings.TrimPrefix(sl.Revision, "through "), ",")
	if last, err = exporter.ParseDay(through); err != nil || last.Year != year {
		return first, last, fmt.Errorf("clevertap: %s %s: revision %q is none of a year: %w", sl.Stream.Name, sl.Name, sl.Revision, exporter.ErrWindow)
	}
	return first, last, nil
}

// The columns of trends.
const (
	colTrend    = "trend"
	colPeriod   = "period"
	colFirstDay = "first_day"
	colSum      = "sum"
)

// ReasonDate is the reason of a period that is no day or month.
const ReasonDate = "value.date"

// trendsOf is a year of an event: by trend as configured, then by period.
func trendsOf(s *Source, sl exporter.Slice) (document, error) {
	_, e, err := s.kindOf(sl.Stream)
	if err != nil {
		return document{}, err
	}
	first, last, err := span(sl)
	if err != nil {
		return document{}, err
	}
	h := head{event: sl.Stream.Vars["event"], name: e.Name, unique: &e.Unique}
	q, err := s.counting(KindTrends, h.event, first, last, e.Filters, trendQuery(e))
	return document{
		call: q, list: s.periods(q, e), columns: trendColumns(h, e), root: trendNode,
		constants: func(b *format.Builder) func() {
			set := h.set(b)
			if e.SumEventProp == "" {
				return set
			}
			property, name := b.Column(colProperty), []byte(e.SumEventProp)
			return func() {
				set()
				property.Text(name)
			}
		},
	}, err
}

// trendQuery is what the body asks for beside event, days and filters.
func trendQuery(e Selection) map[string]any {
	groups := map[string]any{}
	for _, t := range e.Trend {
		groups[t] = map[string]string{"trend_type": t}
	}
	query := map[string]any{"groups": groups}
	if e.Unique {
		query["unique"] = true
	}
	if e.SumEventProp != "" {
		query["sum_event_prop"] = e.SumEventProp
	}
	return query
}

// trendColumns are those of counts, or of sums, which have the property too.
func trendColumns(h head, e Selection) []format.Declared {
	cols := append(h.columns(),
		format.Declared{Name: colTrend, Kind: exporter.Text}, format.Declared{Name: colPeriod, Kind: exporter.Text},
		format.Declared{Name: colFirstDay, Kind: exporter.Date})
	if e.SumEventProp == "" {
		return append(cols, format.Declared{Name: colCount, Kind: exporter.Int})
	}
	return append(cols, format.Declared{Name: colProperty, Kind: exporter.Text}, format.Declared{Name: colSum, Kind: exporter.Int})
}

func trendNode(b *format.Builder) fjson.Node {
	day := b.Column(colFirstDay)
	n := fjson.Node{Fields: flat(colTrend, colPeriod, colSum).Fields}
	n.Fields = append(n.Fields,
		fjson.Field{Key: colFirstDay, Node: fjson.Node{Column: colFirstDay, Convert: func(_ fjson.Kind, text []byte) string {
			d, err := exporter.ParseDay(string(text))
			if err != nil {
				return ReasonDate
			}
			day.Date(d.Epoch())
			return ""
		}}},
		fjson.Field{Key: colCount, Node: wholeNode(b.Column(colCount))})
	return n
}

// periods makes a list of the periods in an answer, {"daily":{"20260901":10}}.
func (s *Source) periods(q call, e Selection) func(body []byte) ([]byte, *failure) {
	value := `,"` + colCount + `":`
	if e.SumEventProp != "" {
		value = `,"` + colSum + `":`
	}
	return func(body []byte) ([]byte, *failure) {
		r, f := s.reply(q, body, e.Trend...)
		if f != nil {
			return nil, f
		}
		var all [][]byte
		for _, t := range e.Trend {
			if raw := r[t]; raw != nil && raw[0] != '{' {
				return nil, odd(q, "the answer to "+t+" is no object")
			}
			var rows [][]byte
			for period, n := range pairs(r[t]) {
				b := append([]byte(`{"period":`), period...)
				b = append(b, `,"trend":"`+t+`"`...)
				if t != weekly {
					b = append(append(b, `,"first_day":`...), firstDay(t, period)...)
				}
				rows = append(rows, append(append(append(b, value...), n...), '}'))
			}
			slices.SortFunc(rows, bytes.Compare)
			all = append(all, rows...)
		}
		return listOf(all), nil
	}
}

// firstDay is the day with which a period, given as JSON, begins, as JSON: that
// of 20260901, or of the month 202609. What is no such thing stays as it is.
func firstDay(trend string, period []byte) []byte {
	layout := "20060102"
	if trend == monthly {
		layout = "200601"
	}
	t, err := time.Parse(layout, string(bytes.Trim(period, `"`)))
	if err != nil {
		return period
	}
	return quoted(exporter.DayOf(t).String())
}

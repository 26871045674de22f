package clevertap_test

import (
	"testing"
	"time"

	"tapline/config"
	"tapline/exporter"
	"tapline/exporter/clevertap"
	"tapline/exporter/clevertap/clevertaptest"
	"tapline/exporter/exportertest"
)

// counts are entries whose days have rows, a row, and none.
func counts() []clevertap.Selection {
	filter := clevertap.Filters{EventProperties: config.JSON(`[{"name":"Payment mode","operator":"equals","value":"UPI"}]`)}
	return []clevertap.Selection{
		{Stream: "event_counts", Events: []string{clevertaptest.OrderPlaced, clevertaptest.PushRevived}},
		{Stream: "event_counts", Name: "users", Event: clevertaptest.OrderPlaced, Unique: true},
		{Stream: "event_counts", Name: "upi", Event: clevertaptest.Charged, Filters: filter},
		{Stream: "profile_counts", Event: clevertaptest.Charged},
		{Stream: "top_property_counts", Event: clevertaptest.OrderPlaced, Groups: []clevertap.Group{
			{Name: "coupon", Property: "Coupon"}, {Property: "Quantity", Top: 3, Order: "asc"},
			{Name: "status", Property: "Tier", Type: "profile_fields"}, {Property: "Amount", Top: 100},
		}},
		{Stream: "realtime", Show: []string{"os", "session_source"}},
	}
}

func trending() []clevertap.Selection {
	return []clevertap.Selection{
		{Stream: "trends", Event: clevertaptest.OrderPlaced, Trend: []string{"daily", "weekly", "monthly"}},
		{Stream: "trends", Name: "users", Event: clevertaptest.OrderPlaced, Trend: []string{"daily"}, Unique: true},
		{Stream: "trends", Name: "amount", Event: clevertaptest.OrderPlaced, Trend: []string{"monthly"}, SumEventProp: "Amount"},
	}
}

// TestSuiteCounts runs over the ways in which answers keep one waiting. The
// clock stands, so that realtime is the same each time.
func TestSuiteCounts(t *testing.T) {
	last := exporter.Day{Year: 2025, Month: time.December, Day: 31}
	tests := []struct {
		name  string
		sel   []clevertap.Selection
		since exporter.Day
		so    clevertaptest.Options
	}{
		{"AtOnce", counts(), first, clevertaptest.Options{}},
		{"Polled", counts(), first, clevertaptest.Options{Polls: 2, Pending: 1}},
		{"Trends", trending(), last, clevertaptest.Options{}}, // the year before is empty
		{"TrendsPolled", trending(), last, clevertaptest.Options{Polls: 3, TextIDs: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			exportertest.Run(t, func(t *testing.T) exportertest.Subject { return countsSubject(t, tt.sel, tt.since, tt.so) })
		})
	}
}

func countsSubject(t *testing.T, sel []clevertap.Selection, since exporter.Day, so clevertaptest.Options) exportertest.Subject {
	so.Data = &clevertaptest.Shop{Seed: 3, First: first, Days: 2, Rows: 130}
	r := newRig(t, so)
	r.sel, r.opt.BatchRows = sel, 1
	variant := func(rows int, bytes int64) exporter.Source {
		v := *r
		v.opt.BatchRows, v.opt.BatchBytes = rows, bytes
		return v.source(t)
	}
	so.Faults = clevertaptest.Faults{Rate: 5, Seed: 7}
	f := newRig(t, so)
	f.sel, f.opt.BatchRows = sel, 2
	f.opt.Retry.Tries = 20
	sub := exportertest.Subject{
		Source:   r.source(t),
		Window:   exporter.Window{Since: since, Until: noonDay()}, // some days are empty
		Variants: map[string]exporter.Source{"whole": variant(0, 0), "threes": variant(3, 0), "by memory": variant(0, 1)},
		Faulty:   f.source(t),
		Idle: func() {
			r.source(t).Close()
			f.source(t).Close()
		},
	}
	t.Cleanup(func() {
		r.clean(t)
		f.clean(t)
	})
	return sub
}

// noonDay is the day that the clock of the tests shows.
func noonDay() exporter.Day { return exporter.DayOf(noon) }

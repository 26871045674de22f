package clevertap_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/clevertap"
	"tapline/exporter/clevertap/clevertaptest"
)

func day(year int, m time.Month, d int) exporter.Day {
	return exporter.Day{Year: year, Month: m, Day: d}
}

// TestTrendYears: a year is asked for again while it grows, and each day for a
// month after its last day.
func TestTrendYears(t *testing.T) {
	for _, tt := range []struct {
		name string
		now  string
		w    exporter.Window
		want []string
	}{
		{"OneYear", "2026-09-05T12:00:00Z", exporter.Window{Since: day(2026, 3, 1)}, []string{"2026 through 2026-09-04"}},
		{"Later", "2026-09-06T12:00:00Z", exporter.Window{Since: day(2026, 3, 1)}, []string{"2026 through 2026-09-05"}},
		{"LocalDays", "2026-09-05T19:00:00Z", exporter.Window{Since: day(2026, 3, 1)}, []string{"2026 through 2026-09-05"}}, // past midnight in Kolkata
		{"ThreeYears", "2026-09-05T12:00:00Z", exporter.Window{Since: day(2024, 12, 31)},
			[]string{"2024 through 2024-12-31, final", "2025 through 2025-12-31, final", "2026 through 2026-09-04"}},
		{"LastDay", "2026-12-31T12:00:00Z", exporter.Window{Since: day(2026, 3, 1)}, []string{"2026 through 2026-12-30"}},
		{"NewYear", "2027-01-01T12:00:00Z", exporter.Window{Since: day(2026, 3, 1)}, []string{"2026 through 2026-12-31"}},
		{"SecondOfJanuary", "2027-01-02T12:00:00Z", exporter.Window{Since: day(2026, 3, 1)},
			[]string{"2026 through 2026-12-31, as of 2027-01-02", "2027 through 2027-01-01"}},
		{"EndOfJanuary", "2027-01-31T12:00:00Z", exporter.Window{Since: day(2026, 3, 1)},
			[]string{"2026 through 2026-12-31, as of 2027-01-31", "2027 through 2027-01-30"}},
		{"Settled", "2027-02-01T12:00:00Z", exporter.Window{Since: day(2026, 3, 1)},
			[]string{"2026 through 2026-12-31, final", "2027 through 2027-01-31"}},
		{"Until", "2026-09-05T12:00:00Z", exporter.Window{Since: day(2025, 3, 1), Until: day(2026, 4, 1)},
			[]string{"2025 through 2025-12-31, final", "2026 through 2026-03-31, final"}},
		{"UntilLately", "2026-09-05T12:00:00Z", exporter.Window{Since: day(2026, 3, 1), Until: day(2026, 9, 1)},
			[]string{"2026 through 2026-08-31, as of 2026-09-05"}},
		{"UntilNewYear", "2026-09-05T12:00:00Z", exporter.Window{Since: day(2025, 3, 1), Until: day(2026, 1, 1)}, []string{"2025 through 2025-12-31, final"}},
		{"UntilFuture", "2026-09-05T12:00:00Z", exporter.Window{Since: day(2026, 3, 1), Until: day(2027, 4, 1)}, []string{"2026 through 2026-09-04"}},
		{"Empty", "2026-09-05T12:00:00Z", exporter.Window{Since: day(2026, 3, 1), Until: day(2026, 3, 1)}, nil},
		{"Today", "2026-09-05T12:00:00Z", exporter.Window{Since: day(2026, 9, 5)}, nil},
		{"Future", "2026-09-05T12:00:00Z", exporter.Window{Since: day(2027, 9, 5)}, nil},
		{"LeapYear", "2029-01-01T12:00:00Z", exporter.Window{Since: day(2028, 2, 1), Until: day(2029, 1, 1)}, []string{"2028 through 2028-12-31"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, tt.now)
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t, clevertaptest.Options{Now: at(now)})
			r.server.AddEvents(foo, first)
			r.sel = []clevertap.Selection{{Stream: "trends", Event: foo, Trend: []string{"daily"}}}
			src := r.source(t)
			all, got := slicesOf(t, src, tt.w)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("slices (-want +got):\n%s", d)
			}
			for _, sl := range all { // the server refuses what is over a year, or in the future
				if _, err := read(t, src, sl, ""); err != nil {
					t.Error(err)
				}
			}
			r.clean(t)
		})
	}
}

// TestTrendSlices: a slice that no window gave is refused.
func TestTrendSlices(t *testing.T) {
	r := newRig(t, clevertaptest.Options{})
	r.server.AddEvents(foo, first)
	r.sel = []clevertap.Selection{{Stream: "trends", Event: foo, Trend: []string{"daily"}}}
	src := r.source(t)
	for _, revision := range []string{"", "through", "through 2025-12-31", "through 2026-02-30", "2027-01-01"} {
		sl := exporter.Slice{Stream: only(t, src), Name: "2026", Revision: revision}
		if _, err := read(t, src, sl, ""); !errors.Is(err, exporter.ErrWindow) {
			t.Errorf("revision %q: error %v", revision, err)
		}
	}
}

func trendRows(t *testing.T, e clevertap.Selection, answer string) ([]string, error) {
	t.Helper()
	r := newRig(t, clevertaptest.Options{})
	numbered(r.server, foo, first, 3)
	e.Stream, e.Event = "trends", foo
	r.sel = []clevertap.Selection{e}
	answers(r, clevertaptest.OpTrend, answer)
	src := r.source(t)
	got, err := lines(t, src, one(t, src))
	for i := range got {
		got[i] = strings.Replace(got[i], "eventName=Order Placed ", "", 1)
	}
	return got, err
}

func TestTrendAnswers(t *testing.T) {
	all := clevertap.Selection{Trend: []string{"monthly", "daily", "weekly"}}
	one := func(trend string) clevertap.Selection { return clevertap.Selection{Trend: []string{trend}} }
	sum := clevertap.Selection{Trend: []string{"monthly"}, SumEventProp: "Amount"}
	for _, tt := range []struct {
		name   string
		sel    clevertap.Selection
		answer string
		want   []string
	}{
		{"All", all, `{"daily":{"20260902":2,"20260901":10},"weekly":{"202636":12},"monthly":{"202609":12},"status":"success"}`, []string{
			"count=12 first_day=2026-09-01 is_unique=false period=202609 trend=monthly",
			"count=10 first_day=2026-09-01 is_unique=false period=20260901 trend=daily",
			"count=2 first_day=2026-09-02 is_unique=false period=20260902 trend=daily",
			"count=12 is_unique=false period=202636 trend=weekly",
		}},
		{"WeeksHaveNoFirstDay", one("weekly"), `{"status":"success","weekly":{"201701":3,"201652":8}}`, []string{
			"count=8 is_unique=false period=201652 trend=weekly", "count=3 is_unique=false period=201701 trend=weekly"}},
		{"Unique", clevertap.Selection{Trend: []string{"daily"}, Unique: true, Name: "u"}, `{"status":"success","daily":{"20260901":"7"}}`,
			[]string{"count=7 first_day=2026-09-01 is_unique=true name=u period=20260901 trend=daily"}},
		{"OddPeriods", one("daily"), `{"status":"success","daily":{"2026-09":1,"total":2}}`, []string{
			`!first_day=value.date:"\"2026-09\"" count=1 is_unique=false period=2026-09 trend=daily`,
			`!first_day=value.date:"\"total\"" count=2 is_unique=false period=total trend=daily`}},
		{"NoSuchMonth", one("monthly"), `{"status":"success","monthly":{"202613":1}}`, []string{
			`!first_day=value.date:"\"202613\"" count=1 is_unique=false period=202613 trend=monthly`}},
		{"OddCount", one("daily"), `{"status":"success","daily":{"20260901":[1],"20260902":null}}`, []string{
			`!count=value.number:"[1]" first_day=2026-09-01 is_unique=false period=20260901 trend=daily`,
			`first_day=2026-09-02 is_unique=false period=20260902 trend=daily`}},
		{"Sum", sum, `{"status":"success","monthly":{"202609":12.5,"202610":-3}}`, []string{
			"first_day=2026-09-01 is_unique=false period=202609 property=Amount sum=12.5 trend=monthly",
			"first_day=2026-10-01 is_unique=false period=202610 property=Amount sum=-3 trend=monthly"}},
		{"Nothing", all, `{"status":"success","daily":{},"weekly":null}`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := trendRows(t, tt.sel, tt.answer)
			if d := cmp.Diff(tt.want, got); d != "" || err != nil {
				t.Errorf("error %v, rows (-want +got):\n%s", err, d)
			}
		})
	}
}

// TestTrendsOfShop: days, weeks and months say the same of the same events, and
// a sum is that of the property.
func TestTrendsOfShop(t *testing.T) {
	s := shop()
	total := s.Len(clevertaptest.OrderPlaced, first) + s.Len(clevertaptest.OrderPlaced, first.Add(1))
	r := newRig(t, clevertaptest.Options{Data: s, Polls: 2})
	r.sel = []clevertap.Selection{{Stream: "trends", Event: clevertaptest.OrderPlaced, Trend: []string{"daily", "weekly", "monthly"}}}
	src := r.source(t)
	rows, err := lines(t, src, one2026(t, src))
	if err != nil || len(rows) != 4 {
		t.Fatalf("rows %q, error %v", rows, err)
	}
	want := "count=" + strconv.Itoa(total)
	if !strings.HasPrefix(rows[2], want) || !strings.HasPrefix(rows[3], want) {
		t.Errorf("rows %q, want %d in weeks and months", rows, total)
	}
	r.sel = []clevertap.Selection{{Stream: "trends", Event: clevertaptest.OrderPlaced, Trend: []string{"monthly"}, SumEventProp: "None"}}
	src = r.source(t)
	_, err = lines(t, src, one2026(t, src))
	wantError(t, err, "count trends/Order Placed 2026-01-01 to 2026-09-04", "Invalid sum_event_prop")
	r.clean(t)
}

func one2026(t *testing.T, src *clevertap.Source) exporter.Slice {
	t.Helper()
	all, _ := slicesOf(t, src, exporter.Window{Since: first})
	return all[0]
}

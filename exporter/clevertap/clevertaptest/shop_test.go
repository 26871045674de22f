package clevertaptest

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"tapline/exporter"
)

var monday = exporter.Day{Year: 2026, Month: time.September, Day: 7}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// TestShopTruth reads every record as JSON and adds up what Truth says.
func TestShopTruth(t *testing.T) {
	for _, loc := range []string{"Asia/Kolkata", "America/New_York"} {
		s := &Shop{Seed: 5, First: monday, Days: 3, Rows: 800, Garbage: 7, Epochs: 4, Location: zone(t, loc)}
		var total Truth
		for _, event := range s.Names() {
			for d := s.First; d.Before(s.Until()); d = d.Add(1) {
				got := countRecords(t, s, event, d)
				if want := s.Truth(event, d, 0); got != want {
					t.Errorf("%s %s %s: records say %+v, Truth %+v", loc, event, d, got, want)
				}
				total.Garbage += got.Garbage
				total.Epochs += got.Epochs
			}
		}
		if total.Garbage != 7 || total.Epochs != 4 {
			t.Errorf("%s: %d garbage and %d epoch ts, want 7 and 4", loc, total.Garbage, total.Epochs)
		}
	}
}

func countRecords(t *testing.T, s *Shop, event string, d exporter.Day) (got Truth) {
	t.Helper()
	for i := range s.Len(event, d) {
		b := s.Append(nil, event, d, i, View{App: true, Profile: true, Events: true})
		var r struct {
			TS    json.RawMessage `json:"ts"`
			Props struct {
				Amount json.Number `json:"Amount"`
			} `json:"event_props"`
		}
		if err := json.Unmarshal(b, &r); err != nil {
			t.Fatalf("%s %s record %d: %v\n%s", event, d, i, err, b)
		}
		got.Rows++
		if v, err := r.Props.Amount.Float64(); err == nil {
			got.Amount += int64(math.Round(v * 100))
		}
		ts := string(r.TS)
		switch {
		case len(ts) == 10:
			got.Epochs++
		case strings.HasPrefix(ts, strconv.Itoa(d.Year*10000+int(d.Month)*100+d.Day)) && len(ts) == 14:
		default:
			got.Garbage++
		}
	}
	return got
}

// TestDefaultShop holds the numbers that the demo promises.
func TestDefaultShop(t *testing.T) {
	s := DefaultShop(monday, zone(t, "Asia/Kolkata"))
	total := s.Total(s.Names()...)
	if total.Rows < 200000 || total.Garbage != 7 || len(s.Names()) != 5 || s.Until() != monday {
		t.Errorf("%d rows of %d events, %d garbage, until %s", total.Rows, len(s.Names()), total.Garbage, s.Until())
	}
	t.Log(s.Describe())
}

// TestShopLate: late records are like others, and come after them.
func TestShopLate(t *testing.T) {
	s := &Shop{Seed: 5, First: monday, Days: 1, Rows: 800}
	late := s.Late(OrderPlaced, monday, 3)
	for _, r := range late {
		if !json.Valid([]byte(r)) {
			t.Errorf("not JSON: %s", r)
		}
	}
	if got, want := s.Truth(OrderPlaced, monday, 3).Rows, s.Len(OrderPlaced, monday)+3; len(late) != 3 || got != want {
		t.Errorf("%d late records, %d rows in all, want 3 and %d", len(late), got, want)
	}
}

func BenchmarkShop(b *testing.B) {
	s := &Shop{Seed: 5, First: monday, Days: 1, Rows: 5_000_000}
	var buf []byte
	n := 0
	for i := 0; b.Loop(); i++ {
		buf = s.Append(buf[:0], OrderPlaced, monday, i, View{App: true, Profile: true, Now: monday.Start(time.UTC)})
		n += len(buf)
	}
	b.ReportMetric(float64(n)/float64(b.N), "B/record")
}

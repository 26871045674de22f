package bucket

import (
	"math/rand/v2"
	"testing"
	"time"

	"tapline/exporter"
)

// TestCalendar compares with package time, near changes of the clock too: a
// midnight that was leapt over (Sao Paulo), one that came twice, a day that
// never was (Apia), and before 1970.
func TestCalendar(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for zone, near := range map[string]time.Time{
		"UTC": date(2026, 9, 1), "Asia/Kolkata": date(2022, 9, 22), "America/Sao_Paulo": date(2018, 11, 4), "America/Havana": date(2023, 11, 5),
		"Pacific/Apia": date(2011, 12, 30), "America/New_York": date(1965, 4, 25), "Africa/Monrovia": date(1919, 3, 1),
	} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		c := &calendar{loc: loc}
		for i := range 20000 {
			at := near.Add(time.Duration(r.Int64N(int64(96*time.Hour))) - 48*time.Hour).Truncate(time.Microsecond)
			if i%10 == 0 {
				at = at.AddDate(r.IntN(80)-40, 0, 0)
			}
			if got, want := c.of(at.UnixMicro()), exporter.DayOf(at.In(loc)).Epoch(); got != want {
				t.Fatalf("%s in %s: day %d, want %d", at, zone, got, want)
			}
		}
	}
}

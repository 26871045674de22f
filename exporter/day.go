package exporter

import (
	"fmt"
	"time"
)

// A Day is a calendar day in the time zone of the connection that is read, and
// not a span of 24 hours: with daylight saving it has 23 or 25 of them.
// The zero Day is no day. Days compare with ==.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// DayOf returns t's day in t's own location.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day{y, m, d}
}

// ParseDay reads "2006-01-02".
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Day{}, fmt.Errorf("day %q: want YYYY-MM-DD, such as 2026-09-01", s)
	}
	return DayOf(t), nil
}

// IsZero reports whether d is no day.
func (d Day) IsZero() bool { return d == Day{} }

// String returns "2006-01-02", or "" for the zero Day.
func (d Day) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Add returns the day n days later.
func (d Day) Add(n int) Day { return DayOf(d.utc().AddDate(0, 0, n)) }

// Before reports whether d comes before e. The zero Day comes before all others.
func (d Day) Before(e Day) bool { return d.utc().Before(e.utc()) }

// Start returns the first instant of the day in loc.
func (d Day) Start(loc *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
}

// Epoch returns the days since 1970-01-01, as Arrow's date32 counts them.
func (d Day) Epoch() int32 { return int32(d.utc().Unix() / 86400) }

func (d Day) utc() time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

// MarshalText writes the form of String.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the form of ParseDay; an empty text is the zero Day.
func (d *Day) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*d = Day{}
		return nil
	}
	*d, err = ParseDay(string(b))
	return err
}

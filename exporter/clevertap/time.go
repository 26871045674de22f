package clevertap

import (
	"time"

	"tapline/exporter"
	"tapline/exporter/format"
)

// A clock turns the vendor's local times into instants. It belongs to one
// goroutine.
type clock struct {
	zone *format.Clock
	day  int64 // yyyymmdd, the day seen last
	days int64 // the same, counted from 1970
}

func newClock(loc *time.Location) *clock { return &clock{zone: format.NewClock(loc)} }

// micros reads a ts: 14 digits yyyymmddhhmmss of local time or, as some
// accounts send, 10 digits of seconds since 1970. It returns microseconds since
// 1970 UTC, and false for anything else.
//
// An hour that the clock goes through twice is taken as the earlier instant; a
// time that it leaps over is moved on by as much as the clock is.
func (c *clock) micros(text []byte) (int64, bool) {
	var n int64
	for _, d := range text {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = n*10 + int64(d-'0')
		if n > 1e15 {
			return 0, false
		}
	}
	switch len(text) {
	case 10:
		return n * 1e6, text[0] != '0'
	case 14:
		return c.local(n)
	}
	return 0, false
}

// local turns a number yyyymmddhhmmss into an instant.
func (c *clock) local(n int64) (int64, bool) {
	day, clk := n/1e6, n%1e6
	h, m, s := clk/1e4, clk/100%100, clk%100
	if h > 23 || m > 59 || s > 59 {
		return 0, false
	}
	if day != c.day {
		y, m, d := int(day/1e4), time.Month(day/100%100), int(day%100)
		utc := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		if y < 1 || exporter.DayOf(utc) != (exporter.Day{Year: y, Month: m, Day: d}) {
			return 0, false
		}
		c.day, c.days = day, utc.Unix()/86400
	}
	return c.zone.Instant(c.days, h*3600+m*60+s) * 1e6, true
}

package format

import (
	"time"

	"tapline/exporter"
)

// Stamp reads the time of a CleverTap record: 14 digits yyyymmddhhmmss of what
// the Clock shows or, as some accounts have it, 10 digits of seconds since 1970.
// It returns microseconds since 1970 UTC, and false for anything else.
func (c *Clock) Stamp(text []byte) (micros int64, ok bool) {
	if len(text) != 10 && len(text) != 14 {
		return 0, false
	}
	var n int64
	for _, d := range text {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = n*10 + int64(d-'0')
	}
	if len(text) == 10 {
		return n * 1e6, text[0] != '0'
	}
	return c.stamp(n)
}

// stamp turns a number yyyymmddhhmmss into an instant.
func (c *Clock) stamp(n int64) (micros int64, ok bool) {
	date, clk := n/1e6, n%1e6
	h, m, s := clk/1e4, clk/100%100, clk%100
	if h > 23 || m > 59 || s > 59 {
		return 0, false
	}
	if date != c.date {
		y, m, d := int(date/1e4), time.Month(date/100%100), int(date%100)
		utc := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		if y < 1 || exporter.DayOf(utc) != (exporter.Day{Year: y, Month: m, Day: d}) {
			return 0, false
		}
		c.date, c.dated = date, utc.Unix()/86400
	}
	return c.Instant(c.dated, h*3600+m*60+s) * 1e6, true
}

package bucket

import (
	"time"

	"tapline/exporter"
	"tapline/exporter/format"
)

// micros reads a ts of the vendor: 14 digits yyyymmddhhmmss of the clock's time
// or, as some accounts have them, 10 digits of seconds since 1970. It returns
// microseconds since 1970 UTC, and false for anything else.
func micros(c *format.Clock, text []byte) (int64, bool) {
	var n int64
	for _, d := range text {
		if d < '0' || d > '9' || n > 1e14 {
			return 0, false
		}
		n = n*10 + int64(d-'0')
	}
	switch len(text) {
	case 10:
		return n * 1e6, text[0] != '0'
	case 14:
		return local(c, n)
	}
	return 0, false
}

// local turns a number yyyymmddhhmmss into an instant.
func local(c *format.Clock, n int64) (int64, bool) {
	date, clk := n/1e6, n%1e6
	h, m, s := clk/1e4, clk/100%100, clk%100
	want := exporter.Day{Year: int(date / 1e4), Month: time.Month(date / 100 % 100), Day: int(date % 100)}
	utc := time.Date(want.Year, want.Month, want.Day, 0, 0, 0, 0, time.UTC)
	if h > 23 || m > 59 || s > 59 || want.Year < 1 || exporter.DayOf(utc) != want {
		return 0, false
	}
	return c.Instant(utc.Unix()/86400, h*3600+m*60+s) * 1e6, true
}

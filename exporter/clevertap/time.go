package clevertap

import (
	"time"

	"tapline/exporter"
)

// A clock turns the vendor's local times into instants. It remembers the offset
// of the day it saw last. It belongs to one goroutine.
type clock struct {
	loc *time.Location

	day    int64 // yyyymmdd, of a day whose offset is the same all day long
	start  int64 // seconds since 1970 UTC at its midnight
	steady bool
}

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
	secs := h*3600 + m*60 + s
	if day != c.day && !c.turn(day) {
		return 0, false
	}
	if c.steady {
		return (c.start + secs) * 1e6, true
	}
	y, mo, d := int(day/1e4), time.Month(day/100%100), int(day%100)
	return instant(time.Date(y, mo, d, int(h), int(m), int(s), 0, time.UTC).Unix(), c.loc) * 1e6, true
}

// turn makes day the remembered day, and reports whether there is such a day.
func (c *clock) turn(day int64) bool {
	y, m, d := int(day/1e4), time.Month(day/100%100), int(day%100)
	utc := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	if y < 1 || exporter.DayOf(utc) != (exporter.Day{Year: y, Month: m, Day: d}) {
		return false
	}
	first := instant(utc.Unix(), c.loc)
	last := instant(utc.Unix()+86399, c.loc)
	// A day of 24 hours without a change in it, not two that cancel out.
	_, end := time.Unix(first, 0).In(c.loc).ZoneBounds()
	c.day, c.start = day, first
	c.steady = last-first == 86399 && (end.IsZero() || end.Unix() > last)
	return true
}

// instant finds when a clock in loc shows what a clock in UTC shows at wall,
// both in seconds since 1970 UTC.
func instant(wall int64, loc *time.Location) int64 {
	// The zone's offset is always less than a day, so that any change that
	// matters lies between these two.
	_, before := time.Unix(wall-86400, 0).In(loc).Zone()
	_, after := time.Unix(wall+86400, 0).In(loc).Zone()
	if before == after {
		u := time.Unix(wall-int64(before), 0).In(loc)
		if _, o := u.Zone(); o == before {
			return u.Unix()
		}
	}
	best, found := int64(0), false
	guess := time.Unix(wall-int64(before), 0).In(loc)
	for _, o := range nearOffsets(guess) {
		t := wall - int64(o)
		if _, got := time.Unix(t, 0).In(loc).Zone(); got == o && (!found || t < best) {
			best, found = t, true
		}
	}
	if found {
		return best
	}
	return wall - int64(before) // leapt over: as if the clock had not moved yet
}

// nearOffsets are the offsets in force at t, before it and after it.
func nearOffsets(t time.Time) []int {
	_, o := t.Zone()
	offsets := []int{o}
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		_, o = start.Add(-time.Second).Zone()
		offsets = append(offsets, o)
	}
	if !end.IsZero() {
		_, o = end.Zone()
		offsets = append(offsets, o)
	}
	return offsets
}

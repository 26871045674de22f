package bucket

import (
	"time"

	"tapline/exporter"
)

// A calendar finds the day of an instant in a time zone. It remembers the zone's
// offset on some days of UTC, for events come in no order. It belongs to one
// goroutine.
type calendar struct {
	loc  *time.Location
	seen [64]struct {
		day    int64 // of UTC, since 1970
		offset int64 // seconds, all through that day if steady
		steady bool
		known  bool
	}
}

const daySeconds = 86400

// of returns the day, since 1970-01-01, that it is in the zone at an instant in
// microseconds since 1970 UTC.
func (c *calendar) of(micros int64) int32 {
	secs := floor(micros, 1e6)
	day := floor(secs, daySeconds)
	e := &c.seen[day&63]
	if e.day != day || !e.known {
		start := time.Unix(day*daySeconds, 0).In(c.loc)
		_, offset := start.Zone()
		_, end := start.ZoneBounds()
		e.day, e.offset, e.known = day, int64(offset), true
		e.steady = end.IsZero() || end.Unix() >= (day+1)*daySeconds
	}
	if !e.steady {
		return exporter.DayOf(time.Unix(secs, 0).In(c.loc)).Epoch()
	}
	return int32(floor(secs+e.offset, daySeconds))
}

// floor divides and rounds down.
func floor(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

package format

import "time"

// A Clock turns local times into instants. It remembers the offset of the day
// it saw last. It belongs to one goroutine.
//
// An hour that the clock goes through twice is taken as the earlier instant; a
// time that it leaps over is moved on by as much as the clock is.
type Clock struct {
	loc *time.Location

	day    int64 // days since 1970, of a day whose offset is the same all day long
	start  int64 // seconds since 1970 UTC at its midnight
	steady bool
	turned bool

	date  int64 // yyyymmdd, the day of the last Stamp
	dated int64 // the same, counted from 1970
}

// NewClock returns a Clock that shows the time of loc.
func NewClock(loc *time.Location) *Clock { return &Clock{loc: loc} }

// Instant returns the seconds since 1970 UTC at which the Clock shows secs
// seconds, 0 <= secs < 86400, after the midnight of a day, counted from 1970.
func (c *Clock) Instant(day, secs int64) int64 {
	if day != c.day || !c.turned {
		c.turn(day)
	}
	if c.steady {
		return c.start + secs
	}
	return instant(day*86400+secs, c.loc)
}

// turn makes day the remembered day.
func (c *Clock) turn(day int64) {
	first := instant(day*86400, c.loc)
	last := instant(day*86400+86399, c.loc)
	// A day of 24 hours without a change in it, not two that cancel out.
	_, end := time.Unix(first, 0).In(c.loc).ZoneBounds()
	c.day, c.start, c.turned = day, first, true
	c.steady = last-first == 86399 && (end.IsZero() || end.Unix() > last)
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

package clevertaptest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"tapline/exporter"
)

// The events of a Shop. Every event has rows on every day.
const (
	AppLaunched   = "App Launched"
	ProductViewed = "Product Viewed"
	OrderPlaced   = "Order Placed"
	Charged       = "Charged"
	PushRevived   = "Push: Réactivé/été"
)

// shopEvents are the events and their share of a day's rows, in parts of 62.
var shopEvents = []struct {
	name  string
	share int
}{{AppLaunched, 20}, {ProductViewed, 27}, {OrderPlaced, 9}, {Charged, 4}, {PushRevived, 2}}

// A Shop is a Feed: some days of an online shop's app. It is made up from its
// seed, record by record, so that a day of millions costs no memory. Values of
// one property have several types, but every day has all of them.
type Shop struct {
	Seed     uint64
	First    exporter.Day
	Days     int            // 0 = 7
	Rows     int            // of all events on a middling day; 0 = 31,000
	Location *time.Location // of ts; nil = Asia/Kolkata

	// Garbage and Epochs are how many records of all have a ts that is not a
	// time, and one that is epoch seconds. Small numbers, spread over events
	// and days that have a hundred rows and more.
	Garbage, Epochs int

	spans sync.Map // key to *span

	counting sync.Once
	census   *census
}

var _ Feed = (*Shop)(nil)

// DefaultShop is the data set of the demo: the seven days before today, of over
// 200,000 events, seven of which have a garbage ts.
func DefaultShop(today exporter.Day, loc *time.Location) *Shop {
	return &Shop{Seed: 1, First: today.Add(-7), Location: loc, Garbage: 7, Epochs: 3}
}

func (s *Shop) days() int {
	if s.Days == 0 {
		return 7
	}
	return s.Days
}

func (s *Shop) location() *time.Location {
	if s.Location == nil {
		return time.FixedZone("Asia/Kolkata", 5*3600+1800)
	}
	return s.Location
}

// Until is the day after the last: the window of all is First <= day < Until.
func (s *Shop) Until() exporter.Day { return s.First.Add(s.days()) }

// Names lists the shop's events.
func (s *Shop) Names() []string {
	names := make([]string, len(shopEvents))
	for i, e := range shopEvents {
		names[i] = e.name
	}
	return names
}

// event is the index of the event, or -1.
func (s *Shop) event(name string) int {
	for i, e := range shopEvents {
		if e.name == name {
			return i
		}
	}
	return -1
}

// Len is the number of the event's records on the day, without late ones.
func (s *Shop) Len(event string, day exporter.Day) int {
	e := s.event(event)
	if e < 0 || day.Before(s.First) || !day.Before(s.Until()) {
		return 0
	}
	rows := s.Rows
	if rows == 0 {
		rows = 31000
	}
	n := rows * shopEvents[e].share / 62
	// Weekends are busier, and no two days alike.
	weekday := day.Start(time.UTC).Weekday()
	if weekday == time.Saturday || weekday == time.Sunday {
		n += n / 8
	}
	return n + int(s.hash(e, day, -1)%uint64(n/20+1))
}

func (s *Shop) hash(event int, day exporter.Day, i int) uint64 {
	return mix(mix(s.Seed<<8^uint64(event))^uint64(day.Epoch())<<36) ^ mix(uint64(i)+0x51ed27)
}

// A Truth is what a table must say of an event's rows.
type Truth struct {
	Rows    int
	Amount  int64 // sum of the property Amount, in hundredths
	Garbage int   // rows whose ts is not a time
	Epochs  int   // rows whose ts is epoch seconds
}

// Truth adds up the event's records on the day, and late ones of them as Late
// would make them.
func (s *Shop) Truth(event string, day exporter.Day, late int) Truth {
	e, n := s.event(event), s.Len(event, day)
	if n == 0 {
		return Truth{}
	}
	t := Truth{Rows: n + late}
	for i := range n + late {
		r := s.record(e, day, i)
		if e == 2 || e == 3 {
			t.Amount += r.amount()
		}
		switch r.odd {
		case garbageTS:
			t.Garbage++
		case epochTS:
			t.Epochs++
		}
	}
	return t
}

// Total is the Truth of several events on all days.
func (s *Shop) Total(events ...string) Truth {
	var t Truth
	for _, e := range events {
		for d := s.First; d.Before(s.Until()); d = d.Add(1) {
			u := s.Truth(e, d, 0)
			t.Rows, t.Amount = t.Rows+u.Rows, t.Amount+u.Amount
			t.Garbage, t.Epochs = t.Garbage+u.Garbage, t.Epochs+u.Epochs
		}
	}
	return t
}

// Late makes n records that devices sent after the day was closed, for
// Server.AddEvents.
func (s *Shop) Late(event string, day exporter.Day, n int) []string {
	var out []string
	from := s.Len(event, day)
	for i := from; i < from+n; i++ {
		v := View{App: true, Profile: true, Now: day.Start(s.location())}
		out = append(out, string(s.Append(nil, event, day, i, v)))
	}
	return out
}

type oddTS int

const (
	plainTS oddTS = iota
	garbageTS
	epochTS
)

// odd tells the few records whose ts is not as documented. Number k of them is
// on event k mod 5 and day k mod Days, row 10+k.
func (s *Shop) odd(e int, day exporter.Day, i int) oddTS {
	k := i - 10
	if k < 0 || k >= s.Garbage+s.Epochs || k%len(shopEvents) != e || k%s.days() != int(day.Epoch()-s.First.Epoch()) {
		return plainTS
	}
	if k < s.Garbage {
		return garbageTS
	}
	return epochTS
}

// A record is one event before it is written.
type record struct {
	i    int
	h    uint64
	at   int64 // seconds since 1970 UTC
	wall int64 // the same on the clock of the shop's zone
	odd  oddTS
	user uint64
	dev  uint64
}

func (s *Shop) record(e int, day exporter.Day, i int) record {
	h := s.hash(e, day, i)
	d := s.span(e, day)
	length := d.end - d.start
	var at int64
	if i < d.n { // in order over the day
		width := max(1, length/int64(d.n))
		at = d.start + length*int64(i)/int64(d.n) + int64(h>>40)%width
	} else {
		at = d.start + int64(h>>20)%length
	}
	at = min(at, d.end-1)
	return record{
		i: i, h: h, at: at, wall: d.wall(at), odd: s.odd(e, day, i),
		user: mix(h) % users, dev: mix(h+1) % uint64(len(makers)),
	}
}

// A span is an event's day: how many records, from when to when.
type span struct {
	n          int
	start, end int64 // seconds since 1970 UTC
	// Until turn clocks are offset ahead of UTC, and after it another offset.
	turn          int64
	offset, later int64
}

// wall is what a clock shows at the instant, as seconds since 1970.
func (d *span) wall(at int64) int64 {
	if at < d.turn {
		return at + d.offset
	}
	return at + d.later
}

// span works a day out, or remembers it: it is asked for once a record.
func (s *Shop) span(e int, day exporter.Day) *span {
	k := key{shopEvents[e].name, day}
	if v, ok := s.spans.Load(k); ok {
		return v.(*span)
	}
	loc := s.location()
	from, to := day.Start(loc), day.Add(1).Start(loc)
	d := &span{n: s.Len(k.event, day), start: from.Unix(), end: to.Unix(), turn: to.Unix()}
	_, offset := from.Zone()
	d.offset, d.later = int64(offset), int64(offset)
	if _, end := from.ZoneBounds(); !end.IsZero() && end.Before(to) {
		_, later := end.Zone()
		d.turn, d.later = end.Unix(), int64(later)
	}
	s.spans.Store(k, d)
	return d
}

// amount is in hundredths; a third of them are whole.
func (r record) amount() int64 {
	v := int64(r.h>>8)%500000 + 1000
	if r.i%3 == 0 {
		v -= v % 100
	}
	return v
}

// Describe is one line for people.
func (s *Shop) Describe() string {
	return fmt.Sprintf("%d events of %d kinds, %s to %s", s.Total(slices.Clone(s.Names())...).Rows,
		len(shopEvents), s.First, s.Until().Add(-1))
}

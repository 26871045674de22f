package clevertaptest

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"net/url"
	"strings"
	"time"

	"tapline/exporter"
)

// life is how long a cursor lives from its making, and idle from its last use.
// Paths that have no cursors have no life.
func life(path string) (life, idle time.Duration) {
	switch path {
	case eventsPath:
		return 4 * time.Hour, time.Hour
	case profilesPath:
		return 4 * 24 * time.Hour, 4 * 24 * time.Hour
	}
	return 0, 0
}

// walked reports whether the path gives its records by cursors.
func walked(path string) bool {
	l, _ := life(path)
	return l > 0
}

// eventsPath is where the walks over events are.
const eventsPath = "/1/events.json"

// buckets is the number of shards the vendor keeps a project's users in; pages
// come in multiples of it.
const buckets = 23

// A walk is an open export. What it will give is settled when it is opened.
type walk struct {
	id            int64
	account, path string
	event         string
	from, to      exporter.Day
	view          View
	batch         int
	days          []walkDay
	people        []profile // instead of days, in a walk over users
	total         int
	created, used time.Time
}

type walkDay struct {
	day          exporter.Day
	start        int // place of the first record in the walk
	feed, extras int
}

// a place is what a cursor means.
type place struct {
	Walk  int64 `json:"w"`
	Page  int   `json:"p"`
	Place int   `json:"o"`
	Blank bool  `json:"b,omitempty"` // the page without records comes first
}

// open settles a walk. The caller holds mu.
func (s *Server) open(path, event string, from, to exporter.Day, batch int, v View) *walk {
	s.lastWalk++
	now := s.opt.Now()
	w := &walk{
		id: s.lastWalk, account: s.opt.AccountID, path: path, event: event, from: from, to: to,
		batch: batch, view: v, created: now, used: now,
	}
	w.view.Now = now
	s.walks[w.id] = w
	if path == profilesPath && s.opt.Region != EmptyAccount {
		w.people = s.who(event, from, to)
		w.total = len(w.people)
		return w
	}
	for d := from; !to.Before(d); d = d.Add(1) {
		if s.opt.Region == EmptyAccount {
			break
		}
		n := 0
		if s.opt.Data != nil {
			n = s.opt.Data.Len(event, d)
		}
		x := len(s.added[key{event, d}])
		if n+x > 0 {
			w.days = append(w.days, walkDay{d, w.total, n, x})
			w.total += n + x
		}
	}
	s.walks[w.id] = w
	return w
}

func (w *walk) expired(now time.Time) bool {
	life, idle := life(w.path)
	return now.Sub(w.created) >= life || now.Sub(w.used) >= idle
}

// size is the number of records of the page that starts at the place. Asking
// for fewer than the buckets asks for all; pages are often shorter than asked
// and not the last for that.
func (w *walk) size(p place) int {
	left := w.total - p.Place
	if w.batch < buckets {
		return left
	}
	n := w.batch / buckets * buckets
	if h := mix(uint64(w.id)<<20 ^ uint64(p.Page)); h%3 == 0 && n > buckets {
		n -= int(h>>8) % buckets
	}
	return min(n, left)
}

// encode makes the cursor text: about 2 KB, percent-encoded already, and never
// free of characters that a second encoding would change.
func (p place) encode() string {
	head, err := json.Marshal(p)
	if err != nil {
		return "" // a struct of numbers always marshals
	}
	b := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(head))
	b = append(b, byte(len(head)))
	b = append(b, head...)
	b = append(b, 0xfb, 0xef, 0xbe, 0xff, 0xff, 0xff)
	seed := mix(uint64(p.Walk)<<32 ^ uint64(p.Place)<<8 ^ uint64(p.Page))
	for want := 1200 + int(seed%400); len(b) < want || len(b)%3 == 0; {
		seed = mix(seed)
		b = binary.LittleEndian.AppendUint64(b, seed)
	}
	return url.QueryEscape(base64.StdEncoding.EncodeToString(b))
}

// decodePlace reads the parameter, percent-decoded once.
func decodePlace(text string) (p place, ok bool) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) < 5 || len(b) < 5+int(b[4]) {
		return p, false
	}
	head := b[5 : 5+int(b[4])]
	if crc32.ChecksumIEEE(head) != binary.BigEndian.Uint32(b) {
		return p, false
	}
	return p, json.Unmarshal(head, &p) == nil
}

// rawParam returns a parameter as it stands in the query, undecoded.
func rawParam(rawQuery, name string) string {
	for part := range strings.SplitSeq(rawQuery, "&") {
		if v, ok := strings.CutPrefix(part, name+"="); ok {
			return v
		}
	}
	return ""
}

// page writes the answer for the place.
func (s *Server) page(w *walk, p place, repeat string) []byte {
	n, next := w.size(p), ""
	switch {
	case p.Blank && s.opt.EmptyPages:
		n = 0
		next = place{Walk: w.id, Page: p.Page + 1, Place: p.Place}.encode()
		if p.Place >= w.total && p.Page > 0 {
			next = ""
		}
	case p.Place+n < w.total || (s.opt.EmptyPages && n > 0):
		next = place{Walk: w.id, Page: p.Page + 1, Place: p.Place + n, Blank: s.opt.EmptyPages}.encode()
	}
	if repeat != "" {
		next = repeat
	}
	return s.envelope(w, p.Place, n, next)
}

func (s *Server) envelope(w *walk, from, n int, next string) []byte {
	field, status := "next_cursor", "success"
	if s.opt.Partial {
		field = "cursor"
		if next != "" {
			status = "partial"
		}
	}
	b := make([]byte, 0, 4096+n*900)
	b = append(b, `{"status":"`+status+`"`...)
	cursor := func() {
		if next != "" {
			b = append(b, `,"`+field+`":"`+next+`"`...)
		}
	}
	if s.opt.CursorFirst {
		cursor()
	}
	if n > 0 {
		b = append(b, `,"records":[`...)
		b = s.records(b, w, from, n)
		b = append(b, ']')
	}
	if !s.opt.CursorFirst {
		cursor()
	}
	return append(b, '}')
}

func (s *Server) records(b []byte, w *walk, from, n int) []byte {
	if w.path == profilesPath {
		return s.appendProfiles(b, w, from, n)
	}
	for _, d := range w.days {
		for i := max(0, from-d.start); i < d.feed+d.extras && d.start+i < from+n; i++ {
			if d.start+i > from {
				b = append(b, ',')
			}
			if i < d.feed {
				b = s.opt.Data.Append(b, w.event, d.day, i, w.view)
				continue
			}
			s.mu.Lock()
			extra := s.added[key{w.event, d.day}][i-d.feed]
			s.mu.Unlock()
			b = append(b, extra...)
		}
	}
	return b
}

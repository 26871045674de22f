package bucket

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tapline/exporter"
	"tapline/objstore"
)

// unwanted says why an object holds no data, whoever asks.
func unwanted(name string) string {
	base := path.Base(name)
	switch {
	case !utf8.ValidString(name):
		return "has a name that is not UTF-8; rename it"
	case name == "":
		return "has no name"
	case strings.HasSuffix(name, "/"), strings.HasSuffix(name, "_$folder$"):
		return "is a folder marker"
	case base == "_SUCCESS", strings.HasPrefix(base, "_committed_"), strings.HasPrefix(base, "_started_"):
		return "is a marker of the program that wrote the others"
	case base == ".DS_Store", strings.HasPrefix(base, ".") && strings.HasSuffix(base, ".crc"):
		return "is a file that a program keeps for itself"
	}
	return ""
}

// A found is an object that matches, and the days that its name speaks of.
type found struct {
	objstore.Object
	span span
}

// list calls fn for each object that matches the entry's pattern, by name.
func (s *Source) list(ctx context.Context, e *entry, fn func(found)) error {
	for o, err := range s.store.List(ctx, e.pattern.prefix) {
		if err != nil {
			return s.failed("list "+e.pattern.prefix+"*", err)
		}
		if sp, ok := e.pattern.match(o.Name); ok {
			fn(found{o, sp})
		}
	}
	return nil
}

// slice makes the slice of an object.
func (s *Source) slice(e *entry, st exporter.Stream, f found, w exporter.Window) exporter.Slice {
	name := f.Name
	if !utf8.ValidString(name) { // it is ignored; its name goes to warehouses all the same
		name = strings.Trim(strconv.QuoteToASCII(name), `"`)
	}
	o := &exporter.Object{
		Size: f.Size, Checksum: f.Checksum, Updated: f.Updated, Settles: f.Updated.Add(e.settle),
		Ignored: e.ignored(f.Object, f.span, w, s.loc),
	}
	o.Format, o.Packing = e.writtenIn(name)
	return exporter.Slice{Stream: st, Name: name, Revision: f.Generation, Object: o}
}

// order sorts slices as they came: by the time of their last change and, within
// one, by name, numbers in it by their value: part 2 before part 10.
func order(list []exporter.Slice) {
	slices.SortFunc(list, func(a, b exporter.Slice) int {
		if c := a.Object.Updated.Compare(b.Object.Updated); c != 0 {
			return c
		}
		return naturally(a.Name, b.Name)
	})
}

// naturally compares names, runs of digits in them as numbers. Names that differ
// in leading zeros alone are compared byte by byte.
func naturally(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		if !digit(x[0]) || !digit(y[0]) {
			if x[0] != y[0] {
				return int(x[0]) - int(y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		var n, m string
		n, x = number(x)
		m, y = number(y)
		if len(n) != len(m) {
			return len(n) - len(m)
		}
		if c := strings.Compare(n, m); c != 0 {
			return c
		}
	}
	if len(x) != len(y) {
		return len(x) - len(y)
	}
	return strings.Compare(a, b)
}

func digit(b byte) bool { return '0' <= b && b <= '9' }

// number cuts the digits at the start of s off, without leading zeros.
func number(s string) (digits, rest string) {
	i := 0
	for i < len(s) && digit(s[i]) {
		i++
	}
	return strings.TrimLeft(s[:i], "0"), s[i:]
}

// snapshotAge is how long the listing that Streams made serves Slices. One
// listing then cuts all events of an entry, however many they are.
const snapshotAge = time.Minute

// A snapshot is what an entry with per: event matched, by event.
type snapshot struct {
	taken time.Time
	by    map[string][]found
}

// events lists the entry's objects by event, or takes the listing that is there
// if it is young enough.
func (s *Source) events(ctx context.Context, e *entry, young bool) (*snapshot, error) {
	s.mu.Lock()
	old := s.seen[e.index]
	s.mu.Unlock()
	if young && old != nil && s.now().Sub(old.taken) < snapshotAge {
		return old, nil
	}
	snap := &snapshot{taken: s.now(), by: map[string][]found{}}
	err := s.list(ctx, e, func(f found) {
		event := ""
		if utf8.ValidString(f.Name) {
			event = eventOf(f.Name)
		}
		if event != "" || unwanted(f.Name) == "" {
			event = strings.Clone(event)
			snap.by[event] = append(snap.by[event], f)
		}
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.seen[e.index] = snap
	s.mu.Unlock()
	return snap, nil
}

// Package bucket reads the objects of a store whose names match a pattern: what
// a vendor drops there, again and again, in whatever format it is.
//
// Each object is a slice and each of its generations a revision, so that what is
// written anew under a name replaces the rows of the old. Formats are found by
// looking at the content; package format and those below it read them. Exports
// of CleverTap come out under the columns of its API (see package clevertap), so
// that both can fill one table.
//
// It reads and never writes, and remembers nothing: what was loaded is for the
// warehouse to know.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"tapline/exporter"
	"tapline/exporter/format"
	"tapline/objstore"
)

// KindFiles is the kind of all streams of a bucket.
const KindFiles = "files"

// A Source reads one bucket. It is safe for concurrent use.
type Source struct {
	url     string
	store   objstore.Store
	loc     *time.Location
	zoned   bool // the connection names its time zone
	entries []*entry
	batch   format.Batching
	tempDir string
	log     *slog.Logger
	now     func() time.Time

	mu   sync.Mutex
	seen map[int]*snapshot // by entry
}

var (
	_ exporter.Source  = (*Source)(nil)
	_ exporter.Checker = (*Source)(nil)
)

// New returns a Source, or an error that names the key that is wrong. It makes
// no call. Without a selection it offers all objects as one stream.
func New(cfg Config, sel []Selection, o Options) (*Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("bucket: %w", err)
	}
	loc, err := cfg.location()
	if err != nil {
		return nil, fmt.Errorf("bucket: %w", err)
	}
	s := &Source{
		url: cfg.URL, store: o.Store, loc: loc, zoned: cfg.Timezone != "",
		batch:   format.Batching{Mem: o.Mem, Rows: o.BatchRows, Bytes: o.BatchBytes, Zone: loc},
		tempDir: o.TempDir, log: o.Log, now: o.Now, seen: map[int]*snapshot{},
	}
	if len(sel) == 0 {
		sel = []Selection{{Files: "**"}}
	}
	for i, one := range sel {
		e, err := newEntry(i, one, cfg)
		if err != nil {
			return nil, fmt.Errorf("bucket: streams[%d]: %w", i, err)
		}
		s.entries = append(s.entries, e)
	}
	if err := duplicate(s.entries); err != nil {
		return nil, fmt.Errorf("bucket: %w", err)
	}
	if s.batch.Mem == nil {
		s.batch.Mem = format.NewPool(0)
	}
	s.batch = s.batch.OrDefaults()
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s, nil
}

// Streams implements exporter.Source. With per: event the bucket is listed, and
// objects whose names are of no event are told of in a stream of no rows.
func (s *Source) Streams(ctx context.Context) ([]exporter.Stream, error) {
	var out []exporter.Stream
	for _, e := range s.entries {
		if e.Per != perEvent {
			out = append(out, e.stream())
			continue
		}
		snap, err := s.events(ctx, e, false)
		if err != nil {
			return nil, err
		}
		for _, event := range slices.Sorted(maps.Keys(snap.by)) {
			if event != "" {
				out = append(out, e.eventStream(event))
			}
		}
		if other := snap.by[""]; len(other) > 0 || len(snap.by) == 0 {
			st := e.stream()
			st.Notice = noEvents(other)
			out = append(out, st)
		}
	}
	return out, nil
}

// noEvents says what of an entry with per: event is not read.
func noEvents(list []found) string {
	if len(list) == 0 {
		return "no object matches yet, so that there are no events"
	}
	return fmt.Sprintf("%d objects that match are not read, for their names are not <request id>-<run time>-<event>-<yyyymmdd>-<index>-<database id>.<format>: the first is %s",
		len(list), list[0].Name)
}

// Slices implements exporter.Source: one slice an object, by the time of its
// last change. Those that are never read are among them, with the reason. With
// per: event the listing is that of the last Streams, if it is not a minute old. An
// object is in the window if the date in its name is, where the pattern has a
// date part; else if it was last changed on the window's first day or later.
func (s *Source) Slices(ctx context.Context, st exporter.Stream, w exporter.Window) ([]exporter.Slice, error) {
	e, event, err := s.entryOf(st)
	if err != nil || st.Notice != "" {
		return nil, err
	}
	var out []exporter.Slice
	if event == "" {
		err = s.list(ctx, e, func(f found) { out = append(out, s.slice(e, st, f, w)) })
	} else {
		var snap *snapshot
		if snap, err = s.events(ctx, e, true); err == nil {
			for _, f := range snap.by[event] {
				out = append(out, s.slice(e, st, f, w))
			}
		}
	}
	if err != nil {
		return nil, err
	}
	order(out)
	return out, nil
}

// entryOf finds the entry that a stream is of, and its event if it has one.
func (s *Source) entryOf(st exporter.Stream) (e *entry, event string, err error) {
	if st.Kind == KindFiles && st.Entry >= 0 && st.Entry < len(s.entries) {
		e := s.entries[st.Entry]
		event := st.Vars["event"]
		switch st.Name {
		case e.name():
			return e, "", nil
		case e.name() + "/" + event:
			return e, event, nil
		}
	}
	return nil, "", fmt.Errorf("bucket: stream %q: %w", st.Name, exporter.ErrUnknownStream)
}

// Check implements exporter.Checker: it lists what each entry is to read, and
// opens the first object found, for the right to list is not the right to read.
func (s *Source) Check(ctx context.Context) error {
	for _, e := range s.entries {
		first, err := s.first(ctx, e)
		if err != nil {
			return err
		}
		if first.Name == "" {
			continue
		}
		r, err := s.store.Open(ctx, first, 0)
		switch {
		case err == nil:
			return r.Close()
		case !errors.Is(err, objstore.ErrNotExist) && !errors.Is(err, objstore.ErrChanged):
			return s.failed("open "+first.Name, err)
		}
	}
	return nil
}

// first returns the first object of an entry that is not a marker; one without
// a name if there is none among the first hundreds that could be.
func (s *Source) first(ctx context.Context, e *entry) (objstore.Object, error) {
	n := 0
	for o, err := range s.store.List(ctx, e.pattern.prefix) {
		if err != nil {
			return o, s.failed("list "+e.pattern.prefix+"*", err)
		}
		if _, ok := e.pattern.match(o.Name); ok && unwanted(o.Name) == "" {
			return o, nil
		}
		if n++; n == 1000 {
			break
		}
	}
	return objstore.Object{}, nil
}

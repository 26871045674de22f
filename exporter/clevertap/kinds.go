package clevertap

import (
	"context"
	"fmt"
	"iter"

	"tapline/exporter"
)

// A kind is one family of streams: what the configuration says of it, how its
// streams are cut into slices, and how a slice is read.
type kind struct {
	name string
	// keys are those of a Selection that it takes, beside stream and name.
	keys []string
	// perEvent says that there is a stream for each event of an entry, which
	// has to name some. Otherwise an entry is one stream.
	perEvent bool
	// bare says that an entry without any key but the events is worth reading;
	// only such kinds are offered to who asks for nothing in particular.
	bare      bool
	partition string // vendor name of the column that tables are partitioned by
	about     func(event string) string

	// check says what is wrong with an entry, naming the key. Optional.
	check func(e Selection) error
	// children are streams beside the one of an entry, each with its Child.
	// Optional; they are read and sliced by the same functions.
	children func(e Selection, st exporter.Stream) []exporter.Stream

	slices func(ctx context.Context, s *Source, st exporter.Stream, w exporter.Window) ([]exporter.Slice, error)
	read   func(ctx context.Context, s *Source, sl exporter.Slice, after exporter.Cursor) iter.Seq2[exporter.Batch, error]
	// replay decodes raw records again. Optional.
	replay func(ctx context.Context, s *Source, sl exporter.Slice, raw []string) iter.Seq2[exporter.Batch, error]
}

// kinds is the registry of what can be read, in the order in which it is
// offered: one line a kind, and its name in the enum of Selection.Stream.
func kinds() []kind {
	return []kind{
		eventsKind(),
		profilesKind(),
		profilesByIDKind(),
		eventCountsKind(),
		profileCountsKind(),
		topKind(),
		trendsKind(),
		realtimeKind(),
		campaignsKind(),
		campaignReportsKind(),
		messageReportsKind(),
		eventSchemaKind(),
		userPropertiesKind(),
	}
}

func find(name string) (kind, bool) {
	for _, k := range kinds() {
		if k.name == name {
			return k, true
		}
	}
	return kind{}, false
}

// eventsOf lists the events of an entry; of a kind without events it is the one
// event "".
func (k kind) eventsOf(e Selection) []string {
	if k.perEvent {
		return e.events()
	}
	return []string{""}
}

// stream is the name of an entry's stream: "events/Order Placed", or with a
// name of its own "events[name]/Order Placed".
func (k kind) stream(e Selection, event string) string {
	name := k.name
	if e.Name != "" {
		name += "[" + e.Name + "]"
	}
	if k.perEvent {
		name += "/" + event
	}
	return name
}

// streams makes the streams of an entry, for one event.
func (k kind) streams(e Selection, entry int, event string) []exporter.Stream {
	st := exporter.Stream{
		Name: k.stream(e, event), Kind: k.name, Entry: entry, About: k.about(event), Partition: k.partition,
	}
	if k.perEvent {
		st.Vars = map[string]string{"event": event}
	}
	out := []exporter.Stream{st}
	if k.children != nil {
		out = append(out, k.children(e, st)...)
	}
	return out
}

// kindOf is the kind of a stream, and the entry it came from.
func (s *Source) kindOf(st exporter.Stream) (kind, Selection, error) {
	k, ok := find(st.Kind)
	if !ok || k.perEvent && st.Vars["event"] == "" {
		return kind{}, Selection{}, fmt.Errorf("clevertap: stream %q: %w", st.Name, exporter.ErrUnknownStream)
	}
	if len(s.sel) == 0 {
		return k, Selection{Stream: k.name}, nil
	}
	if st.Entry < 0 || st.Entry >= len(s.sel) || s.sel[st.Entry].Stream != k.name {
		return kind{}, Selection{}, fmt.Errorf("clevertap: stream %q: %w", st.Name, exporter.ErrUnknownStream)
	}
	return k, s.sel[st.Entry], nil
}

// Slices implements exporter.Source.
func (s *Source) Slices(ctx context.Context, st exporter.Stream, w exporter.Window) ([]exporter.Slice, error) {
	k, _, err := s.kindOf(st)
	if err != nil {
		return nil, err
	}
	if st.Notice != "" {
		return nil, nil
	}
	return k.slices(ctx, s, st, w)
}

// Read implements exporter.Source.
func (s *Source) Read(ctx context.Context, sl exporter.Slice, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	k, _, err := s.kindOf(sl.Stream)
	if err != nil {
		return failed(err)
	}
	return k.read(ctx, s, sl, after)
}

// Replay implements exporter.Replayer.
func (s *Source) Replay(ctx context.Context, sl exporter.Slice, raw []string) iter.Seq2[exporter.Batch, error] {
	k, _, err := s.kindOf(sl.Stream)
	if err == nil && k.replay == nil {
		err = fmt.Errorf("clevertap: stream %q: its rows cannot be replayed", sl.Stream.Name)
	}
	if err != nil {
		return failed(err)
	}
	return k.replay(ctx, s, sl, raw)
}

// failed is a sequence that ends before its first batch.
func failed(err error) iter.Seq2[exporter.Batch, error] {
	return func(yield func(exporter.Batch, error) bool) { yield(exporter.Batch{}, err) }
}

// closedDays cuts a window into its closed project-local days, each a slice.
func closedDays(_ context.Context, s *Source, st exporter.Stream, w exporter.Window) ([]exporter.Slice, error) {
	if w.Since.IsZero() {
		return nil, noSince(st)
	}
	until := s.today()
	if !w.Until.IsZero() && w.Until.Before(until) {
		until = w.Until
	}
	var out []exporter.Slice
	for d := w.Since; d.Before(until); d = d.Add(1) {
		out = append(out, exporter.Slice{Stream: st, Name: d.String(), Day: d})
	}
	return out, nil
}

func noSince(st exporter.Stream) error {
	return fmt.Errorf("clevertap: %s: no first day, set since: CleverTap does not say how far back its data go: %w", st.Name, exporter.ErrWindow)
}

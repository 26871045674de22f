package bucket

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"time"

	"tapline/exporter"
	"tapline/objstore"
)

// The layouts of a Selection.
const (
	layoutAuto      = "auto"
	layoutPlain     = "plain"
	layoutCleverTap = "clevertap"
)

// perEvent is the value of Selection.Per that makes a stream for each event.
const perEvent = "event"

// An entry is a Selection made ready.
type entry struct {
	Selection
	index   int
	pattern *pattern
	ignore  []*pattern
	settle  time.Duration
	facts   []fact
	// finger tells this way of reading from others: a cursor of another one
	// leads to a place in other columns.
	finger string
}

var (
	// export matches patterns whose last element begins with the id of an export
	// of CleverTap.
	export = regexp.MustCompile(`(?:\A|/)\d{9,11}-[^/]*\z`)
	// maybeExport matches these and those with a wildcard in the id's place.
	maybeExport = regexp.MustCompile(`(?:\A|/)(?:\d{9,11}|\*|(?:\[[^]/]*\])+)-[^/]*\z`)
)

func newEntry(i int, sel Selection, cfg Config) (*entry, error) {
	e := &entry{Selection: sel, index: i, settle: defaultSettle}
	var err error
	if e.pattern, err = parsePattern(sel.Files); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	for _, text := range sel.Ignore {
		p, err := parsePattern(text)
		if err != nil {
			return nil, fmt.Errorf("ignore: %w", err)
		}
		e.ignore = append(e.ignore, p)
	}
	if sel.Settle != nil {
		e.settle = *sel.Settle
	}
	if e.settle < 0 {
		return nil, fmt.Errorf("settle: %s is less than nothing", e.settle)
	}
	if sel.Per != "" && sel.Per != perEvent {
		return nil, fmt.Errorf("per: %q is not known; known is event", sel.Per)
	}
	switch sel.Layout {
	case "":
		e.Layout = layoutAuto
	case layoutAuto, layoutPlain, layoutCleverTap:
	default:
		return nil, fmt.Errorf("layout: %q is not one of auto, plain, clevertap", sel.Layout)
	}
	if vendor := e.Layout == layoutCleverTap || e.Layout == layoutAuto && (e.Per == perEvent || export.MatchString(sel.Files)); vendor && cfg.Timezone == "" {
		return nil, fmt.Errorf("files: %q names exports of CleverTap, whose times are local: set timezone: on the connection, or layout: plain here", sel.Files)
	}
	if e.facts, err = factsNamed(sel.FileColumns); err != nil {
		return nil, err
	}
	if err := sel.Formats.validate(); err != nil {
		return nil, err
	}
	e.finger = fingerprint(cfg.Timezone, e.Layout, e.FileColumns, e.Formats)
	return e, nil
}

func fingerprint(parts ...any) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%+v", parts)
	return fmt.Sprintf("%016x", h.Sum64())
}

// partition is the column that the entry's tables are partitioned by.
func (e *entry) partition() string {
	if e.Layout == layoutCleverTap || e.Layout == layoutAuto && (e.Per == perEvent || maybeExport.MatchString(e.Files)) {
		return colDate
	}
	return ""
}

// name is the stream's name. A workbook can be read once for each sheet.
func (e *entry) name() string {
	if e.Sheet != "" {
		return KindFiles + "/" + e.Files + "#" + e.Sheet
	}
	return KindFiles + "/" + e.Files
}

func (e *entry) stream() exporter.Stream {
	return exporter.Stream{
		Name: e.name(), Kind: KindFiles, Entry: e.index, Objects: true,
		About: "one row per record of the files " + e.Files, Partition: e.partition(),
	}
}

// eventStream is the stream of one event.
func (e *entry) eventStream(event string) exporter.Stream {
	st := e.stream()
	st.Name += "/" + event
	st.Vars = map[string]string{"event": event}
	st.About = "one row per event of the files " + e.Files + " that are named after " + event
	return st
}

// ignored says why an object that matches is never read; "" = it is.
func (e *entry) ignored(o objstore.Object, s span, w exporter.Window, loc *time.Location) string {
	if why := unwanted(o.Name); why != "" {
		return why
	}
	for _, p := range e.ignore {
		if _, ok := p.match(o.Name); ok {
			return "matches ignore: " + p.text
		}
	}
	if s == (span{}) {
		if w.Since.IsZero() || o.Updated.IsZero() {
			return ""
		}
		day := exporter.DayOf(o.Updated.In(loc))
		s = span{day, day}
		// An upper bound is for days of data; when an object came says little.
		w.Until = exporter.Day{}
	}
	return s.outside(w)
}

// eventOf is the event that a name is of, as file names spell it.
func eventOf(name string) string {
	f, _ := ParseFileName(name)
	return f.Event
}

// duplicate finds two entries that would give streams of one name.
func duplicate(entries []*entry) error {
	for i, e := range entries {
		j := slices.IndexFunc(entries, func(other *entry) bool { return other.name() == e.name() })
		if j < i {
			return fmt.Errorf("streams[%d]: files: %q stands in streams[%d] already", e.index, e.Files, entries[j].index)
		}
	}
	return nil
}

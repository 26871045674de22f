package bucket

import (
	"context"
	stdjson "encoding/json"
	"fmt"
	"slices"
	"strings"

	"tapline/exporter"
	"tapline/objstore"
)

// locateJSON says which objects of JSON are opened, and what becomes of values.
func (s *Source) locateJSON(e *entry, sl exporter.Slice, o objstore.Object, at *exporter.Location) {
	f := e.fileOf(sl)
	f.updated = o.Updated
	l := jsonLayout{flatten: e.Flatten, vendor: e.Layout == layoutCleverTap || e.Layout == layoutAuto && f.FileName != FileName{}}
	at.Open = l.opens
	at.Columns = func(_ context.Context, found exporter.Found) ([]exporter.LocatedColumn, error) {
		columns, err := s.locatedJSON(e, f, l, found)
		if err != nil {
			return nil, s.unread(sl.Name, err)
		}
		return columns, nil
	}
}

// A jsonLayout says where values of JSON go: for others what prepareJSON's nodes
// are for Read.
type jsonLayout struct {
	flatten bool
	vendor  bool // as exportNode has it
}

// exportPrefixes are the objects that exportNode opens, with the prefixes of
// their columns.
func exportPrefixes() map[string]string {
	return map[string]string{
		"profile": "profile.", "deviceInfo": "deviceInfo.", "eventProps": "eventProps.", "event_props": "eventProps.",
		"sessionProps": "sessionProps.", "session_props": "sessionProps.",
	}
}

// opens reports whether an object at a path of keys is opened.
func (l jsonLayout) opens(path []string) bool {
	if l.vendor {
		if path[0] == colTS || path[0] == colEvent {
			return false
		}
		if _, ok := exportPrefixes()[path[0]]; ok {
			return len(path) == 1 || len(path) == 2 && path[0] == "deviceInfo" && path[1] == "dimensions"
		}
	}
	return l.flatten
}

// column is the name of the column of what is at a path and is not opened.
func (l jsonLayout) column(path []string) string {
	if prefix := exportPrefixes()[path[0]]; l.vendor && prefix != "" {
		return strings.TrimSuffix(prefix, ".") + strings.Join(append([]string{""}, path[1:]...), ".")
	}
	return strings.Join(path, ".")
}

// locatedJSON says what becomes of the values of an object.
func (s *Source) locatedJSON(e *entry, f file, l jsonLayout, found exporter.Found) ([]exporter.LocatedColumn, error) {
	event := ""
	if len(found.First) > 0 {
		event = strings.ReplaceAll(eventLine(found.First[0]), "\x00", "\ufffd")
	}
	has := func(key string) bool {
		return slices.ContainsFunc(found.Keys, func(path []string) bool { return path[0] == key })
	}
	vendor, err := s.vendor(e, &member{named: f.FileName != FileName{}}, func() bool {
		return has(colTS) && (has(colEvent) || event != "") || len(found.Keys) == 0
	})
	switch {
	case err != nil:
		return nil, err
	case l.vendor && !vendor && (l.flatten || slices.ContainsFunc(found.Keys, func(path []string) bool { return exportPrefixes()[path[0]] != "" })):
		return nil, fmt.Errorf("it is named as an export of CleverTap is, and is none; write layout: plain on the stream: %w", exporter.ErrContent)
	case vendor && strings.ContainsRune(event, '\ufffd'):
		return nil, fmt.Errorf("its first line, the event's name, holds U+FFFD; take via: out: %w", exporter.ErrContent)
	}
	l.vendor = vendor
	columns, names, err := l.columns(found.Keys)
	if err != nil {
		return nil, err
	}
	if vendor && !slices.Contains(names, colTS) { // there is nothing at all
		columns = append(columns, exporter.LocatedColumn{Name: colTS, Kinds: exporter.Time, Value: &exporter.Constant{Null: true}},
			exporter.LocatedColumn{Name: colDate, Kinds: exporter.Date, Value: &exporter.Constant{Null: true}})
	}
	if vendor && event != "" && !slices.Contains(names, colEvent) {
		columns = append(columns, exporter.LocatedColumn{Name: colEvent, As: exporter.ReadText, Kinds: exporter.Text, Value: &exporter.Constant{Text: event}})
	}
	return withFacts(columns, e.facts, f), nil
}

// columns are those of the values at paths, and their names.
func (l jsonLayout) columns(paths [][]string) (columns []exporter.LocatedColumn, names []string, err error) {
	places := map[string]int{}
	for i, path := range paths {
		name := l.column(path)
		if j, ok := places[name]; ok {
			return nil, nil, fmt.Errorf("its keys %q and %q are both the column %q; take via: out: %w", paths[j], path, name, exporter.ErrContent)
		}
		if name == "" {
			return nil, nil, fmt.Errorf("it has a key that is empty; take via: out: %w", exporter.ErrContent)
		}
		places[name] = i
		names = append(names, name)
	}
	for i, name := range names {
		c := exporter.LocatedColumn{Name: name, Field: i, As: exporter.ReadJSON}
		switch {
		case l.vendor && name == colTS:
			c.As, c.Kinds = exporter.ReadJSONCompact, exporter.Time
			if _, ok := places[colDate]; !ok {
				columns = append(columns, exporter.LocatedColumn{Name: colDate, Field: i, As: exporter.ReadJSONCompactDay, Kinds: exporter.Date})
			}
		case l.vendor && name == colEvent:
			c.As = exporter.ReadJSONName
		case l.vendor && slices.Contains(texts(), name):
			c.As = exporter.ReadJSONText
		}
		columns = append(columns, c)
	}
	return columns, names, nil
}

// eventLine is the event's name that a line above the records says.
func eventLine(line string) (event string) {
	line = strings.TrimSpace(line)
	if stdjson.Unmarshal([]byte(line), &event) != nil {
		event = strings.ToValidUTF8(line, "\ufffd")
	}
	return event
}

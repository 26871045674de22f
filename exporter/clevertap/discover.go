package clevertap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"tapline/exporter"
)

// Streams implements exporter.Source. Events that are named are checked
// against the account's own list, if it gives one.
func (s *Source) Streams(ctx context.Context) ([]exporter.Stream, error) {
	listed, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	var out []exporter.Stream
	if len(s.sel) == 0 {
		for _, k := range kinds() {
			if k.bare {
				out = append(out, k.all(Selection{Stream: k.name}, 0, listed)...)
			}
		}
		return out, nil
	}
	for i, e := range s.sel {
		k, ok := find(e.Stream)
		if !ok {
			return nil, fmt.Errorf("clevertap: stream %q: %w", e.Stream, exporter.ErrUnknownStream)
		}
		for _, event := range k.eventsOf(e) {
			switch {
			case event == all:
				out = append(out, k.all(e, i, s.without(listed, e))...)
				continue
			case k.perEvent:
				if err := knows(event, listed); err != nil {
					return nil, err
				}
			}
			out = append(out, k.streams(e, i, event)...)
		}
	}
	return out, nil
}

// all makes the streams of an entry for each of the events.
func (k kind) all(e Selection, entry int, events []string) []exporter.Stream {
	if !k.perEvent {
		return k.streams(e, entry, "")
	}
	var out []exporter.Stream
	for _, event := range events {
		out = append(out, k.streams(e, entry, event)...)
	}
	return out
}

// list is the account's own list of events, empty where it gives none and
// nothing depends on it.
func (s *Source) list(ctx context.Context) ([]string, error) {
	listed, err := s.events(ctx, 0)
	if err != nil {
		if s.wantsList() || errors.Is(err, exporter.ErrUnauthorized) || errors.Is(err, exporter.ErrUnreachable) || ctx.Err() != nil {
			return nil, err
		}
		// The list is documented nowhere and only some accounts are known to
		// give it; names that are spelt out can do without.
		s.c.log.Debug("no list of events", "err", err)
		return nil, nil
	}
	if len(listed) == 0 {
		// In a wrong region some accounts look empty; days read there would
		// replace loaded ones by nothing.
		return nil, errNoEvents()
	}
	return listed, nil
}

// apiSchema is whose gate getSchema passes.
const apiSchema = "schema"

func errNoEvents() error {
	return fmt.Errorf("clevertap: the account lists no events; %s: %w", hint(exporter.ErrUnauthorized), exporter.ErrUnauthorized)
}

// wantsList reports whether the streams depend on the account's own list.
func (s *Source) wantsList() bool {
	for _, e := range s.sel {
		if slices.Contains(e.events(), all) {
			return true
		}
	}
	return len(s.sel) == 0
}

// without leaves out what other entries of the kind and name name themselves.
func (s *Source) without(listed []string, of Selection) []string {
	return slices.DeleteFunc(slices.Clone(listed), func(event string) bool {
		for _, e := range s.sel {
			if e.Stream == of.Stream && e.Name == of.Name && slices.Contains(e.events(), event) {
				return true
			}
		}
		return false
	})
}

// events asks the account for the names of its events, in its order. Tries may
// bound the attempts further; 0 does not.
func (s *Source) events(ctx context.Context, tries int) ([]string, error) {
	var names []string
	q := call{op: "list the events", api: apiSchema, method: http.MethodGet, path: "/getSchema", query: "type=events", tries: tries, strange: 3}
	_, err := s.c.do(ctx, q, nil, func(body []byte) *failure {
		var list struct {
			Status string `json:"status"`
			Events []struct {
				Name string `json:"name"`
			} `json:"events"`
		}
		if err := json.Unmarshal(body, &list); err != nil || list.Status != "success" {
			return &failure{kind: strange, err: &APIError{Op: q.op, Status: http.StatusOK, Message: "the answer is not a list of events"}}
		}
		names = names[:0]
		seen := map[string]bool{}
		for _, e := range list.Events {
			if e.Name != "" && !seen[e.Name] {
				seen[e.Name] = true
				names = append(names, e.Name)
			}
		}
		return nil
	})
	return names, err
}

// Check implements exporter.Checker. It asks for the list of events and, where
// there is none, opens a cursor that it does not walk.
func (s *Source) Check(ctx context.Context) error {
	names, err := s.events(ctx, 3)
	switch {
	case err == nil && len(names) > 0:
		return nil
	case err == nil:
		return errNoEvents()
	case errors.Is(err, exporter.ErrUnauthorized), errors.Is(err, exporter.ErrUnreachable), ctx.Err() != nil:
		return err
	}
	const event = "App Launched"
	_, err = s.open(ctx, eventsExport(exporter.Stream{}), "events/"+event, event, s.today().Add(-1), Filters{})
	if errors.Is(err, exporter.ErrUnknownStream) || errors.Is(err, exporter.ErrNotExportable) {
		return nil // the account is there, the event is not
	}
	return err
}

// knows checks a name against the account's list; an empty list knows all.
func knows(name string, listed []string) error {
	best, least := "", 4
	for _, l := range listed {
		if l == name {
			return nil
		}
		if d := distance(strings.ToLower(name), strings.ToLower(l)); d < least && d < utf8.RuneCountInString(name) {
			best, least = l, d
		}
	}
	switch {
	case len(listed) == 0:
		return nil
	case best != "":
		return fmt.Errorf("clevertap: event %q: the account has none of that name, did you mean %q: %w", name, best, exporter.ErrUnknownStream)
	}
	return fmt.Errorf("clevertap: event %q: the account has none of that name among its %d: %w", name, len(listed), exporter.ErrUnknownStream)
}

// distance is the number of letters to put in, take out or change (Levenshtein).
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	row := make([]int, len(t)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range s {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range t {
			d := diagonal
			if x != y {
				d = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], d
		}
	}
	return row[len(t)]
}

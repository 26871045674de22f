package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sourcegraph/conc/pool"

	"tapline/config"
	"tapline/exporter"
	"tapline/exporter/clevertap"
)

// A listedEvent is an event of the account.
type listedEvent struct {
	Name      string `json:"name"`
	Yesterday *int64 `json:"yesterday"` // how often it happened; null = not counted
	Chosen    bool   `json:"chosen"`
}

// How many events are counted at most, and how long that may take: an account
// may have a thousand, and counts may be in progress for minutes. The others are
// listed without.
const (
	mostCounted   = 100
	countPatience = time.Minute
)

// askAccount tests region and credentials, and lists the account's events: the
// most frequent of yesterday first, then those that were not counted.
func (a *app) askAccount(ctx context.Context, in answers) ([]listedEvent, error) {
	account, passcode, err := in.credentials()
	if err != nil {
		return nil, err
	}
	redactor := &config.Redactor{}
	redactor.Add(passcode.Reveal())
	redactor.Add(account)
	a.redact = redactor.String
	s, err := clevertap.New(clevertap.Config{
		Region: in.Region, URL: in.URL, AccountID: account, Passcode: passcode, Timezone: in.Timezone,
	}, nil, clevertap.Options{Log: a.log})
	if err != nil {
		return nil, initError(err)
	}
	defer s.Close()
	if err := s.Check(ctx); err != nil {
		return nil, err
	}
	found, err := listEvents(ctx, s)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		a.warn("the account answers, and gives no list of its events: name those to load")
		return nil, nil
	}
	zone, err := time.LoadLocation(in.Timezone)
	if err != nil {
		return nil, initError(err)
	}
	countEvents(ctx, s, found, exporter.DayOf(time.Now().In(zone)).Add(-1))
	slices.SortStableFunc(found, func(x, y listedEvent) int { return cmp.Compare(y.rank(), x.rank()) })
	return found, ctx.Err()
}

// listEvents lists the names of the account's events, none where it gives no list.
func listEvents(ctx context.Context, s *clevertap.Source) ([]listedEvent, error) {
	streams, err := s.Streams(ctx)
	switch {
	case errors.Is(err, exporter.ErrUnauthorized), errors.Is(err, exporter.ErrUnreachable), ctx.Err() != nil:
		return nil, err
	case err != nil:
		return nil, nil // Check was content: there is an account, and no list
	}
	var found []listedEvent
	for _, st := range streams {
		if st.Kind == clevertap.KindEvents {
			found = append(found, listedEvent{Name: st.Vars["event"]})
		}
	}
	return found, nil
}

// countEvents fills in how often the first events happened on the day. What
// cannot be counted, or not in time, stays unknown: init needs none of it.
func countEvents(ctx context.Context, s *clevertap.Source, found []listedEvent, day exporter.Day) {
	ctx, cancel := context.WithTimeout(ctx, countPatience)
	defer cancel()
	workers := pool.New().WithMaxGoroutines(asking)
	for i := range found[:min(len(found), mostCounted)] {
		workers.Go(func() {
			if n, err := s.EventCount(ctx, found[i].Name, day); err == nil {
				found[i].Yesterday = &n
			}
		})
	}
	workers.Wait()
}

// rank is the count, -1 when it is not known.
func (e listedEvent) rank() int64 {
	if e.Yesterday == nil {
		return -1
	}
	return *e.Yesterday
}

// eventTable shows the events with their numbers.
func eventTable(list []listedEvent) *table {
	t := &table{heads: []string{">", "event", ">yesterday", ""}}
	for i, e := range list {
		often, mark := "?", ""
		if e.Yesterday != nil {
			often = count(*e.Yesterday)
		}
		if e.Chosen {
			mark = "chosen"
		}
		t.add(strconv.Itoa(i+1), e.Name, often, mark)
	}
	return t
}

// pick reads an answer: names or numbers of the list with commas between, or *.
// An event that is called like a number is meant by it.
func pick(answer string, found []listedEvent) ([]string, error) {
	var names []string
	for part := range strings.SplitSeq(answer, ",") {
		name := strings.TrimSpace(part)
		switch n, err := strconv.Atoi(name); {
		case name == "":
			continue
		case listed(name, found):
		case err == nil && n >= 1 && n <= len(found):
			name = found[n-1].Name
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, errors.New("none of them? name one at least, or * for all")
	}
	return names, checkEvents(names, found)
}

func listed(name string, found []listedEvent) bool {
	return slices.ContainsFunc(found, func(e listedEvent) bool { return e.Name == name })
}

// checkEvents refuses names that the account does not have, where it has told.
func checkEvents(names []string, found []listedEvent) error {
	for _, name := range names {
		switch {
		case name == "":
			return errors.New("--event: an empty name")
		case name == allEvents && len(names) > 1:
			return errors.New("--event: * is all of them, and stands alone")
		case name == allEvents || len(found) == 0 || listed(name, found):
			continue
		}
		var known []string
		for _, e := range found {
			known = append(known, e.Name)
		}
		if near := nearest(name, known); near != "" {
			return fmt.Errorf("--event: the account has no event %q; did you mean %q?", name, near)
		}
		return fmt.Errorf("--event: the account has no event %q; names are case-sensitive", name)
	}
	return nil
}

// markChosen marks the events of those names.
func markChosen(found []listedEvent, names []string) []listedEvent {
	for i, e := range found {
		found[i].Chosen = slices.Contains(names, allEvents) || slices.Contains(names, e.Name)
	}
	return found
}

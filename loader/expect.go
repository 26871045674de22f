package loader

import (
	"fmt"
	"time"
)

// An Expect says when an entry's objects should come: one in every span of
// Every, and where By is set, by that time of day.
type Expect struct {
	Every time.Duration // 0 = nobody waits
	// By is the time since midnight, project-local, at which the object of a
	// span has to be there. HasBy tells midnight from none.
	By    time.Duration
	HasBy bool
	Zone  *time.Location // nil = UTC
}

// late says of each entry that expects objects whether the newest came in time.
// Of one whose objects could not be listed nothing is known.
func (l *Loader) late(w *work) []Notice {
	newest := make([]time.Time, len(l.cfg.Targets))
	kinds := make([]string, len(l.cfg.Targets))
	for _, t := range w.tasks {
		if o := t.slice.Object; o != nil && o.Updated.After(newest[t.stream.Entry]) {
			newest[t.stream.Entry] = o.Updated
			kinds[t.stream.Entry] = t.stream.Name
		}
	}
	var late []Notice
	for i, target := range l.cfg.Targets {
		if text := target.Expect.late(l.now(), newest[i]); text != "" && !w.unknown[i] {
			if kinds[i] == "" {
				kinds[i] = "table " + target.Table
			}
			late = append(late, Notice{kinds[i], text})
		}
	}
	return late
}

// late says how late the newest object is at the time now, or "".
func (e Expect) late(now, newest time.Time) string {
	if e.Every <= 0 {
		return ""
	}
	zone := e.Zone
	if zone == nil {
		zone = time.UTC
	}
	from := now.Add(-e.Every)
	due := fmt.Sprintf("one in every %s", span(e.Every))
	if e.HasBy {
		last := e.deadline(now.In(zone))
		from = last.Add(-e.Every)
		due = fmt.Sprintf("one in every %s, by %s", span(e.Every), last.Format("15:04 MST"))
	}
	switch {
	case newest.After(from):
		return ""
	case newest.IsZero():
		return fmt.Sprintf("no file has come; expected is %s", due)
	}
	return fmt.Sprintf("no new file since %s, %s ago; expected is %s",
		newest.In(zone).Format("2006-01-02 15:04 MST"), span(now.Sub(newest)), due)
}

// deadline is the last time of day By that is not after now.
func (e Expect) deadline(now time.Time) time.Time {
	year, month, day := now.Date()
	at := func(day int) time.Time {
		h, m := int(e.By/time.Hour), int(e.By%time.Hour/time.Minute)
		return time.Date(year, month, day, h, m, 0, 0, now.Location())
	}
	if t := at(day); !t.After(now) {
		return t
	}
	return at(day - 1)
}

// span writes a duration as people say it: 24h, 90m, 3d.
func span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%dd", int(d.Hours())/24)
	case d >= 2*time.Hour && d%time.Hour == 0, d >= 10*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	case d >= time.Minute:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	}
	return d.Round(time.Second).String()
}

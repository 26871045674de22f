package clevertap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"tapline/exporter"
	"tapline/exporter/format"
)

// maxEmpty is how many pages without a record may follow one another.
const maxEmpty = 1000

// An export is one of those that the vendor gives page by page, each page
// naming the cursor of the next: by event and days.
type export struct {
	api    string
	path   string
	params url.Values // of what is asked for, beside the size of a page
	// life is how long a cursor lives from its making. When it is over the walk
	// fails with exporter.ErrCursorExpired.
	life  time.Duration
	table func(s *Source, e Selection, sl exporter.Slice) *table
}

// walked reads the days of an event in the export of the stream. A batch is one
// or more whole pages. The next page is fetched while the last ones are decoded
// and used.
func walked(of func(st exporter.Stream) export) func(context.Context, *Source, exporter.Slice, exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	return func(ctx context.Context, s *Source, sl exporter.Slice, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
		return s.walk(ctx, of(sl.Stream), sl, after)
	}
}

func (s *Source) walk(ctx context.Context, x export, sl exporter.Slice, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	return func(yield func(exporter.Batch, error) bool) {
		_, e, err := s.kindOf(sl.Stream)
		if err == nil && sl.Day.IsZero() {
			err = fmt.Errorf("clevertap: %s: slice %q is no day: %w", sl.Stream.Name, sl.Name, exporter.ErrWindow)
		}
		if err != nil {
			yield(exporter.Batch{}, err)
			return
		}
		at, err := parsePosition(after)
		if err != nil {
			yield(exporter.Batch{}, fmt.Errorf("clevertap: resume %s %s: %w", sl.Stream.Name, sl.Name, err))
			return
		}
		event := sl.Stream.Vars["event"]
		w := &walk{s: s, export: x, event: event, filters: e.Filters, slice: sl, at: at, trail: newTrail(), table: x.table(s, e, sl)}
		defer w.table.b.Release()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer w.drop("")
		w.run(ctx, yield)
	}
}

// open opens a cursor over the event's day and returns it in its query form.
// The name is the stream's.
func (s *Source) open(ctx context.Context, x export, name, event string, day exporter.Day, f Filters) (string, error) {
	query := map[string]any{"event_name": event, "from": number(day), "to": number(day)}
	f.into(query)
	body, err := json.Marshal(query)
	if err != nil {
		return "", fmt.Errorf("clevertap: open %s %s: %w", name, day, err)
	}
	params := maps.Clone(x.params)
	params.Set("batch_size", strconv.Itoa(s.pageSize))
	q := call{
		op: fmt.Sprintf("open %s %s", name, day), api: x.api,
		method: http.MethodPost, path: x.path, query: params.Encode(), body: body,
	}
	var cursor string
	_, err = s.c.do(ctx, q, nil, func(body []byte) *failure {
		var a struct {
			Cursor string `json:"cursor"`
		}
		if err := json.Unmarshal(body, &a); err != nil || a.Cursor == "" {
			return &failure{kind: strange, err: &APIError{Op: q.op, Status: http.StatusOK, Message: "the answer has no cursor"}}
		}
		cursor = queryForm(a.Cursor)
		return nil
	})
	return cursor, err
}

// A walk reads one slice. It belongs to one goroutine, beside those that
// fetch its pages, and which it waits for.
type walk struct {
	s       *Source
	export  export
	event   string
	filters Filters
	slice   exporter.Slice
	table   *table
	trail   *trail
	at      position

	ahead []*fetch // pages being fetched: the one at hand, the one foretold
	free  [][]byte
	bytes int64 // of the pages in the builder
	empty int   // pages without a record, in a row
}

func (w *walk) run(ctx context.Context, yield func(exporter.Batch, error) bool) {
	for !w.at.Done {
		if ctx.Err() != nil { // though the next page may be here already
			yield(exporter.Batch{}, fmt.Errorf("clevertap: %s: %w", w.op(), ctx.Err()))
			return
		}
		before := w.table.b.Read()
		full, err := w.step(ctx)
		if errors.Is(err, format.ErrFull) && before > 0 {
			// Only together are they too much: hand out what was there before.
			full, err = true, nil
		}
		read := w.table.b.Read()
		stop := err != nil
		if stop && (ctx.Err() != nil || errors.Is(err, exporter.ErrCursorExpired)) {
			yield(exporter.Batch{}, err)
			return
		}
		// Pages before a failure are whole, and a later run goes on after them.
		if (full || stop || w.at.Done || read+(read-before) > w.s.batchRows || w.table.b.Bytes() >= w.s.batchBytes) && read > 0 {
			if !w.flush(yield) {
				return
			}
		}
		if stop {
			yield(exporter.Batch{}, err)
			return
		}
	}
}

// step adds the next page to the builder and moves on.
func (w *walk) step(ctx context.Context) (full bool, err error) {
	if w.at.Next == "" {
		if w.at.Next, err = w.s.open(ctx, w.export, w.slice.Stream.Name, w.event, w.slice.Day, w.filters); err != nil {
			return false, err
		}
		w.at.Opened = w.s.c.now().Unix()
	}
	w.trail.visit(w.at.Next)
	next, err := w.page(ctx)
	if err != nil {
		return false, err
	}
	if next == "" {
		w.at = position{Page: w.at.Page + 1, Opened: w.at.Opened, Done: true}
		return false, nil
	}
	switch {
	case len(next) > maxCursor:
		err = fmt.Errorf("clevertap: %s: a cursor of %d bytes", w.op(), len(next))
	case !w.trail.visit(next):
		err = fmt.Errorf("clevertap: %s: the next cursor is one that was walked already, the export goes in a circle", w.op())
	case w.empty > maxEmpty:
		err = fmt.Errorf("clevertap: %s: %d pages in a row without a record", w.op(), w.empty)
	}
	if err != nil {
		return false, err
	}
	w.at.Next, w.at.Page = next, w.at.Page+1
	w.drop(next)
	w.fetch(ctx, next)
	return false, nil
}

func (w *walk) flush(yield func(exporter.Batch, error) bool) bool {
	b := w.table.b.Flush()
	b.Bytes, w.bytes = w.bytes, 0
	c, err := w.at.cursor()
	if err != nil {
		if b.Record != nil {
			b.Record.Release()
		}
		yield(exporter.Batch{}, fmt.Errorf("clevertap: %s: %w", w.op(), err))
		return false
	}
	b.Cursor = c
	return give(b, yield)
}

// op names the page at hand.
func (w *walk) op() string {
	return fmt.Sprintf("page %d of %s %s", w.at.Page+1, w.slice.Stream.Name, w.slice.Name)
}

func (w *walk) call(cursor string, page int) call {
	return call{
		op:  fmt.Sprintf("page %d of %s %s", page+1, w.slice.Stream.Name, w.slice.Name),
		api: w.export.api, method: http.MethodGet, path: w.export.path, query: "cursor=" + cursor,
		walking: true, opened: time.Unix(w.at.Opened, 0), life: w.export.life,
	}
}

// A fetch is a page on its way.
type fetch struct {
	cursor string
	cancel context.CancelFunc
	done   chan struct{}
	body   []byte
	err    error
}

// fetch starts to fetch the page of the cursor unless it is under way.
func (w *walk) fetch(ctx context.Context, cursor string) {
	for _, f := range w.ahead {
		if f.cursor == cursor {
			return
		}
	}
	page := w.at.Page
	if cursor != w.at.Next {
		page++
	}
	var buf []byte
	if n := len(w.free); n > 0 {
		buf, w.free = w.free[n-1], w.free[:n-1]
	}
	ctx, cancel := context.WithCancel(ctx)
	f := &fetch{cursor: cursor, cancel: cancel, done: make(chan struct{})}
	w.ahead = append(w.ahead, f)
	q := w.call(cursor, page)
	go func() {
		defer close(f.done)
		f.body, f.err = w.s.c.do(ctx, q, buf, nil)
	}()
}

// take waits for the page of the cursor.
func (w *walk) take(ctx context.Context, cursor string) ([]byte, error) {
	w.fetch(ctx, cursor)
	for i, f := range w.ahead {
		if f.cursor == cursor {
			w.ahead = slices.Delete(w.ahead, i, i+1)
			<-f.done
			f.cancel()
			return f.body, f.err
		}
	}
	return nil, fmt.Errorf("clevertap: %s: not fetched", w.op())
}

// drop ends the fetches of all pages but that of the cursor, and waits for them.
func (w *walk) drop(but string) {
	w.ahead = slices.DeleteFunc(w.ahead, func(f *fetch) bool {
		if f.cursor == but {
			return false
		}
		f.cancel()
		<-f.done
		return true
	})
}

package clevertap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"tapline/exporter"
)

// KindProfilesByID is the kind of the streams of users that are named one by one.
const KindProfilesByID = "profiles_by_id"

// apiProfile is the gate of calls for one user.
const apiProfile = "profile"

// batchPeople is how many users a batch has at most. Each costs a call, which
// an interrupted run should not have made for nothing.
const batchPeople = 1000

func profilesByIDKind() kind {
	return kind{
		name: KindProfilesByID, keys: []string{"by", "ids", "ids_file", "ids_column", "ids_query", "children"},
		about: func(string) string { return "one row per user of a list, as of when it was read" },
		check: checkList, children: childrenOf(),
		slices: listSlice, read: readByID, replay: replayProfiles,
	}
}

// checkList says what is wrong with the list of an entry.
func checkList(e Selection) error {
	given := 0
	for _, is := range []bool{e.IDs != nil, e.IDsFile != "", e.IDsQuery != ""} {
		if is {
			given++
		}
	}
	switch {
	case e.By == "":
		return fmt.Errorf("by: missing; say whether the ids are of kind identity, email or objectId")
	case given != 1:
		return fmt.Errorf("ids: want one of ids, ids_file and ids_query, got %d", given)
	case e.IDsColumn != "" && e.IDsFile == "":
		return fmt.Errorf("ids_column: is of the file in ids_file, and there is none")
	}
	return checkChildren(e)
}

// listSlice makes the one slice of a list. Its revision is the day and a hash of
// the ids, so that it is read once a day, and when the list changes.
func listSlice(ctx context.Context, s *Source, st exporter.Stream, _ exporter.Window) ([]exporter.Slice, error) {
	_, e, err := s.kindOf(st)
	if err != nil {
		return nil, err
	}
	l, err := s.summed(ctx, e)
	if err != nil {
		return nil, fmt.Errorf("clevertap: %s: %w", st.Name, err)
	}
	return []exporter.Slice{{Stream: st, Name: "list", Revision: s.today().String() + "." + l.content()}}, nil
}

// A turn is what an exporter.Cursor of a list means.
type turn struct {
	Next int    `json:"next"` // how many ids are done
	Of   string `json:"of"`   // which list
}

func parseTurn(c exporter.Cursor) (t turn, err error) {
	if c == "" {
		return t, nil
	}
	if json.Unmarshal([]byte(c), &t) != nil || t.Next <= 0 || t.Of == "" {
		return t, fmt.Errorf("not a cursor of this version: %w", exporter.ErrCursorExpired)
	}
	return t, nil
}

// readByID asks for the users of a list, some at a time, and yields them in its
// order. Who is not found gives no row.
func readByID(ctx context.Context, s *Source, sl exporter.Slice, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	return func(yield func(exporter.Batch, error) bool) {
		_, e, err := s.kindOf(sl.Stream)
		var at turn
		if err == nil {
			at, err = parseTurn(after)
		}
		var list *idList
		if err == nil {
			list, err = s.spool(ctx, e)
		}
		if err != nil {
			yield(exporter.Batch{}, fmt.Errorf("clevertap: read %s: %w", sl.Stream.Name, err))
			return
		}
		defer list.close()
		_, planned, _ := strings.Cut(sl.Revision, ".")
		switch {
		case planned != "" && planned != list.content():
			err = fmt.Errorf("the list changed since the run was planned: %w", exporter.ErrReplaced)
		case at.Of != "" && (at.Of != list.sequence() || at.Next > list.n):
			err = fmt.Errorf("the list is in another order now: %w", exporter.ErrCursorExpired)
		}
		if err != nil {
			yield(exporter.Batch{}, fmt.Errorf("clevertap: read %s: %w", sl.Stream.Name, err))
			return
		}
		r := &roll{s: s, by: e.By, slice: sl, list: list, table: s.profileTable(e, sl)}
		defer r.table.b.Release()
		ctx, cancel := context.WithCancel(ctx)
		defer r.drop()
		defer cancel()
		r.run(ctx, at.Next, yield)
	}
}

// A roll calls the users of a list. It belongs to one goroutine, beside those
// that ask, and which it waits for.
type roll struct {
	s     *Source
	by    string
	slice exporter.Slice
	list  *idList
	table *table

	asked   int       // ids taken from the list
	done    int       // of them, those whose answer is used
	missing int       // of them, those not found
	flight  []*lookup // in the list's order
	bytes   int64
}

// A lookup is a user on the way.
type lookup struct {
	done   chan struct{}
	record []byte // nil = not found
	size   int
	err    error
}

func (r *roll) run(ctx context.Context, from int, yield func(exporter.Batch, error) bool) {
	for r.asked < from {
		if _, err := r.list.next(); err != nil {
			yield(exporter.Batch{}, fmt.Errorf("clevertap: read %s: %w", r.slice.Stream.Name, err))
			return
		}
		r.asked, r.done = r.asked+1, r.done+1
	}
	for {
		err := r.step(ctx)
		b := r.table.b
		end := errors.Is(err, errNoMore)
		if ctx.Err() == nil && b.Read() > 0 && (err != nil || b.Read() >= min(batchPeople, r.s.batchRows) || b.Bytes() >= r.s.batchBytes) {
			if !r.flush(yield) {
				return
			}
		}
		switch {
		case end:
			r.report(from)
			return
		case err != nil:
			yield(exporter.Batch{}, err)
			return
		}
	}
}

// step uses the next answer, and keeps as many on the way as may be.
func (r *roll) step(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("clevertap: read %s: %w", r.slice.Stream.Name, err)
	}
	for len(r.flight) < r.s.c.slots && r.asked < r.list.n {
		id, err := r.list.next()
		if err != nil {
			return fmt.Errorf("clevertap: read %s: %w", r.slice.Stream.Name, err)
		}
		r.asked++
		r.flight = append(r.flight, r.ask(ctx, id))
	}
	if len(r.flight) == 0 {
		return errNoMore
	}
	a := r.flight[0]
	r.flight = r.flight[1:]
	<-a.done
	if a.err != nil {
		return a.err
	}
	r.done++
	r.bytes += int64(a.size)
	if a.record == nil {
		r.missing++
		return nil
	}
	return r.table.dec.Record(a.record, fmt.Sprintf("id %d of the list", r.done))
}

// errNoMore says that the list is at its end. io.EOF would not do: a connection
// that ends has that inside its error.
var errNoMore = errors.New("no more ids")

// errAbsent is the answer that there is no such user.
var errAbsent = errors.New("not found")

// ask asks for a user. The id is in the URL, as the vendor wants it, and in
// nothing that is shown. Source: developer.clevertap.com, "Get User Profiles",
// read 2026-11-22.
func (r *roll) ask(ctx context.Context, id string) *lookup {
	a := &lookup{done: make(chan struct{})}
	q := call{
		op: fmt.Sprintf("id %d of %s", r.asked, r.slice.Stream.Name), api: apiProfile,
		method: http.MethodGet, path: "/1/profile.json", query: url.Values{r.by: {id}}.Encode(), secret: id, single: true,
	}
	go func() {
		defer close(a.done)
		body, err := r.s.c.do(ctx, q, nil, func(body []byte) *failure {
			found, f := r.s.reply(q, body, "record")
			if f != nil {
				return f
			}
			if a.record = found["record"]; a.record == nil {
				return odd(q, "the answer has no record")
			}
			return nil
		})
		if a.size = len(body); errors.Is(err, errAbsent) {
			err = nil
		}
		a.err = err
	}()
	return a
}

// drop waits for whoever is on the way; their context is done.
func (r *roll) drop() {
	for _, a := range r.flight {
		<-a.done
	}
}

func (r *roll) flush(yield func(exporter.Batch, error) bool) bool {
	b := r.table.b.Flush()
	b.Bytes, r.bytes = r.bytes, 0
	c, err := json.Marshal(turn{Next: r.done, Of: r.list.sequence()})
	if err != nil {
		if b.Record != nil {
			b.Record.Release()
		}
		yield(exporter.Batch{}, fmt.Errorf("clevertap: read %s: %w", r.slice.Stream.Name, err))
		return false
	}
	b.Cursor = exporter.Cursor(c)
	return give(b, yield)
}

// report says how many were not found. When that is all of them, by: is likely
// to be wrong.
func (r *roll) report(from int) {
	log := r.s.c.log.Debug
	if r.missing == r.list.n && r.list.n > 0 && from == 0 {
		log = r.s.c.log.Warn
	}
	if r.missing > 0 {
		log("ids were not found", "stream", r.slice.Stream.Name, "by", r.by, "missing", r.missing, "ids", r.list.n)
	}
}

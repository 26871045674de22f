package clevertap

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"tapline/exporter/format"
	fjson "tapline/exporter/format/json"
)

// page decodes the page at hand into the builder, all of it or nothing, and
// returns the next cursor in its query form; empty is the end. A page that does
// not parse is fetched again.
func (w *walk) page(ctx context.Context) (next string, err error) {
	p := w.s.c.patience(w.call(w.at.Next, w.at.Page))
	mark := w.table.b.Mark()
	read := w.table.b.Read()
	for {
		body, err := w.take(ctx, w.at.Next)
		if err != nil {
			return "", err
		}
		// A guess that saves the time of decoding; decoding tells if it is right.
		if guess := foretell(body); guess != "" && queryForm(guess) != w.at.Next {
			w.fetch(ctx, queryForm(guess))
		}
		next, f := w.decode(body)
		w.free = append(w.free, body)
		if f == nil {
			w.bytes += int64(len(body))
			w.empty++
			if w.table.b.Read() > read {
				w.empty = 0
			}
			return next, nil
		}
		w.table.b.Rollback(mark)
		if err := p.wait(ctx, f); err != nil {
			return "", err
		}
	}
}

// An envelope is what stands around the records of a page.
type envelope struct {
	status, next, cursor string
	failure              []byte // the value under "error"
	code                 int
	records              bool
}

// decode reads the envelope and puts the records into the builder.
func (w *walk) decode(body []byte) (next string, f *failure) {
	s := fjson.NewScanner(body)
	e, err := w.envelope(s)
	if err == nil {
		err = s.Done()
	}
	if err == nil {
		err = w.table.b.Err()
	}
	switch {
	case errors.Is(err, format.ErrFull):
		return "", &failure{err: fmt.Errorf("clevertap: %s: %w", w.op(), err)}
	case err != nil:
		// Scanner errors name a place and no content.
		return "", &failure{kind: again, err: fmt.Errorf("clevertap: %s: the answer is damaged: %w", w.op(), err)}
	}
	return w.nextOf(e)
}

// envelope reads a page. Its keys come in any order, the records among them.
func (w *walk) envelope(s *fjson.Scanner) (e envelope, err error) {
	err = s.Object(func(key []byte) (err error) {
		if s.Kind() == fjson.Null {
			return nil
		}
		switch string(key) {
		case "status":
			e.status, err = s.Text()
		case "next_cursor":
			e.next, err = s.Text()
		case "cursor":
			e.cursor, err = s.Text()
		case "error":
			e.failure, err = s.Raw()
		case "code":
			var raw []byte
			raw, err = s.Raw()
			e.code, _ = strconv.Atoi(string(bytes.Trim(raw, `"`))) // 0 is none that is known
		case "records":
			e.records = true
			err = w.table.dec.Records(s, w.place)
		}
		return err
	})
	return e, err
}

// place says where record i of the page at hand was read.
func (w *walk) place(i int) string { return fmt.Sprintf("page %d, record %d", w.at.Page+1, i+1) }

// nextOf finds the next cursor. Most accounts send next_cursor until the end;
// some send status "partial" and the next place in cursor.
func (w *walk) nextOf(e envelope) (string, *failure) {
	q := w.call(w.at.Next, w.at.Page)
	oops := func(kind failKind, message string) (string, *failure) {
		return "", &failure{kind: kind, err: &APIError{Op: q.op, Status: http.StatusOK, Message: message}}
	}
	switch {
	case e.status != "success" && e.status != "partial":
		if e.status != "fail" && e.failure == nil {
			return oops(strange, "the answer is not a page of an export")
		}
		a := answer{status: http.StatusOK, header: http.Header{}}
		return "", w.s.c.failed(q, a, e.code, w.s.c.plain(stdjson.RawMessage(e.failure)))
	case e.next != "":
		return queryForm(e.next), nil
	case e.status == "success":
		return "", nil
	case e.cursor != "":
		return queryForm(e.cursor), nil
	case e.records:
		return oops(again, "the page is partial and names no cursor")
	}
	return oops(pending, "still in progress")
}

// near is how far from either end of a page its cursor is looked for.
const near = 16 << 10

// foretell guesses the next cursor without reading the page. No text inside a
// JSON string looks like it, for quotes are escaped there; but a record could
// have a key of that name.
func foretell(body []byte) string {
	head, tail := body[:min(near, len(body))], body[max(0, len(body)-near):]
	keys := []string{`"next_cursor":"`}
	if bytes.Contains(head, []byte(`"status":"partial"`)) {
		keys = append(keys, `"cursor":"`)
	}
	for _, key := range keys {
		for _, part := range [][]byte{tail, head} {
			i := bytes.LastIndex(part, []byte(key))
			if i < 0 {
				continue
			}
			v := part[i+len(key):]
			if n := bytes.IndexAny(v, `"\`); n > 0 && v[n] == '"' {
				return string(v[:n])
			}
		}
	}
	return ""
}

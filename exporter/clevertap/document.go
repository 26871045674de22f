package clevertap

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strconv"

	"tapline/exporter"
	"tapline/exporter/format"
	fjson "tapline/exporter/format/json"
)

// A document is a slice that one answer holds whole, as a list of records.
type document struct {
	slice exporter.Slice
	call  call
	// list finds the records in an answer: a JSON list, nil when there are
	// none, or what is wrong with the answer.
	list func(body []byte) ([]byte, *failure)
	// columns are declared, root says where the keys of a record go, and
	// constants, when not nil, sets the columns that records do not carry.
	columns []format.Declared
	root    func(b *format.Builder) fjson.Node
	// constants returns what sets them in the row begun.
	constants func(b *format.Builder) func()
}

// An outline makes the document of a slice. Kinds whose slices are documents are
// read and replayed by its methods.
type outline func(s *Source, sl exporter.Slice) (document, error)

func (o outline) read(ctx context.Context, s *Source, sl exporter.Slice, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	d, err := o(s, sl)
	if err != nil {
		return failed(err)
	}
	d.slice = sl
	return s.readDocument(ctx, d, after)
}

func (o outline) replay(ctx context.Context, s *Source, sl exporter.Slice, raw []string) iter.Seq2[exporter.Batch, error] {
	d, err := o(s, sl)
	if err != nil {
		return failed(err)
	}
	return func(yield func(exporter.Batch, error) bool) {
		r := s.records(d)
		defer r.b.Release()
		for i, text := range raw {
			err := ctx.Err()
			if err == nil {
				err = r.dec.Record([]byte(text), fmt.Sprintf("replayed record %d", i+1))
			}
			if err != nil {
				yield(exporter.Batch{}, fmt.Errorf("clevertap: replay %s %s: %w", sl.Stream.Name, sl.Name, err))
				return
			}
			if (r.full() || i == len(raw)-1) && !give(r.b.Flush(), yield) {
				return
			}
		}
	}
}

// A spot is what an exporter.Cursor of a document means: how many records are
// before it, of which answer. Asked again, the vendor may give another one; then
// what was read of the first is worth nothing.
type spot struct {
	Record int    `json:"record"`
	Of     string `json:"of"`
	Done   bool   `json:"done,omitempty"`
}

func parseSpot(c exporter.Cursor) (at spot, err error) {
	if c == "" {
		return at, nil
	}
	if json.Unmarshal([]byte(c), &at) != nil || at.Record <= 0 || at.Of == "" {
		return at, fmt.Errorf("not a cursor of this version: %w", exporter.ErrCursorExpired)
	}
	return at, nil
}

// readDocument makes the call and yields the records of its answer after the
// cursor.
func (s *Source) readDocument(ctx context.Context, d document, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	return func(yield func(exporter.Batch, error) bool) {
		at, err := parseSpot(after)
		if err != nil {
			yield(exporter.Batch{}, fmt.Errorf("clevertap: resume %s %s: %w", d.slice.Stream.Name, d.slice.Name, err))
			return
		}
		if at.Done {
			return
		}
		var list []byte
		_, err = s.c.do(ctx, d.call, nil, func(body []byte) (f *failure) {
			list, f = d.list(body)
			return f
		})
		sum := sha256.Sum256(list)
		of := hex.EncodeToString(sum[:16])
		if err == nil && at.Of != "" && at.Of != of {
			err = fmt.Errorf("clevertap: resume %s %s: the answer is another one now: %w", d.slice.Stream.Name, d.slice.Name, exporter.ErrCursorExpired)
		}
		if err != nil {
			yield(exporter.Batch{}, err)
			return
		}
		if len(list) > 0 {
			r := s.records(d)
			defer r.b.Release()
			r.from, r.of = at.Record, of
			r.yield(ctx, list, yield)
		}
	}
}

// errEnough says that whoever takes the batches wants no more.
var errEnough = errors.New("enough")

// records hands the records of a list out in batches.
type records struct {
	s    *Source
	d    document
	from int // the record to begin with
	of   string

	b     *format.Builder
	dec   *fjson.Decoder
	bytes int64
}

// records returns what lays the document's records out. Its builder is released
// by the caller.
func (s *Source) records(d document) *records {
	r := &records{s: s, d: d, b: format.NewBuilder(s.mem, d.columns...)}
	var o fjson.Options
	if d.constants != nil {
		set := d.constants(r.b)
		o.Row = func() string { set(); return "" }
	}
	r.dec = fjson.NewDecoder(r.b, d.root(r.b), o)
	return r
}

// full reports whether what is decoded is a batch.
func (r *records) full() bool {
	return r.b.Read() >= r.s.batchRows || r.b.Bytes() >= r.s.batchBytes
}

func (r *records) yield(ctx context.Context, list []byte, yield func(exporter.Batch, error) bool) {
	n := 0
	sc := fjson.NewScanner(list)
	err := sc.Array(func(i int) error {
		n = i + 1
		raw, err := sc.Loose()
		if err != nil || i < r.from {
			return err
		}
		if r.b.Read() > 0 && r.full() && !r.flush(spot{Record: i, Of: r.of}, yield) {
			return errEnough
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		r.bytes += int64(len(raw)) + 1
		return r.dec.Record(raw, "record "+strconv.Itoa(i+1))
	})
	switch {
	case errors.Is(err, errEnough):
	case err != nil:
		yield(exporter.Batch{}, fmt.Errorf("clevertap: %s: %w", r.d.call.op, err))
	case r.b.Read() > 0:
		r.flush(spot{Record: n, Of: r.of, Done: true}, yield)
	}
}

func (r *records) flush(at spot, yield func(exporter.Batch, error) bool) bool {
	b := r.b.Flush()
	b.Bytes, r.bytes = r.bytes, 0
	c, err := json.Marshal(at)
	if err != nil {
		yield(exporter.Batch{}, fmt.Errorf("clevertap: %s: %w", r.d.call.op, err))
		return false
	}
	b.Cursor = exporter.Cursor(c)
	return give(b, yield)
}

// A reply is the outside of an answer: the raw values of the keys asked for
// that are there and not null.
type reply map[string][]byte

// reply reads the outside of an answer that must have the status "success".
func (s *Source) reply(q call, body []byte, keys ...string) (reply, *failure) {
	var (
		r      = reply{}
		status string
		code   int
	)
	keys = append([]string{"error"}, keys...)
	sc := fjson.NewScanner(body)
	err := sc.Object(func(key []byte) (err error) {
		var raw []byte
		switch k := string(key); {
		case sc.Kind() == fjson.Null:
		case k == "status" && sc.Kind() == fjson.String:
			status, err = sc.Text()
		case k == "code":
			raw, err = sc.Raw()
			code, _ = strconv.Atoi(string(bytes.Trim(raw, `"`))) // 0 is none that is known
		case slices.Contains(keys, k):
			r[k], err = sc.Loose()
		}
		return err
	})
	if err == nil {
		err = sc.Done()
	}
	switch {
	case err != nil: // it names a place and no content
		return nil, &failure{kind: again, err: fmt.Errorf("clevertap: %s: the answer is damaged: %w", q.op, err)}
	case status == "fail" || status == "" && r["error"] != nil:
		return nil, s.c.failed(q, answer{status: http.StatusOK, header: http.Header{}}, code, s.c.plain(r["error"]))
	case status != "success":
		return nil, odd(q, "the answer is neither success nor failure")
	}
	return r, nil
}

// list is the value of a key that holds a list; nil when it is absent.
func (r reply) list(q call, key string) ([]byte, *failure) {
	if raw := r[key]; raw != nil && raw[0] != '[' {
		return nil, odd(q, key+" is no list")
	}
	return r[key], nil
}

// odd is an answer that is not what was asked for.
func odd(q call, message string) *failure {
	return &failure{kind: strange, err: &APIError{Op: q.op, Status: http.StatusOK, Message: message}}
}

// elements is the number of elements of a JSON list.
func elements(list []byte) (n int, err error) {
	if list == nil {
		return 0, nil
	}
	sc := fjson.NewScanner(list)
	err = sc.Array(func(int) error {
		n++
		_, err := sc.Loose()
		return err
	})
	return n, err
}

package csv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"tapline/exporter"
	"tapline/exporter/format"
)

// Read yields the rows of a content in batches, after the cursor of one of them.
//
// Columns are those of the header, under its names; those without a value in a
// batch are left out of it. Rows, kinds and rejects are the same in whatever
// batches and from whatever cursor they are read.
//
// Errors: exporter.ErrCursorExpired for a cursor that is not one of Read;
// exporter.ErrContent for a header that cannot be one; those of in.Open and its
// Stream, exporter.ErrReplaced and exporter.ErrContent among them.
func Read(ctx context.Context, in format.Input, o Options, lay Layout, bt format.Batching, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	return func(yield func(exporter.Batch, error) bool) {
		r := &reader{ctx: ctx, in: in, o: o, bt: bt.OrDefaults(), yield: yield, at: where{line: 1}}
		err := r.open(lay, after)
		if err == nil {
			err = r.run()
		}
		r.close()
		if err != nil && !errors.Is(err, errStopped) {
			yield(exporter.Batch{}, err)
		}
	}
}

// errStopped says that no further batch is wanted.
var errStopped = errors.New("csv: stopped")

// The buffer is read in windows, of which as many fields are indexed at a time
// as stay in the nearest cache while columns are filled from them. Behind its
// content it can be read on in steps of whole groups.
const (
	window    = 128 << 10
	slack     = 128
	maxStarts = 1 << 12
	wideRows  = 128 // of many columns more are indexed than that
)

// A reader reads one content.
type reader struct {
	ctx   context.Context
	in    format.Input
	o     Options
	bt    format.Batching
	yield func(exporter.Batch, error) bool

	d    Dialect
	src  *source
	b    *format.Builder
	cols []column
	fill filler
	x    index

	buf    []byte // its unread part is buf[lo:hi]; slack bytes behind can be read too
	lo, hi int
	eof    bool

	at    where // a place at or before lo
	near  where // the last one asked for
	began int64 // offset where the batch begins
	raw   int64 // bytes of the rejected rows of the batch
}

// open finds the dialect at the start of the content and begins to read it
// after the cursor.
func (r *reader) open(lay Layout, after exporter.Cursor) error {
	r.bt.Rows, r.bt.Bytes = min(r.bt.Rows, 1<<22), min(r.bt.Bytes, 1<<30)
	at, err := parseCursor(after)
	if err != nil {
		return fmt.Errorf("csv: %s: %w", r.in.Name, err)
	}
	if r.src, err = openSource(r.ctx, r.in, format.Place{}); err != nil {
		return err
	}
	sample, complete, err := r.src.peek(SampleSize, r.in.Size)
	if err != nil {
		return r.failed(err)
	}
	if r.d, err = Detect(sample, complete, r.o); err != nil {
		return fmt.Errorf("%s: %w", r.in.Name, err)
	}
	if r.b, r.cols, err = columns(r.d.Columns, r.o, lay, r.bt); err != nil {
		return err
	}
	most := r.o.MaxRecord
	if most == 0 {
		most = defaultMaxRecord
	}
	n := len(r.cols)
	size := window
	if r.in.Size >= 0 {
		size = int(min(max(2*r.in.Size, 4<<10), window))
	}
	r.x = newIndex(r.d.syntax(most, n+1), min(size, max(maxStarts, wideRows*n), window/2))
	r.buf = make([]byte, size+slack)
	r.fill.init(r)
	if after == "" {
		return r.start()
	}
	r.src.close()
	if r.src, err = openSource(r.ctx, r.in, at.place); err != nil {
		return err
	}
	r.at = where{line: at.line, offset: at.place.Offset}
	r.began = at.place.Offset
	return nil
}

// start goes on to the first row.
func (r *reader) start() error {
	r.src.drop(r.d.mark)
	r.at.offset = int64(r.d.mark)
	for r.hi < r.d.body && !r.eof {
		if err := r.more(); err != nil {
			return err
		}
	}
	r.lo = min(r.d.body, r.hi)
	return nil
}

func (r *reader) close() {
	if r.src != nil {
		r.src.close()
	}
	if r.b != nil {
		r.b.Release()
	}
}

// failed is what becomes of an error of the stream.
func (r *reader) failed(err error) error {
	at := r.locate(r.lo)
	return fmt.Errorf("csv: %s, line %d, byte %d: %w", r.in.Name, at.line, at.offset, err)
}

// run reads to the end.
func (r *reader) run() error {
	if len(r.cols) == 0 {
		return nil
	}
	for {
		if err := r.ctx.Err(); err != nil {
			return r.failed(err)
		}
		if !r.eof && r.hi-r.lo < window/2 {
			if err := r.more(); err != nil {
				return err
			}
		}
		if r.lo == r.hi {
			if !r.eof {
				continue
			}
			return r.flush(r.lo)
		}
		r.x.reset()
		end := r.x.scan(r.buf, r.lo, r.hi, r.eof)
		if end == r.lo {
			if err := r.more(); err != nil {
				return err
			}
			continue
		}
		if err := r.rows(); err != nil {
			return err
		}
		r.lo = end
		if r.x.cutShort() {
			if err := r.discard(); err != nil {
				return err
			}
		}
		r.at = r.locate(r.lo)
		if r.full() || r.b.Bytes() >= r.bt.Bytes {
			if err := r.flush(r.lo); err != nil {
				return err
			}
		}
	}
}

// full reports whether the batch has as many rows, or as large rejects, as it may.
func (r *reader) full() bool { return r.b.Read() >= r.bt.Rows || r.raw >= r.bt.Bytes }

// more reads on, and makes room for it.
func (r *reader) more() error {
	r.at = r.locate(r.lo)
	copy(r.buf, r.buf[r.lo:r.hi])
	r.hi -= r.lo
	r.lo, r.at.pos = 0, 0
	r.near = r.at
	if r.hi > (len(r.buf)-slack)/2 {
		grown := make([]byte, 2*len(r.buf)+slack)
		copy(grown, r.buf[:r.hi])
		r.buf = grown
	}
	n, err := r.src.read(r.buf[r.hi:len(r.buf)-slack], r.d.Encoding)
	r.hi += n
	r.x.prepare(r.buf[:r.hi])
	if err == io.EOF {
		r.eof = true
		if r.hi > 0 && r.buf[r.hi-1] == ctrlZ {
			r.hi--
		}
		return nil
	}
	if err != nil {
		return r.failed(err)
	}
	return nil
}

// discard passes over the rest of the line.
func (r *reader) discard() error {
	for {
		_, next := r.x.line(r.buf[:r.hi], r.lo, r.eof)
		if next >= 0 {
			r.lo = next
			return nil
		}
		if r.hi > 0 && r.buf[r.hi-1] == '\r' {
			r.lo = r.hi - 1
		} else {
			r.lo = r.hi
		}
		if err := r.more(); err != nil {
			return err
		}
	}
}

// rows puts the records of the index into the Builder. It flushes before a
// record for which the batch has no room.
func (r *reader) rows() error {
	for records := r.x.records; len(records) > 0; {
		if r.full() {
			if err := r.flush(r.x.start(records[0])); err != nil {
				return err
			}
		}
		n := r.regular(records[:min(len(records), r.bt.Rows-r.b.Read())])
		if n > 0 {
			if err := r.fill.rows(records[:n]); err != nil {
				return err
			}
		} else {
			n = 1
			r.irregular(records[0])
		}
		records = records[n:]
	}
	return nil
}

// regular counts the records that are rows, from the first on.
func (r *reader) regular(records []record) int {
	want, header := int32(len(r.cols)), r.d.header
	for i, c := range records {
		if c.fields != want {
			return i
		}
		switch start := r.x.start(c); int(c.end) - start {
		case len(header):
			if string(r.buf[start:c.end]) == string(header) {
				return i
			}
		case 0: // a blank line where there is one column
			return i
		}
	}
	return len(records)
}

// irregular rejects a record that is no row. Blank lines are passed over.
func (r *reader) irregular(c record) {
	start := r.x.start(c)
	text := r.buf[start:c.end]
	if len(text) == 0 {
		return
	}
	why := ReasonFields
	switch {
	case c.fields == badQuotes:
		why = ReasonQuote
	case c.fields == tooLarge:
		why = ReasonTooLarge
		text = text[:min(len(text), 64<<10)]
	case r.d.header != nil && string(text) == string(r.d.header):
		why = ReasonHeader
	}
	r.b.BeginRow()
	r.b.RejectRow(exporter.Reject{Reason: why, Place: r.place(start), Raw: storable(text)})
	r.raw += int64(len(text)) + 128
}

// flush yields what there is; the next record begins at next.
func (r *reader) flush(next int) error {
	at := r.locate(next)
	if r.b.Read() == 0 {
		return nil
	}
	if err := r.b.Err(); err != nil {
		return fmt.Errorf("csv: %s, line %d: %w", r.in.Name, at.line, err)
	}
	out := r.b.Flush()
	out.Cursor = cursor(r.src.place(at.offset), at.line)
	out.Bytes = at.offset - r.began
	r.began, r.raw = at.offset, 0
	more := r.yield(out, nil)
	if out.Record != nil {
		out.Record.Release()
	}
	if !more {
		return errStopped
	}
	return nil
}

// cursor is a place and the number of the line that begins there.
func cursor(p format.Place, line int64) exporter.Cursor {
	return exporter.Cursor(p.String() + " " + strconv.FormatInt(line, 10))
}

type cursorPlace struct {
	place format.Place
	line  int64
}

func parseCursor(c exporter.Cursor) (at cursorPlace, err error) {
	if c == "" {
		return at, nil
	}
	place, line, _ := strings.Cut(string(c), " ")
	at.place, err = format.ParsePlace(place)
	if err == nil {
		at.line, err = strconv.ParseInt(line, 10, 64)
	}
	if err != nil || at.line < 1 || at.place.Offset < 1 {
		return at, fmt.Errorf("cursor %.40q: %w", c, exporter.ErrCursorExpired)
	}
	return at, nil
}

package json

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"

	"tapline/exporter"
	"tapline/exporter/format"
)

// FileOptions are how Read reads; the zero value works.
type FileOptions struct {
	// Flatten makes columns of the keys of objects, named by their dotted path
	// and at any depth, where the root node says nothing else; see Node.Deep.
	Flatten bool
	// MaxRecord is how many bytes a record, or a line, may have. 0 = 16 MiB.
	MaxRecord int
}

// The reasons of rejects made by Read only.
const (
	ReasonTruncated = "json.truncated" // the file ends in the middle of its last record

	reasonManyKeys = "json.many_keys" // ends the file
)

const (
	fileBlock = 512 << 10 // bytes read at a time
	probe     = 64 << 10  // bytes by which the shape of a file is told
	padding   = 16        // bytes behind a line that the decoder may look at
	cutRaw    = 64 << 10  // kept of a record that is too large
	maxKeys   = 20000     // columns and objects that keys of a file make
	checked   = 128       // records between looks at how large the batch is
	mostRows  = 1 << 23   // of a batch, and
	largest   = 1 << 30   // bytes of one, so that no column comes near its limit
)

// Read yields the records of a file after the cursor, one row each, in the
// columns that root says; root is called once, with the Builder of the batches.
//
// A file is lines of one record or several, records that go over lines, or
// lists of records; which it is shows in its first 64 KiB. A first line that is
// no JSON object is passed when one follows (CleverTap writes the event's name
// there), and so are empty lines. The text is UTF-8 or, with a byte order mark,
// UTF-16. A line that is no JSON is a rejected row, and reading goes on behind
// it; in a list nothing behind damage can be trusted.
//
// Batches have Place "<name>, line 12, byte 3456" in their rejects, lines
// counted from 1 and bytes of the content from 0. Errors: those of in,
// exporter.ErrCursorExpired, exporter.ErrContent for a damaged list and for more
// than 20,000 different keys.
func Read(ctx context.Context, in format.Input, root func(b *format.Builder) Node, o FileOptions, bt format.Batching, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	return func(yield func(exporter.Batch, error) bool) {
		err := read(ctx, in, root, o, bt.OrDefaults(), after, yield, fileBlock)
		if err != nil && !errors.Is(err, errStopped) {
			yield(exporter.Batch{}, err)
		}
	}
}

// errStopped says that the caller wants no more.
var errStopped = errors.New("stopped")

func read(ctx context.Context, in format.Input, root func(b *format.Builder) Node, o FileOptions, bt format.Batching, after exporter.Cursor,
	yield func(exporter.Batch, error) bool, block int,
) error {
	at, err := parsePosition(after)
	if err != nil {
		return err
	}
	s, err := in.Open(ctx, at.place)
	if err != nil {
		return err
	}
	s = format.Ahead(s)
	defer s.Close()
	b := format.NewBuilder(bt.Mem)
	defer b.Release()
	n := root(b)
	n.Deep = n.Deep || o.Flatten
	if o.MaxRecord <= 0 {
		o.MaxRecord = defaultMaxRecord
	}
	bt.Rows, bt.Bytes = min(bt.Rows, mostRows), min(bt.Bytes, largest)
	r := &fileReader{
		ctx: ctx, b: b, bt: bt, yield: yield, max: o.MaxRecord,
		d: NewDecoder(b, n, Options{MaxRecord: o.MaxRecord}), text: newContent(in.Name, s, at, block), shape: at.shape, given: at.place.Offset,
	}
	r.d.maxKeys, r.d.place = maxKeys, func(int) string { return r.text.where(r.start) }
	if after == "" {
		if err := r.begin(); err != nil {
			return err
		}
	}
	if err := r.records(); err != nil {
		return err
	}
	if b.Read() == 0 {
		return nil
	}
	return r.flush()
}

// A fileReader reads one file.
type fileReader struct {
	ctx   context.Context
	b     *format.Builder
	bt    format.Batching
	d     *Decoder
	text  *content
	yield func(exporter.Batch, error) bool
	max   int // bytes of a record

	shape shape
	start int   // in text.buf, of the record being read
	since int   // records since the batch's size was looked at
	given int64 // bytes of the content before this batch
}

func (r *fileReader) records() error {
	switch r.shape {
	case lines:
		return r.lines()
	case values:
		return r.values()
	}
	return r.lists()
}

// lines reads records that stand on lines of their own.
func (r *fileReader) lines() error {
	t := r.text
	for seen := 0; ; seen = 0 {
		n := bytes.IndexByte(t.buf[t.pos+seen:t.end], '\n')
		for n < 0 && !t.eof {
			if seen = t.end - t.pos; seen > r.max {
				break
			}
			if err := t.more(); err != nil {
				return err
			}
			n = bytes.IndexByte(t.buf[t.pos+seen:t.end], '\n')
		}
		eol := t.pos + seen + n
		if n < 0 {
			eol = t.end
		}
		var err error
		switch {
		case eol-t.pos > r.max:
			err = r.tooLarge()
		case t.pos == t.end:
			return nil
		default:
			err = r.line(eol)
		}
		if err != nil {
			return err
		}
	}
}

// line reads the records of the line that ends at eol. The decoder may look a
// little behind it, which is quicker than having each line end like a document.
func (r *fileReader) line(eol int) error {
	t, d := r.text, r.d
	d.l.doc, r.start = t.buf[:eol+padding], t.pos
	for i := d.l.skip(t.pos); i < eol; {
		r.start = i
		end := d.record(i)
		if end < 0 || end > eol {
			d.bad = fault{reason: r.mistake(eol)}
			end = eol
			d.end(bytes.TrimRight(t.buf[i:end], white))
		} else {
			d.end(t.buf[i:end])
		}
		i = d.l.skip(end)
		if t.pos = min(i, eol); i >= eol {
			break
		}
		if err := r.next(end - r.start); err != nil {
			return err
		}
	}
	size := eol - r.start
	t.pos = min(eol+1, t.end)
	return r.next(size)
}

// mistake is the reason of what is no JSON up to eol: cut off, when it is the
// last line and all of it could be the start of a record.
func (r *fileReader) mistake(eol int) string {
	r.d.l.err = nil
	if eol < r.text.end || !r.text.eof {
		return ReasonSyntax
	}
	return r.lastMistake(eol)
}

// lastMistake is mistake at the end of the file.
func (r *fileReader) lastMistake(end int) string {
	l := lexer{doc: r.text.buf[:end]}
	var bad fault
	if n, _ := r.d.w.walk(&l, r.start, 0, &bad); n < 0 && begun(l.doc[l.err.Offset:]) {
		return ReasonTruncated
	}
	return ReasonSyntax
}

// begun reports whether b is nothing, or an escape that ends too early.
func begun(b []byte) bool {
	switch {
	case len(b) < 2:
		return len(b) == 0 || b[0] == '\\'
	case len(b) >= 6 || b[0] != '\\' || b[1] != 'u':
		return false
	}
	return len(bytes.Trim(b[2:], "0123456789abcdefABCDEF")) == 0
}

// tooLarge rejects a line that is too large, and passes it.
func (r *fileReader) tooLarge() error {
	t := r.text
	r.start = t.pos
	r.b.BeginRow()
	r.b.RejectRow(exporter.Reject{Reason: ReasonTooLarge, Place: t.where(t.pos), Raw: storable(t.buf[t.pos:][:min(r.max, cutRaw)])})
	for {
		n := bytes.IndexByte(t.buf[t.pos:t.end], '\n')
		if n >= 0 {
			t.pos += n + 1
			return r.next(cutRaw)
		}
		t.pos = t.end
		if t.eof {
			return r.next(cutRaw)
		}
		if err := t.more(); err != nil {
			return err
		}
	}
}

// next is called behind each record, of that many bytes, with text.pos there.
// It gives the batch away when that is full.
func (r *fileReader) next(size int) error {
	if r.b.Read() < r.bt.Rows {
		if r.since++; r.since < checked && size < cutRaw {
			return nil
		}
		r.since = 0
		if r.b.Bytes() < r.bt.Bytes {
			return r.check()
		}
	}
	return r.flush()
}

// check looks for what ends the reading of a file.
func (r *fileReader) check() error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if r.d.learned > maxKeys {
		return r.damage(r.text.pos, fmt.Sprintf("more than %d different keys", maxKeys))
	}
	return r.b.Err()
}

// flush yields the batch so far.
func (r *fileReader) flush() error {
	if err := r.check(); err != nil {
		return err
	}
	r.since = 0
	b := r.b.Flush()
	offset := r.text.offset(r.text.pos)
	b.Bytes, r.given = offset-r.given, offset
	b.Cursor = position{shape: r.shape, line: r.text.line, enc: r.text.enc, place: r.text.in.Place(offset)}.cursor()
	if b.Record != nil {
		defer b.Record.Release()
	}
	if !r.yield(b, nil) {
		return errStopped
	}
	return r.ctx.Err()
}

// damage is the error of content that cannot be read from there on.
func (r *fileReader) damage(at int, what string) error {
	return fmt.Errorf("json: %s: %s: %w", r.text.where(at), what, exporter.ErrContent)
}

package json

import (
	"bytes"
	"fmt"

	"tapline/exporter"
)

// values reads records one after another, wherever their lines end. Behind
// damage it goes on at the next line that begins with an object.
func (r *fileReader) values() error {
	for {
		c, err := r.peek()
		if c == 0 && r.text.pos == r.text.end || err != nil {
			return err
		}
		ok, err := r.value()
		if err != nil {
			return err
		}
		if !ok {
			if err := r.resync(); err != nil {
				return err
			}
		}
		if err := r.next(r.text.pos - r.start); err != nil {
			return err
		}
	}
}

// lists reads records that are elements of lists.
func (r *fileReader) lists() error {
	for {
		c, err := r.peek()
		if err != nil {
			return err
		}
		t := r.text
		ended := t.pos == t.end
		switch {
		case r.shape == listEnd && ended:
			return nil
		case r.shape == listEnd && c == '[':
			t.pos++
			r.shape = listHead
			continue
		case r.shape == listEnd:
			return r.damage(t.pos, "more behind the end of a list")
		case ended:
			return r.damage(t.pos, "the file ends within a list")
		case c == ']':
			t.pos++
			r.shape = listEnd
			continue
		case r.shape == list && c != ',':
			return r.damage(t.pos, "want ',' or ']'")
		case r.shape == list:
			t.pos++
			if _, err := r.peek(); err != nil {
				return err
			}
		}
		ok, err := r.value()
		if err != nil {
			return err
		}
		if !ok {
			return r.damage(int(r.d.l.err.Offset), r.d.l.err.Msg)
		}
		r.shape = list
		if err := r.next(t.pos - r.start); err != nil {
			return err
		}
	}
}

// peek passes white space and returns the byte behind it, 0 at the end.
func (r *fileReader) peek() (byte, error) {
	t := r.text
	for {
		l := lexer{doc: t.buf[:t.end]}
		if t.pos = l.skip(t.pos); t.pos < t.end {
			return t.buf[t.pos], nil
		}
		if t.eof {
			return 0, nil
		}
		if err := t.more(); err != nil {
			return 0, err
		}
	}
}

// value reads the record at text.pos, of which more may have to be read first.
// It is false if that is no JSON; d.l.err says where, and the row is not begun.
func (r *fileReader) value() (bool, error) {
	t, d := r.text, r.d
	for {
		r.start = t.pos
		d.l = lexer{doc: t.buf[:t.end]}
		end := d.record(t.pos)
		// Near the end of what there is, nothing is sure: not even that an
		// escape is unknown, or that a number ends.
		last := max(end, 0)
		if end < 0 {
			last = int(d.l.err.Offset)
		}
		sure := t.eof || last < t.end-padding
		if (sure && end >= 0 || !t.eof) && last-t.pos > r.max {
			r.b.AbortRow()
			return false, r.damage(t.pos, fmt.Sprintf("a record of more than %d bytes", r.max))
		}
		if sure && end >= 0 {
			d.end(t.buf[t.pos:end])
			t.pos = end
			return true, nil
		}
		r.b.AbortRow()
		if sure {
			return false, nil
		}
		if err := t.more(); err != nil {
			return false, err
		}
	}
}

// resync rejects what is no JSON up to the next line that begins with an
// object, behind the mistake.
func (r *fileReader) resync() error {
	t, d := r.text, r.d
	reason := ReasonSyntax
	if t.eof {
		reason = r.lastMistake(t.end)
	}
	from := max(int(d.l.err.Offset)-t.pos-1, 0) // pos stays where the record begins
	for {
		n := bytes.Index(t.buf[t.pos+from:t.end], []byte("\n{"))
		size := from + n + 1
		if n < 0 {
			size = t.end - t.pos
		}
		if size > r.max+1 {
			return r.damage(t.pos, fmt.Sprintf("no JSON, for more than %d bytes", r.max))
		}
		if n < 0 && !t.eof {
			from = max(from, size-1)
			if err := t.more(); err != nil {
				return err
			}
			continue
		}
		r.start = t.pos
		raw := bytes.TrimRight(t.buf[t.pos:t.pos+size], white)
		r.b.BeginRow()
		r.b.RejectRow(exporter.Reject{Reason: reason, Place: t.where(t.pos), Raw: storable(raw)})
		t.pos += size
		return nil
	}
}

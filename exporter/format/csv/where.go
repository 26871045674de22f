package csv

import (
	"bytes"
	"fmt"
)

// A where is a place in the buffer, and in the content.
type where struct {
	pos    int   // in the buffer; the start of a line
	line   int64 // from 1
	offset int64 // in bytes of the content
}

// locate tells where in the content the record at pos begins; pos is not before
// r.at.
func (r *reader) locate(pos int) where { return r.at.forward(r.buf, pos, r.d.Encoding) }

// forward returns the place of pos, which is a start of a line behind w.
func (w where) forward(buf []byte, pos int, encoding string) where {
	text := buf[w.pos:pos]
	return where{pos, w.line + lines(text), w.offset + encoded(encoding, text)}
}

// lines counts the ends of lines in text, which holds no half of a CR LF.
func lines(text []byte) int64 {
	n := bytes.Count(text, []byte{'\n'})
	if bytes.IndexByte(text, '\r') >= 0 {
		n += bytes.Count(text, []byte{'\r'}) - bytes.Count(text, []byte("\r\n"))
	}
	return int64(n)
}

// place is the place of the record at pos, for people.
func (r *reader) place(pos int) string {
	if pos < r.near.pos || r.near.pos < r.at.pos {
		r.near = r.at
	}
	r.near = r.near.forward(r.buf, pos, r.d.Encoding)
	return fmt.Sprintf("%s, line %d, byte %d", r.in.Name, r.near.line, r.near.offset)
}

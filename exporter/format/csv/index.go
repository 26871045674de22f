package csv

import (
	"bytes"

	"tapline/exporter/format"
)

// syntax is what the scanner needs to know of a Dialect.
type syntax struct {
	delim, quote, escape, comment byte // 0 = none; escape == quote: doubled
	maxRecord                     int
	maxFields                     int // fields beyond are counted, not kept
}

// A record is one record in the buffer, without the end of its line.
type record struct {
	first  uint32 // index into starts of its first field
	fields int32  // or one of the below
	end    uint32 // where the text of it ends
}

// What is no row, in place of a number of fields.
const (
	badQuotes int32 = -1 // only its first line
	tooLarge  int32 = -2 // only what of it is in the buffer
)

// An index is where the records and fields of a buffer are. Field i of a record
// is buf[starts[first+i] : starts[first+i+1]-1], its quotes included.
type index struct {
	syntax
	starts  []uint32
	records []record
	clean   bool // what was scanned last is UTF-8 without NUL

	regular        bool   // records may be written such that fast reads them
	delims, quotes uint64 // eight times each
	cr             uint64 // 1 if the buffer has a CR
}

// newIndex returns an index with room for some n fields at a time.
func newIndex(s syntax, n int) index {
	x := index{syntax: s, starts: make([]uint32, 0, n+2*s.maxFields+2*group)}
	x.regular = s.comment == 0 && (s.quote == 0 || s.escape == s.quote) && (s.escape == 0 || s.escape == s.quote)
	x.delims, x.quotes = everyByte*uint64(s.delim), everyByte*uint64(s.quote)
	if s.delim == 0 {
		x.delims = everyByte * '\n'
	}
	if s.quote == 0 {
		x.quotes = everyByte * '\n' // found, and found to be none
	}
	return x
}

func (x *index) reset() { x.starts, x.records = x.starts[:0], x.records[:0] }

// start is where record r begins.
func (x *index) start(r record) int { return int(x.starts[r.first]) }

// span is field i of a record.
func (x *index) span(r record, i int) format.Span {
	at := int(r.first) + i
	return format.Span{From: x.starts[at], To: min(x.starts[at+1]-1, r.end)}
}

// room reports whether another record can be kept.
func (x *index) room() bool { return len(x.starts)+x.maxFields+2*group <= cap(x.starts) }

// exact scans the record, or the comment, at p and returns where the next one
// begins. It returns -1 when more must be read to tell where it ends; eof says
// that there is no more.
func (x *index) exact(buf []byte, p int, eof bool) int {
	most := p + x.maxRecord
	cut := !eof || most+2 < len(buf) // what lies beyond does not count
	if most+2 < len(buf) {
		buf = buf[:most+2]
	}
	if x.comment != 0 && buf[p] == x.comment {
		end, next := x.line(buf, p, !cut)
		if next < 0 && len(buf) >= most+2 {
			return x.reject(p, end, tooLarge, end)
		}
		return next
	}
	first := len(x.starts)
	x.starts = append(x.starts, uint32(p))
	end, next, fields := x.fields(buf, p, !cut)
	if fields > 0 && end <= most {
		x.records = append(x.records, record{uint32(first), int32(fields), uint32(end)})
		return next
	}
	x.starts = x.starts[:first]
	unread := cut && len(buf) < most+2
	if fields == 0 && unread {
		return -1
	}
	end, next = x.line(buf, p, !cut)
	switch {
	case next < 0 && unread:
		return -1
	case fields <= 0 && next > 0 && end <= most:
		return x.reject(p, end, badQuotes, next)
	}
	most = min(len(buf), most)
	return x.reject(p, most, tooLarge, most)
}

func (x *index) reject(p, end int, why int32, next int) int {
	x.records = append(x.records, record{uint32(len(x.starts)), why, uint32(end)})
	x.starts = append(x.starts, uint32(p), uint32(end+1))
	return next
}

// line finds the end of the line at p and the start of the next one, which is
// -1 when more must be read.
func (x *index) line(buf []byte, p int, eof bool) (end, next int) {
	i := bytes.IndexAny(buf[p:], "\r\n")
	if i < 0 {
		if eof {
			return len(buf), len(buf)
		}
		return len(buf), -1
	}
	return p + i, newline(buf, p+i, eof)
}

// newline returns where the line after the end at i begins; -1 when more must
// be read to know whether an LF follows the CR.
func newline(buf []byte, i int, eof bool) int {
	switch {
	case i == len(buf): // end of the content
		return i
	case buf[i] == '\n':
		return i + 1
	case i+1 < len(buf):
		if buf[i+1] == '\n' {
			return i + 2
		}
		return i + 1
	case eof:
		return i + 1
	}
	return -1
}

// fields scans the fields of the record at i. next is -1 if it goes on beyond
// buf; fields is negative if a closing quote is followed by something else.
func (x *index) fields(buf []byte, i int, eof bool) (end, next, fields int) {
	for {
		if x.quote != 0 && i < len(buf) && buf[i] == x.quote {
			if i = x.quoted(buf, i+1, eof); i < 0 {
				return 0, -1, 0
			}
			if i < len(buf) && buf[i] != '\n' && buf[i] != '\r' && (buf[i] != x.delim || x.delim == 0) {
				return 0, -1, -1
			}
		} else {
			i = x.unquoted(buf, i)
		}
		if i == len(buf) && !eof {
			return 0, -1, 0
		}
		if fields++; fields <= x.maxFields {
			x.starts = append(x.starts, uint32(i+1))
		}
		if i == len(buf) || buf[i] == '\n' || buf[i] == '\r' {
			if next = newline(buf, i, eof); next < 0 {
				return 0, -1, 0
			}
			return i, next, fields
		}
		i++
	}
}

// quoted returns the place behind the quote that closes the field whose text
// begins at i, or -1 if there is none in buf.
func (x *index) quoted(buf []byte, i int, eof bool) int {
	for ; i < len(buf); i++ {
		switch buf[i] {
		case x.quote:
			if i+1 == len(buf) && !eof {
				return -1
			}
			if x.escape == 0 || i+1 == len(buf) || buf[i+1] != x.quote {
				return i + 1
			}
			i++
		case x.escape:
			if x.escape != 0 {
				i++
			}
		}
	}
	return -1
}

// unquoted returns where the field without quotes that begins at i ends.
func (x *index) unquoted(buf []byte, i int) int {
	for ; i < len(buf); i++ {
		c := buf[i]
		if c == '\n' || c == '\r' || c == x.delim && c != 0 {
			return i
		}
		if c == x.escape && x.escape != x.quote && c != 0 && i+1 < len(buf) && (buf[i+1] == x.delim || buf[i+1] == x.escape) {
			i++
		}
	}
	return i
}

// plain returns what the text of a field stands for: without its quotes and
// escapes. It is put together in room where it is not a part of v.
func (s *syntax) plain(v, room []byte) []byte {
	quoted := len(v) >= 2 && s.quote != 0 && v[0] == s.quote && v[len(v)-1] == s.quote
	if quoted {
		v = v[1 : len(v)-1]
		if s.escape == 0 || bytes.IndexByte(v, s.escape) < 0 && bytes.IndexByte(v, s.quote) < 0 {
			return v
		}
	} else if s.escape == 0 || s.escape == s.quote || bytes.IndexByte(v, s.escape) < 0 {
		return v
	}
	out := room[:0]
	for i := 0; i < len(v); i++ {
		c := v[i]
		if i+1 < len(v) {
			n := v[i+1]
			if c == s.escape && (n == s.quote || n == s.escape || n == s.delim && n != 0) || quoted && c == s.quote && n == s.quote {
				c = n
				i++
			}
		}
		out = append(out, c)
	}
	return out
}

package json

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// A lexer reads tokens of one document. Its methods report false after a
// mistake in the syntax, which is then in err.
type lexer struct {
	doc []byte
	pos int
	err *SyntaxError
}

// flaws are what is wrong, or to be done, with a string whose syntax is right.
type flaws uint8

const (
	escaped flaws = 1 << iota // holds escapes
	badUTF8                   // invalid UTF-8, or a lone surrogate
	hasNUL                    // U+0000
	broken                    // the syntax is wrong after all

	unfit = badUTF8 | hasNUL // no column can hold it
)

// reason is that of a reject for these flaws.
func (f flaws) reason() string {
	if f&badUTF8 != 0 {
		return ReasonInvalidUTF8
	}
	return ReasonNUL
}

func (l *lexer) fail(at int, msg string) bool {
	if l.err == nil {
		if at >= len(l.doc) {
			at, msg = len(l.doc), "unexpected end"
		}
		l.err = &SyntaxError{Offset: int64(at), Msg: msg}
	}
	l.pos = len(l.doc)
	return false
}

// peek skips white space and returns the byte after it, 0 at the end.
func (l *lexer) peek() byte {
	if l.pos < len(l.doc) && l.doc[l.pos] > ' ' {
		return l.doc[l.pos]
	}
	return l.space()
}

func (l *lexer) space() byte {
	for ; l.pos < len(l.doc); l.pos++ {
		switch c := l.doc[l.pos]; c {
		case ' ', '\n', '\t', '\r':
		default:
			return c
		}
	}
	return 0
}

const (
	ones    = 0x0101010101010101
	highs   = ones * 0x80
	spaces  = ones * ' '
	quotes  = ones * '"'
	slashes = ones * '\\'
)

// plain returns the place of the first byte from i on that is a quote, a
// backslash, a control character or not ASCII; len(doc) if there is none.
//
// It looks at eight bytes at a time. A subtraction sets the top bit of a byte
// that is too small, and may by its borrow set others above, but never below:
// the lowest is right.
func plain(doc []byte, i int) int {
	for i+8 <= len(doc) {
		x := binary.LittleEndian.Uint64(doc[i:])
		q, s := x^quotes, x^slashes
		m := ((q-ones)&^q | (s-ones)&^s | (x-spaces)&^x | x) & highs
		if m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i < len(doc) && doc[i] >= ' ' && doc[i] < utf8.RuneSelf && doc[i] != '"' && doc[i] != '\\' {
		i++
	}
	return i
}

// str reads a string, the place being at its opening quote, and returns what
// is between the quotes.
func (l *lexer) str() ([]byte, flaws) {
	start := l.pos + 1
	i := plain(l.doc, start)
	if i < len(l.doc) && l.doc[i] == '"' {
		l.pos = i + 1
		return l.doc[start:i], 0
	}
	return l.hardStr(start, i)
}

// hardStr goes on with a string that began at start and is plain up to i.
func (l *lexer) hardStr(start, i int) ([]byte, flaws) {
	var f flaws
	var high bool
	for i < len(l.doc) {
		switch c := l.doc[i]; {
		case c == '"':
			l.pos = i + 1
			if high && !utf8.Valid(l.doc[start:i]) {
				f |= badUTF8
			}
			return l.doc[start:i], f
		case c == '\\':
			n, bad := escape(l.doc[i:])
			if n == 0 {
				l.fail(i, "unknown escape in a string")
				return nil, broken
			}
			f |= escaped | bad
			i += n
		case c < ' ':
			l.fail(i, "control character in a string")
			return nil, broken
		default:
			high = true
			for i++; i < len(l.doc) && l.doc[i] >= utf8.RuneSelf; i++ {
			}
		}
		i = plain(l.doc, i)
	}
	l.fail(i, "")
	return nil, broken
}

// word reads true, false or null.
func (l *lexer) word(w string) bool {
	if len(l.doc)-l.pos < len(w) || string(l.doc[l.pos:l.pos+len(w)]) != w {
		at := l.pos
		for i := 0; i < len(w) && at < len(l.doc) && l.doc[at] == w[i]; i++ {
			at++
		}
		return l.fail(at, "want "+w)
	}
	l.pos += len(w)
	return true
}

// done checks that only white space follows.
func (l *lexer) done() bool {
	if l.peek(); l.pos < len(l.doc) {
		return l.fail(l.pos, "more after the end of the document")
	}
	return true
}

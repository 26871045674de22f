package json

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// A lexer reads tokens of one document. Its methods take the place at which to
// read and return the place behind what they read, or failed after a mistake in
// the syntax, which is then in err. Places are passed and not kept, so that they
// stay in registers.
type lexer struct {
	doc []byte
	err *SyntaxError
}

// failed is no place.
const failed = -1

// flaws are what is wrong, or to be done, with a string whose syntax is right.
type flaws uint8

const (
	escaped flaws = 1 << iota // holds escapes
	badUTF8                   // invalid UTF-8, or a lone surrogate
	hasNUL                    // U+0000

	unfit = badUTF8 | hasNUL // no column can hold it
)

// reason is that of a reject for these flaws.
func (f flaws) reason() string {
	if f&badUTF8 != 0 {
		return ReasonInvalidUTF8
	}
	return ReasonNUL
}

// fail notes the mistake met at a place.
func (l *lexer) fail(at int, msg string) int {
	if l.err == nil {
		if at >= len(l.doc) {
			at, msg = len(l.doc), "unexpected end"
		}
		l.err = &SyntaxError{Offset: int64(at), Msg: msg}
	}
	return failed
}

// skip passes over white space.
func (l *lexer) skip(i int) int {
	if i < len(l.doc) && l.doc[i] > ' ' {
		return i
	}
	return l.space(i)
}

func (l *lexer) space(i int) int {
	for i < len(l.doc) && (l.doc[i] == ' ' || l.doc[i] == '\n' || l.doc[i] == '\t' || l.doc[i] == '\r') {
		i++
	}
	return i
}

// at returns the byte at i, or 0 at the end, where no token begins with that.
func (l *lexer) at(i int) byte {
	if i < len(l.doc) {
		return l.doc[i]
	}
	return 0
}

// next passes what stands behind an element of a list: a comma, then it returns
// the place of the next element; or the bracket, then it returns the place behind
// that. After a mistake there is no more.
func (l *lexer) next(i int) (to int, more bool) {
	i = l.skip(i)
	switch l.at(i) {
	case ',':
		return l.skip(i + 1), true
	case ']':
		return i + 1, false
	}
	return l.fail(i, "want ',' or ']'"), false
}

const (
	ones    = 0x0101010101010101
	highs   = ones * 0x80
	spaces  = ones * ' '
	quotes  = ones * '"'
	slashes = ones * '\\'
)

// odd sets the top bit of each byte of x that is a quote, a backslash, a control
// character or not ASCII. A subtraction does so for a byte that is too small,
// and by its borrow perhaps for others above, but never below: the lowest is right.
func odd(x uint64) uint64 {
	q, s := x^quotes, x^slashes
	return ((q-ones)&^q | (s-ones)&^s | (x-spaces)&^x | x) & highs
}

// plain returns the place of the first such byte from i on, or len(doc).
func plain(doc []byte, i int) int {
	for i+8 <= len(doc) {
		if m := odd(binary.LittleEndian.Uint64(doc[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i < len(doc) && doc[i] >= ' ' && doc[i] < utf8.RuneSelf && doc[i] != '"' && doc[i] != '\\' {
		i++
	}
	return i
}

// str reads a string whose opening quote is at i. Between its quotes is
// doc[i+1 : end-1].
func (l *lexer) str(i int) (end int, f flaws) {
	doc := l.doc
	for end = i + 1; end+8 <= len(doc); end += 8 {
		if m := odd(binary.LittleEndian.Uint64(doc[end:])); m != 0 {
			end += bits.TrailingZeros64(m) >> 3
			if doc[end] == '"' {
				return end + 1, 0
			}
			break
		}
	}
	return l.hardStr(i+1, end)
}

// hardStr goes on with a string that began at start and is plain up to i.
func (l *lexer) hardStr(start, i int) (end int, f flaws) {
	var high bool
	for i = plain(l.doc, i); i < len(l.doc); i = plain(l.doc, i) {
		switch c := l.doc[i]; {
		case c == '"':
			if high && !utf8.Valid(l.doc[start:i]) {
				f |= badUTF8
			}
			return i + 1, f
		case c == '\\':
			n, bad := escape(l.doc[i:])
			if n == 0 {
				return l.fail(i, "unknown escape in a string"), 0
			}
			f |= escaped | bad
			i += n
		case c < ' ':
			return l.fail(i, "control character in a string"), 0
		default:
			high = true
			for i++; i < len(l.doc) && l.doc[i] >= utf8.RuneSelf; i++ {
			}
		}
	}
	return l.fail(i, ""), 0
}

// word reads true, false or null.
func (l *lexer) word(i int, w string) int {
	if len(l.doc)-i >= len(w) && string(l.doc[i:i+len(w)]) == w {
		return i + len(w)
	}
	for k := 0; l.at(i) == w[k]; k++ {
		i++
	}
	return l.fail(i, "want "+w)
}

// colon reads the colon behind a key, and white space around it.
func (l *lexer) colon(i int) int {
	if i = l.skip(i); l.at(i) != ':' {
		return l.fail(i, "want ':'")
	}
	return l.skip(i + 1)
}

// scalar reads a value that is no string, list or object.
func (l *lexer) scalar(i int) int {
	switch l.at(i) {
	case 'n':
		return l.word(i, "null")
	case 't':
		return l.word(i, "true")
	case 'f':
		return l.word(i, "false")
	}
	var n number
	return l.number(i, &n)
}

// kindOf tells what a value is by its first byte.
func kindOf(c byte) Kind {
	switch c {
	case '"':
		return String
	case '{':
		return Object
	case '[':
		return Array
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return Number
	}
	return Invalid
}

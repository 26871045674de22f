package xlsx

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// maxToken is how long a tag or a run of text may be: Excel allows 32,767
// characters in a cell.
const maxToken = 1 << 20

var (
	errToken    = fmt.Errorf("it has a tag or text of more than %d bytes: shorten it", maxToken)
	errUnpacked = errors.New("a part of it is larger than Options.MaxUnpacked when decompressed: write it as several files or raise the limit")
	errXML      = errors.New("it is not well-formed XML: the file is damaged")
	errUTF8     = errors.New("it is not in UTF-8: save it anew")
)

// A kind is a kind of token.
type kind uint8

const (
	opening kind = iota // an empty tag is an opening one and a closing one
	closing
	chars
)

// A token is a tag or a run of text. It is valid until the next.
type token struct {
	kind  kind
	name  []byte // of a tag, without its prefix
	attrs []attribute
	text  []byte // of chars, entities resolved
}

// An attribute is known by its name without prefix; those that declare
// namespaces are left out.
type attribute struct{ name, value []byte }

// attr returns the value of an attribute, nil if there is none.
func (t *token) attr(name string) []byte {
	for i := range t.attrs {
		if string(t.attrs[i].name) == name {
			return t.attrs[i].value
		}
	}
	return nil
}

// is reports whether the token is such a tag.
func (t *token) is(k kind, name string) bool { return t.kind == k && string(t.name) == name }

// A scanner takes XML apart, one token at a time, several times as fast as package
// encoding/xml: a workbook is little else. It knows what workbooks have, which
// is no document type and no entities but those of XML itself, and looks at no
// more than it must to tell tags from text.
type scanner struct {
	r     *bufio.Reader
	left  int64 // bytes that may still come
	read  int64
	buf   []byte
	t     token
	empty bool // the tag is a closing one as well
	tag   bool // a tag is next, its "<" was read
	end   bool
}

func newScanner(r io.Reader, most int64) *scanner {
	return &scanner{r: bufio.NewReaderSize(r, 64<<10), left: most}
}

// until appends what comes before the next c to s.buf, and passes over it.
// io.EOF if there is no c any more.
func (s *scanner) until(c byte) error {
	for {
		b, err := s.r.ReadSlice(c)
		s.left -= int64(len(b))
		s.read += int64(len(b))
		if s.left < 0 {
			return errUnpacked
		}
		if len(s.buf)+len(b) > maxToken {
			return errToken
		}
		s.buf = append(s.buf, b...)
		switch err {
		case nil:
			s.buf = s.buf[:len(s.buf)-1]
			return nil
		case bufio.ErrBufferFull:
		default:
			return err
		}
	}
}

// next returns the next token, io.EOF after the last.
func (s *scanner) next() (*token, error) {
	if s.empty {
		s.empty = false
		s.t.kind, s.t.attrs = closing, nil
		return &s.t, nil
	}
	for {
		s.buf = s.buf[:0]
		if s.tag {
			s.tag = false
			if ok, err := s.markup(); ok || err != nil {
				return &s.t, err
			}
			continue
		}
		if s.end {
			return nil, io.EOF
		}
		err := s.until('<')
		s.tag, s.end = err == nil, err == io.EOF
		if err != nil && err != io.EOF {
			return nil, err
		}
		if len(s.buf) > 0 {
			s.t.text, err = resolve(s.buf)
			s.t.kind = chars
			return &s.t, err
		}
	}
}

// markup reads what follows a "<". It reports false for what is no token.
func (s *scanner) markup() (bool, error) {
	err := s.until('>')
	if err == io.EOF {
		err = errXML
	}
	if err != nil {
		return false, err
	}
	switch {
	case len(s.buf) == 0:
		return false, errXML
	case s.buf[0] == '?':
		if err := s.ends("?"); err != nil {
			return false, err
		}
		return false, encoding(s.buf)
	case s.buf[0] == '!':
		return s.special()
	case s.buf[0] == '/':
		s.t.kind, s.t.attrs = closing, nil
		s.t.name = local(bytes.TrimRight(s.buf[1:], " \t\r\n"))
		return true, nil
	}
	// A ">" may stand in the value of an attribute.
	for !quotesClosed(s.buf) {
		if err := s.more(); err != nil {
			return false, err
		}
	}
	return true, s.opening()
}

// more reads on to the next ">".
func (s *scanner) more() error {
	s.buf = append(s.buf, '>')
	if err := s.until('>'); err != io.EOF {
		return err
	}
	return errXML
}

// ends reads on until what was read ends so.
func (s *scanner) ends(suffix string) error {
	for !bytes.HasSuffix(s.buf, []byte(suffix)) {
		if err := s.more(); err != nil {
			return err
		}
	}
	return nil
}

// special reads a comment or a section of text as it is.
func (s *scanner) special() (bool, error) {
	const cdata = "![CDATA["
	switch {
	case bytes.HasPrefix(s.buf, []byte("!--")):
		for len(s.buf) < len("!----") {
			if err := s.more(); err != nil {
				return false, err
			}
		}
		return false, s.ends("--")
	case bytes.HasPrefix(s.buf, []byte(cdata)):
		if err := s.ends("]]"); err != nil {
			return false, err
		}
		s.t.kind, s.t.text = chars, s.buf[len(cdata):len(s.buf)-2]
		if !utf8.Valid(s.t.text) {
			return false, errUTF8
		}
		return true, nil
	}
	return false, errors.New("it has a document type, which workbooks have not: the file is damaged")
}

// encoding checks the declaration at the start of a part.
func encoding(decl []byte) error {
	_, rest, ok := bytes.Cut(decl, []byte("encoding="))
	if ok && bytes.HasPrefix(decl, []byte("?xml ")) && len(rest) > 6 && !bytes.EqualFold(rest[1:6], []byte("utf-8")) && !bytes.EqualFold(rest[1:6], []byte("us-as")) {
		return errUTF8
	}
	return nil
}

func quotesClosed(b []byte) bool {
	for len(b) > 0 {
		i := bytes.IndexAny(b, `"'`)
		if i < 0 {
			return true
		}
		end := bytes.IndexByte(b[i+1:], b[i])
		if end < 0 {
			return false
		}
		b = b[i+1+end+1:]
	}
	return true
}

// opening takes an opening tag apart.
func (s *scanner) opening() error {
	b := s.buf
	if bytes.IndexByte(b, '<') >= 0 {
		return errXML // the tag before was not closed
	}
	if b[len(b)-1] == '/' {
		s.empty = true
		b = b[:len(b)-1]
	}
	i := bytes.IndexAny(b, " \t\r\n")
	if i < 0 {
		i = len(b)
	}
	s.t.kind, s.t.name, s.t.attrs = opening, local(b[:i]), s.t.attrs[:0]
	for b = bytes.TrimLeft(b[i:], " \t\r\n"); len(b) > 0; b = bytes.TrimLeft(b, " \t\r\n") {
		name, rest, ok := bytes.Cut(b, []byte("="))
		rest = bytes.TrimLeft(rest, " \t\r\n")
		if !ok || len(rest) < 2 || rest[0] != '"' && rest[0] != '\'' {
			return errXML
		}
		end := bytes.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return errXML
		}
		value, err := resolve(rest[1 : 1+end])
		if err != nil {
			return err
		}
		if name = bytes.TrimRight(name, " \t\r\n"); !bytes.HasPrefix(name, []byte("xmlns:")) {
			s.t.attrs = append(s.t.attrs, attribute{local(name), value})
		}
		b = rest[end+2:]
	}
	return nil
}

// local is a name without its prefix.
func local(name []byte) []byte {
	return name[bytes.IndexByte(name, ':')+1:]
}

// resolve replaces entities and the ends of lines of Windows, in place.
func resolve(b []byte) ([]byte, error) {
	if !utf8.Valid(b) {
		return nil, errUTF8
	}
	if bytes.IndexByte(b, '&') < 0 && bytes.IndexByte(b, '\r') < 0 {
		return b, nil
	}
	out := b[:0]
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\r':
			if i+1 == len(b) || b[i+1] != '\n' {
				out = append(out, '\n')
			}
		case '&':
			end := bytes.IndexByte(b[i:min(len(b), i+12)], ';')
			if end < 0 {
				return nil, errXML
			}
			r, ok := entity(b[i+1 : i+end])
			if !ok {
				return nil, errXML
			}
			out = utf8.AppendRune(out, r)
			i += end
		default:
			out = append(out, b[i])
		}
	}
	return out, nil
}

// entity is the character of a name between "&" and ";". Its text there is
// never shorter than the character in UTF-8.
func entity(name []byte) (rune, bool) {
	switch string(name) {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	base, digits := 10, name[1:]
	if digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	v, err := strconv.ParseUint(string(digits), base, 21)
	return rune(v), err == nil && utf8.ValidRune(rune(v))
}

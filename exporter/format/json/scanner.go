package json

import "fmt"

// MaxDepth is how deep lists and objects may be nested: in an envelope counted
// from the document's start, in a record from the record's.
const MaxDepth = 100

// A Kind is the kind of a JSON value.
type Kind uint8

// The kinds of JSON value. Invalid is what is not the start of any.
const (
	Invalid Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

var kindNames = [...]string{"nothing", "null", "a boolean", "a number", "a string", "a list", "an object"}

// String returns the kind in words for an error message: "a number".
func (k Kind) String() string { return kindNames[k] }

// A SyntaxError says that a document is not strict JSON: cut, damaged, or no
// JSON at all.
type SyntaxError struct {
	Offset int64 // of the byte that was not expected
	Msg    string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("json: byte %d: %s", e.Offset, e.Msg) }

// A KindError says that a value is of another kind than the one asked for.
type KindError struct {
	Offset    int64 // where the value starts
	Want, Got Kind
}

func (e *KindError) Error() string {
	return fmt.Sprintf("json: byte %d: got %s, want %s", e.Offset, e.Got, e.Want)
}

// A Scanner pulls values out of one document in memory. Each method but Kind,
// Offset and Done reads one whole value. Errors are *SyntaxError, *KindError or
// what a callback returned; after an error nothing more can be read.
//
//	err := s.Object(func(key []byte) error {
//		switch string(key) {
//		case "records":
//			return d.Records(s, place)
//		case "next_cursor":
//			next, err = s.Text()
//		}
//		return err // a value that was not read is skipped
//	})
//	if err == nil {
//		err = s.Done()
//	}
type Scanner struct {
	l     lexer
	pos   int
	w     walker
	depth int
	err   error
}

// NewScanner returns a Scanner at the start of doc, which must not change while
// the Scanner is in use.
func NewScanner(doc []byte) *Scanner { return &Scanner{l: lexer{doc: doc}} }

// Kind tells, without reading it, what the next value is; Invalid where there is none.
func (s *Scanner) Kind() Kind {
	if s.err != nil {
		return Invalid
	}
	return kindOf(s.peek())
}

// Offset is the place in the document, in bytes.
func (s *Scanner) Offset() int64 { return int64(s.pos) }

// Object calls fn for each key of an object, with the Scanner at its value. A
// value that fn leaves unread is skipped. The key is unescaped and valid until
// fn returns.
func (s *Scanner) Object(fn func(key []byte) error) error {
	if err := s.enter(Object); err != nil {
		return err
	}
	var met keys
	for first := true; ; first = false {
		end, err := s.more('}', first)
		if end || err != nil {
			return err
		}
		key, err := s.key(&met)
		if err != nil {
			return err
		}
		if err := s.element(func() error { return fn(key) }); err != nil {
			return err
		}
	}
}

// Array calls fn for each element of a list, counted from 0, with the Scanner
// at the element. An element that fn leaves unread is skipped.
func (s *Scanner) Array(fn func(i int) error) error {
	if err := s.enter(Array); err != nil {
		return err
	}
	for i := 0; ; i++ {
		end, err := s.more(']', i == 0)
		if end || err != nil {
			return err
		}
		if err := s.element(func() error { return fn(i) }); err != nil {
			return err
		}
	}
}

// Skip reads any value, checking it whole.
func (s *Scanner) Skip() error {
	_, err := s.Raw()
	return err
}

// Raw reads any value and returns its text as it stands in the document.
func (s *Scanner) Raw() ([]byte, error) {
	start, end, bad, f, err := s.walk()
	switch {
	case err != nil:
		return nil, err
	case bad.reason != "":
		return nil, s.refuse(bad.at, bad.reason)
	case f&unfit != 0:
		return nil, s.refuse(start, f.reason())
	}
	s.pos = end
	return s.l.doc[start:end], nil
}

// Loose is Raw for a value that is read again, as by Decoder.Record: of what
// this package refuses beyond RFC 8259, nothing inside it is refused here.
func (s *Scanner) Loose() ([]byte, error) {
	start, end, _, _, err := s.walk()
	if err != nil {
		return nil, err
	}
	s.pos = end
	return s.l.doc[start:end], nil
}

// walk finds the end of the next value, and what is wrong inside it.
func (s *Scanner) walk() (start, end int, bad fault, f flaws, err error) {
	if s.err != nil {
		return 0, 0, bad, 0, s.err
	}
	s.peek()
	start = s.pos
	if end, f = s.w.walk(&s.l, start, s.depth, &bad); end < 0 {
		err = s.syntax()
	}
	return start, end, bad, f, err
}

// Text reads a string and returns it unescaped.
func (s *Scanner) Text() (string, error) {
	if err := s.want(String); err != nil {
		return "", err
	}
	end, f := s.l.str(s.pos)
	switch {
	case end < 0:
		return "", s.syntax()
	case f&unfit != 0:
		return "", s.refuse(s.pos, f.reason())
	}
	v := s.l.doc[s.pos+1 : end-1]
	s.pos = end
	if f&escaped != 0 {
		v = unescape(nil, v)
	}
	return string(v), nil
}

// Number reads a number and returns its digits as they stand in the document.
func (s *Scanner) Number() (string, error) {
	n, err := s.number()
	return string(n.raw), err
}

// Int reads a number written as an integer. Beyond int64 is a *SyntaxError.
func (s *Scanner) Int() (int64, error) {
	n, err := s.number()
	if err != nil {
		return 0, err
	}
	v, ok := n.int64()
	if !ok || !n.integer {
		return 0, s.refuse(s.pos-len(n.raw), "no integer of 64 bits")
	}
	return v, nil
}

// Bool reads true or false.
func (s *Scanner) Bool() (bool, error) {
	if err := s.want(Bool); err != nil {
		return false, err
	}
	v := s.l.doc[s.pos] == 't'
	end := s.l.scalar(s.pos)
	if end < 0 {
		return false, s.syntax()
	}
	s.pos = end
	return v, nil
}

// Done checks that nothing but white space follows.
func (s *Scanner) Done() error {
	if s.err == nil && (s.peek() != 0 || s.pos < len(s.l.doc)) {
		return s.wrong("more after the end of the document")
	}
	return s.err
}

func (s *Scanner) number() (n number, err error) {
	if err := s.want(Number); err != nil {
		return n, err
	}
	end := s.l.number(s.pos, &n)
	if end < 0 {
		return number{}, s.syntax()
	}
	s.pos = end
	return n, nil
}

// enter reads the opening bracket of a list or object.
func (s *Scanner) enter(k Kind) error {
	if err := s.want(k); err != nil {
		return err
	}
	if s.depth++; s.depth > MaxDepth {
		return s.refuse(s.pos, ReasonTooDeep)
	}
	s.pos++
	return nil
}

// more goes to the next element or key, or past the closing bracket.
func (s *Scanner) more(closing rune, first bool) (end bool, err error) {
	switch c := rune(s.peek()); {
	case c == closing:
		s.pos++
		s.depth--
		return true, nil
	case first:
		return false, nil
	case c != ',':
		return false, s.wrong("want ',' or '" + string(closing) + "'")
	}
	s.pos++
	return false, nil
}

func (s *Scanner) key(met *keys) ([]byte, error) {
	if s.peek() != '"' {
		return nil, s.wrong("want a key")
	}
	end, f := s.l.str(s.pos)
	switch {
	case end < 0:
		return nil, s.syntax()
	case f&unfit != 0:
		return nil, s.refuse(s.pos, ReasonBadKey)
	}
	k := s.l.doc[s.pos+1 : end-1]
	if f&escaped != 0 {
		k = unescape(nil, k)
	}
	if met.met(k) {
		return nil, s.refuse(s.pos, ReasonDuplicateKey)
	}
	if s.pos = s.l.colon(end); s.pos < 0 {
		return nil, s.syntax()
	}
	return k, nil
}

// element calls fn, and skips the value at this place if fn did not read it.
func (s *Scanner) element(fn func() error) error {
	s.peek()
	start := s.pos
	if err := fn(); err != nil {
		if s.err == nil {
			s.err = err
		}
		return err
	}
	if s.err == nil && s.pos == start {
		return s.Skip()
	}
	return s.err
}

// want goes to the next value, which must be of that kind.
func (s *Scanner) want(k Kind) error {
	if s.err != nil {
		return s.err
	}
	switch got := kindOf(s.peek()); got {
	case k:
		return nil
	case Invalid:
		return s.wrong("want " + k.String())
	default:
		s.err = &KindError{Offset: s.Offset(), Want: k, Got: got}
		return s.err
	}
}

// peek goes to the next token and returns its first byte, 0 at the end.
func (s *Scanner) peek() byte {
	s.pos = s.l.skip(s.pos)
	return s.l.at(s.pos)
}

// wrong is a mistake in the syntax at this place.
func (s *Scanner) wrong(msg string) error {
	s.l.fail(s.pos, msg)
	return s.syntax()
}

func (s *Scanner) syntax() error {
	s.pos = max(s.pos, 0)
	s.err = s.l.err
	return s.err
}

// refuse makes an error of what is JSON, but not the strict kind.
func (s *Scanner) refuse(at int, why string) error {
	s.err = &SyntaxError{Offset: int64(at), Msg: why}
	return s.err
}

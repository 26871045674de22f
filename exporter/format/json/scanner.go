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
	return kindOf(s.l.peek())
}

// Offset is the place in the document, in bytes.
func (s *Scanner) Offset() int64 { return int64(s.l.pos) }

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
	if s.err != nil {
		return nil, s.err
	}
	s.l.peek()
	start := s.l.pos
	var bad fault
	f, ok := s.w.walk(&s.l, s.depth, &bad)
	switch {
	case !ok:
		return nil, s.syntax()
	case bad.reason != "":
		return nil, s.refuse(bad.at, bad.reason)
	case f&unfit != 0:
		return nil, s.refuse(start, f.reason())
	}
	return s.l.doc[start:s.l.pos], nil
}

// Text reads a string and returns it unescaped.
func (s *Scanner) Text() (string, error) {
	if err := s.want(String); err != nil {
		return "", err
	}
	at := s.l.pos
	v, f := s.l.str()
	switch {
	case f&broken != 0:
		return "", s.syntax()
	case f&unfit != 0:
		return "", s.refuse(at, f.reason())
	case f&escaped != 0:
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
		return 0, s.refuse(s.l.pos-len(n.raw), "no integer of 64 bits")
	}
	return v, nil
}

// Bool reads true or false.
func (s *Scanner) Bool() (bool, error) {
	if err := s.want(Bool); err != nil {
		return false, err
	}
	v := s.l.doc[s.l.pos] == 't'
	if !s.l.scalar(s.l.doc[s.l.pos]) {
		return false, s.syntax()
	}
	return v, nil
}

// Done checks that nothing but white space follows.
func (s *Scanner) Done() error {
	if s.err == nil && !s.l.done() {
		return s.syntax()
	}
	return s.err
}

func (s *Scanner) number() (n number, err error) {
	if err := s.want(Number); err != nil {
		return n, err
	}
	if !s.l.number(&n) {
		return number{}, s.syntax()
	}
	return n, nil
}

// enter reads the opening bracket of a list or object.
func (s *Scanner) enter(k Kind) error {
	if err := s.want(k); err != nil {
		return err
	}
	if s.depth++; s.depth > MaxDepth {
		return s.refuse(s.l.pos, ReasonTooDeep)
	}
	s.l.pos++
	return nil
}

// more goes to the next element or key, or past the closing bracket.
func (s *Scanner) more(closing byte, first bool) (end bool, err error) {
	switch c := s.l.peek(); {
	case c == closing:
		s.l.pos++
		s.depth--
		return true, nil
	case first:
		return false, nil
	case c != ',':
		s.l.fail(s.l.pos, "want ',' or '"+string(closing)+"'")
		return false, s.syntax()
	}
	s.l.pos++
	return false, nil
}

func (s *Scanner) key(met *keys) ([]byte, error) {
	if s.l.peek() != '"' {
		s.l.fail(s.l.pos, "want a key")
		return nil, s.syntax()
	}
	at := s.l.pos
	k, f := s.l.str()
	switch {
	case f&broken != 0:
		return nil, s.syntax()
	case f&unfit != 0:
		return nil, s.refuse(at, ReasonBadKey)
	case f&escaped != 0:
		k = unescape(nil, k)
	}
	if met.met(k) {
		return nil, s.refuse(at, ReasonDuplicateKey)
	}
	if !s.l.colon() {
		return nil, s.syntax()
	}
	return k, nil
}

// element calls fn, and skips the value at this place if fn did not read it.
func (s *Scanner) element(fn func() error) error {
	s.l.peek()
	start := s.l.pos
	if err := fn(); err != nil {
		if s.err == nil {
			s.err = err
		}
		return err
	}
	if s.l.pos == start {
		return s.Skip()
	}
	return s.err
}

// want goes to the next value, which must be of that kind.
func (s *Scanner) want(k Kind) error {
	if s.err != nil {
		return s.err
	}
	switch got := kindOf(s.l.peek()); got {
	case k:
		return nil
	case Invalid:
		s.l.fail(s.l.pos, "want "+k.String())
		return s.syntax()
	default:
		s.err = &KindError{Offset: s.Offset(), Want: k, Got: got}
		return s.err
	}
}

func (s *Scanner) syntax() error {
	s.err = s.l.err
	return s.err
}

// refuse makes an error of what is JSON, but not the strict kind.
func (s *Scanner) refuse(at int, why string) error {
	s.err = &SyntaxError{Offset: int64(at), Msg: why}
	return s.err
}

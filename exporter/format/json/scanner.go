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
	doc []byte
	pos int
}

// NewScanner returns a Scanner at the start of doc, which must not change while
// the Scanner is in use.
func NewScanner(doc []byte) *Scanner { return &Scanner{doc: doc} }

// Kind tells, without reading it, what the next value is; Invalid where there is none.
func (s *Scanner) Kind() Kind { return Invalid }

// Offset is the place in the document, in bytes.
func (s *Scanner) Offset() int64 { return int64(s.pos) }

// Object calls fn for each key of an object, with the Scanner at its value. A
// value that fn leaves unread is skipped. The key is unescaped and valid until
// the value is read.
func (s *Scanner) Object(fn func(key []byte) error) error { return nil }

// Array calls fn for each element of a list, counted from 0, with the Scanner
// at the element. An element that fn leaves unread is skipped.
func (s *Scanner) Array(fn func(i int) error) error { return nil }

// Skip reads any value, checking it whole.
func (s *Scanner) Skip() error { return nil }

// Raw reads any value and returns its text as it stands in the document.
func (s *Scanner) Raw() ([]byte, error) { return nil, nil }

// Text reads a string and returns it unescaped.
func (s *Scanner) Text() (string, error) { return "", nil }

// Number reads a number and returns its digits as they stand in the document.
func (s *Scanner) Number() (string, error) { return "", nil }

// Int reads a number written as an integer. Beyond int64 is a *SyntaxError.
func (s *Scanner) Int() (int64, error) { return 0, nil }

// Bool reads true or false.
func (s *Scanner) Bool() (bool, error) { return false, nil }

// Done checks that nothing but white space follows.
func (s *Scanner) Done() error { return nil }

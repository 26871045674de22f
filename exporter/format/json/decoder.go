package json

import "tapline/exporter/format"

// Options are the settings of a Decoder; the zero value works.
type Options struct {
	// MaxRecord is how many bytes a record may have. 0 = 16 MiB.
	MaxRecord int
	// Row, when not nil, is called for each record that is to become a row,
	// after its values are set, to set columns that records do not carry. A
	// reason other than "" rejects the row whole.
	Row func() (reason string)
}

// The reasons of rejects made here. Those before the blank line are of whole
// rows, the others of cells.
const (
	ReasonSyntax       = "json.syntax"        // no JSON; from Record only
	ReasonNotObject    = "json.not_object"    // the record is no object
	ReasonDuplicateKey = "json.duplicate_key" // twice the same key in one object
	ReasonBadKey       = "json.bad_key"       // a key with invalid UTF-8, a lone surrogate or U+0000
	ReasonTooDeep      = "json.too_deep"      // nested deeper than MaxDepth
	ReasonTooLarge     = "record.too_large"   // more bytes than Options.MaxRecord

	ReasonInvalidUTF8     = "text.invalid_utf8"     // invalid UTF-8 or a lone surrogate
	ReasonNUL             = "text.nul"              // U+0000
	ReasonDuplicateColumn = "json.duplicate_column" // another key already set the column
)

// A Decoder puts records into the columns of a Builder. It learns the order of
// keys as it goes. A Decoder belongs to one goroutine.
type Decoder struct {
	b *format.Builder
}

// NewDecoder returns a Decoder that lays records out in b as root says.
func NewDecoder(b *format.Builder, root Node, o Options) *Decoder { return &Decoder{b: b} }

// Records reads a list of records, one row each. A record that is JSON but
// cannot be a row is rejected whole, a value that cannot be held is NULL and
// its cell rejected; place(i) tells where record i of the list, counted from 0,
// was read, and is called for rejects only. The raw text of a reject is as the
// vendor sent it, invalid UTF-8 written as \x and two digits.
//
// Errors are a *SyntaxError, a *KindError if there is no list, or
// format.ErrFull. The rows read so far are then in the Builder: roll it back.
func (d *Decoder) Records(s *Scanner, place func(i int) string) error { return nil }

// Record reads one record that stands alone, such as the raw text of a reject.
// It is one row read: committed or, if it is not even JSON, rejected.
// The error is format.ErrFull or nil.
func (d *Decoder) Record(raw []byte, place string) error { return nil }

package json

import (
	"tapline/exporter"
	"tapline/exporter/format"
)

const defaultMaxRecord = 16 << 20

// Options are the settings of a Decoder; the zero value works.
type Options struct {
	// MaxRecord is how many bytes a record may have. 0 = 16 MiB.
	MaxRecord int
	// Begin, when not nil, is called before each record is read.
	Begin func()
	// Row, when not nil, is called for each record that is to become a row,
	// after its values are set, to set columns that records do not carry. A
	// reason other than "" rejects the row whole.
	Row func() (reason string)
	// Nested, when not nil, makes rows of what is in a record, instead of the
	// record.
	Nested *Nested
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
	ReasonNoRows       = "json.no_rows"       // neither a list nor an object holds the record's rows

	ReasonInvalidUTF8     = "text.invalid_utf8"     // invalid UTF-8 or a lone surrogate
	ReasonNUL             = "text.nul"              // U+0000
	ReasonDuplicateColumn = "json.duplicate_column" // another key already set the column
)

// A Decoder puts records into the columns of a Builder. It learns the order of
// keys as it goes. A Decoder belongs to one goroutine.
type Decoder struct {
	b    *format.Builder
	o    Options
	root *plan

	l       lexer
	w       walker
	num     number
	text    []byte // the last string unescaped
	row     uint64 // tells objects apart, so that a key seen in this one is known
	rows    uint64 // how many there were
	bad     fault  // why this record cannot be a row
	unnamed string // why the cell of a column without name was rejected
	place   func(i int) string
	at      int // which record of the list this is

	inner  *plan // of the rows nested in a record; nil = the record is the row
	around bool  // what is read is none of a row's, but around rows
	block  int   // where a record's rows are, or failed
	nth    int   // which of them this is

	learned int // keys that no Node names
	maxKeys int // the most of them; more make records unfit. 0 = no limit
}

// NewDecoder returns a Decoder that lays records out in b as root says.
func NewDecoder(b *format.Builder, root Node, o Options) *Decoder {
	if o.MaxRecord == 0 {
		o.MaxRecord = defaultMaxRecord
	}
	d := &Decoder{b: b, o: o}
	if n := o.Nested; n != nil {
		root.Only = true
		d.inner = newPlan(b, &n.Row, "", true)
	}
	d.root = newPlan(b, &root, "", true)
	if n := o.Nested; n != nil {
		block := &plan{special: true, block: true}
		if i, ok := d.root.index[n.Key]; ok {
			block.under, d.root.fields[i].value = d.root.fields[i].value, block
		} else {
			d.root.add(n.Key, block)
		}
	}
	return d
}

// Records reads a list of records, one row each. A record that is JSON but
// cannot be a row is rejected whole, a value that cannot be held is NULL and
// its cell rejected; place(i) tells where record i of the list, counted from 0,
// was read, and is called for rejects only. The raw text of a reject is as the
// vendor sent it, invalid UTF-8 written as \x and two digits.
//
// Errors are a *SyntaxError, a *KindError if there is no list, or
// format.ErrFull. The rows read so far are then in the Builder: roll it back.
func (d *Decoder) Records(s *Scanner, place func(i int) string) error {
	if err := s.want(Array); err != nil {
		return err
	}
	d.l, d.place = s.l, place
	s.pos = d.records(s.pos)
	s.l = d.l
	d.forget()
	if s.pos < 0 {
		return s.syntax()
	}
	if err := d.b.Err(); err != nil {
		s.err = err
		return err
	}
	return nil
}

// Record reads one record that stands alone, such as the raw text of a reject.
// It is one row read: committed or, if it is not even JSON, rejected.
// The error is format.ErrFull or nil.
func (d *Decoder) Record(raw []byte, place string) error {
	d.l, d.at, d.place = lexer{doc: raw}, 0, func(int) string { return place }
	if end := d.record(d.l.skip(0)); end < 0 || d.l.skip(end) < len(raw) {
		d.bad = fault{reason: ReasonSyntax}
	}
	d.end(raw)
	d.forget()
	return d.b.Err()
}

// forget lets go of the document.
func (d *Decoder) forget() {
	d.l, d.place = lexer{}, nil
	for i := range d.w.frames {
		clear(d.w.frames[i].list)
	}
}

// records reads the list at i.
func (d *Decoder) records(i int) int {
	l := &d.l
	if i = l.skip(i + 1); l.at(i) == ']' {
		return i + 1
	}
	for d.at = 0; ; d.at++ {
		end := d.record(i)
		if end < 0 {
			if d.inner == nil {
				d.b.AbortRow()
			}
			return failed
		}
		d.end(l.doc[i:end])
		var more bool
		if i, more = l.next(end); !more {
			return i
		}
	}
}

// record reads the record at i into a row that is begun and not ended; or what
// is around the rows in it.
func (d *Decoder) record(i int) int {
	if d.o.Begin != nil {
		d.o.Begin()
	}
	d.around = d.inner != nil
	if !d.around {
		d.b.BeginRow()
		return d.fields(d.root, i, 0)
	}
	d.block = failed
	i = d.fields(d.root, i, 0)
	d.around = false
	return i
}

// fields reads an object that begins at i, inside depth others, or notes that
// it is none.
func (d *Decoder) fields(p *plan, i, depth int) int {
	d.next()
	d.bad, d.unnamed = fault{}, ""
	if d.l.at(i) == '{' {
		return d.object(p, i, depth+1)
	}
	d.bad.note(ReasonNotObject, i)
	return d.pass(i, depth)
}

// next begins an object whose keys are all new.
func (d *Decoder) next() {
	d.rows++
	d.row = d.rows
}

// end commits or rejects what came of the record that raw is the text of.
func (d *Decoder) end(raw []byte) {
	if len(raw) > d.o.MaxRecord {
		d.bad.note(d.unnamed, 0)
		d.bad.note(ReasonTooLarge, 0)
	}
	if d.inner != nil {
		d.endNested(raw)
		return
	}
	d.endRow(raw)
}

// endRow commits or rejects the row begun, which raw is the text of.
func (d *Decoder) endRow(raw []byte) {
	d.bad.note(d.unnamed, 0)
	if d.bad.reason == "" && d.o.Row != nil {
		d.bad.reason = d.o.Row()
	}
	if d.bad.reason == "" {
		d.b.EndRow()
		return
	}
	d.b.RejectRow(exporter.Reject{Reason: d.bad.reason, Place: d.where(), Raw: storable(raw)})
}

func (d *Decoder) where() string {
	if d.place == nil {
		return ""
	}
	return d.place(d.at)
}

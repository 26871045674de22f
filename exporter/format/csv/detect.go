package csv

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"tapline/exporter"
	"tapline/exporter/format"
)

const (
	// SampleSize is how many bytes Detect looks at, at most.
	SampleSize = 1 << 20
	// maxColumns is far more than a warehouse takes.
	maxColumns = 16384
	// looked is how many records of the sample decide.
	looked = 1000
)

// Detect tells the dialect of a content by its first bytes, of which SampleSize
// at most are looked at; complete says that there are no more. The same sample
// and Options give the same Dialect. Nothing but white lines gives a Dialect
// without Columns.
//
// Errors: those of Options.Validate, and exporter.ErrContent for a header that
// cannot be one.
func Detect(sample []byte, complete bool, o Options) (Dialect, error) {
	p, err := o.pins()
	if err == nil {
		err = o.Validate()
	}
	if err != nil {
		return Dialect{}, fmt.Errorf("csv: options: %w", err)
	}
	if len(sample) > SampleSize {
		sample, complete = sample[:SampleSize], false
	}
	d := Dialect{skip: o.Skip}
	text := d.decode(sample, complete, strings.ToLower(o.Encoding))
	at, ok := skipLines(text, o.Skip, complete)
	if !ok {
		return d, fmt.Errorf("csv: the %d lines to skip do not end in the first %d bytes: %w", o.Skip, SampleSize, exporter.ErrContent)
	}
	s := &sniffer{text: text[at:], complete: complete, max: o.MaxRecord}
	if s.max == 0 {
		s.max = defaultMaxRecord
	}
	d.Comment = p.comment
	if !p.hasRemark {
		d.Comment = s.comment(p)
	}
	s.dialect(&d, p)
	if err := s.header(&d, o.Header); err != nil {
		return d, err
	}
	d.body += at
	return d, nil
}

// decode finds the encoding and returns the sample in UTF-8 without mark.
func (d *Dialect) decode(sample []byte, complete bool, pinned string) []byte {
	marked, n := byteOrderMark(sample)
	switch {
	case pinned == "" || pinned == auto:
		d.Encoding, d.mark = marked, n
		if marked == "" {
			d.Encoding = guessEncoding(sample, complete)
		}
	case pinned == marked:
		d.Encoding, d.mark = pinned, n
	default:
		d.Encoding = pinned
	}
	text := sample[d.mark:]
	if decode := decoders[d.Encoding]; decode != nil {
		text, _ = decode(nil, text, complete)
	}
	if complete {
		text = bytes.TrimSuffix(text, []byte{ctrlZ})
	}
	return text
}

// ctrlZ ends the text files of some old programs.
const ctrlZ = 0x1a

// skipLines returns where line n of text begins, and false if it has no such
// line so far.
func skipLines(text []byte, n int, complete bool) (at int, ok bool) {
	var x index
	for ; n > 0; n-- {
		if _, at = x.line(text, at, complete); at < 0 {
			return 0, false
		}
	}
	return at, true
}

// A sniffer reads a sample as different dialects would.
type sniffer struct {
	text     []byte
	complete bool
	max      int
}

// A look is what a sample is as one dialect.
type look struct {
	rows  [][][]byte // fields, as they are meant; the blank lines left out
	bad   int        // records whose quotes do not fit
	count int        // records, bad ones included
	ends  []int      // where each of rows ends and the next record begins
	texts [][]byte   // of rows, as they are written
}

// read reads up to limit records.
func (s *sniffer) read(d Dialect, limit int) look {
	var l look
	x := index{syntax: d.syntax(s.max, maxColumns+1)}
	for p := 0; p < len(s.text) && l.count < limit; {
		x.reset()
		next := x.exact(s.text, p, s.complete)
		if next < 0 {
			break
		}
		for _, r := range x.records {
			switch {
			case r.fields < 0:
				l.bad++
				l.count++
			case r.fields == 1 && x.start(r) == int(r.end):
			default:
				l.count++
				l.rows = append(l.rows, x.cells(s.text, r))
				l.ends = append(l.ends, next)
				l.texts = append(l.texts, s.text[x.start(r):r.end])
			}
		}
		if p = next; len(x.records) > 0 && x.records[0].fields == tooLarge {
			break
		}
	}
	return l
}

// cells returns the fields of a record as they are meant.
func (x *index) cells(buf []byte, r record) [][]byte {
	out := make([][]byte, 0, r.fields)
	for i := range min(int(r.fields), x.maxFields) {
		f := x.span(r, i)
		out = append(out, x.plain(buf[f.From:f.To], nil))
	}
	return out
}

// fit is how well a dialect explains the sample: the share of records that
// have as many fields as the first one, in thousandths; and that many.
func (l *look) fit() (share, fields int) {
	if len(l.rows) == 0 {
		return 0, 0
	}
	fields = len(l.rows[0])
	good := 0
	for _, r := range l.rows {
		if len(r) == fields || len(r) == fields-1 && len(l.rows[0][fields-1]) == 0 {
			good++
		}
	}
	return good * 1000 / l.count, fields
}

// delimiters are tried in this order; of two that explain the sample equally
// well the first wins. Colons and the like stand in times and addresses too:
// they delimit only where a header and typed cells below it show so.
var delimiters = []struct {
	c    byte
	weak bool
}{{',', false}, {'\t', false}, {';', false}, {'|', false}, {1, false}, {'^', true}, {'~', true}, {':', true}}

// dialect finds the delimiter, quote and escape that explain the sample best.
func (s *sniffer) dialect(d *Dialect, p pins) {
	best, bestShare := *d, -1001
	try := func(delim byte, weak bool) {
		for _, q := range s.quotes(p) {
			c := *d
			c.Delimiter, c.Quote, c.Escape = delim, q[0], q[1]
			l := s.read(c, looked)
			share, fields := l.fit()
			if delim != 0 && !p.hasDelim && (fields < 2 || share < 500 || weak && !typed(l.rows)) {
				continue
			}
			if delim == 0 && !p.hasDelim {
				share = (l.count-l.bad)*1000/max(l.count, 1) - 1000 // the last resort
			}
			if share > bestShare || share == bestShare && c.Quote == '\'' && best.Delimiter == delim && apostrophes(l.texts) {
				best, bestShare = c, share
			}
		}
	}
	if p.hasDelim {
		try(p.delimiter, false)
	} else {
		for _, c := range delimiters {
			if c.c != p.quote && c.c != p.comment && c.c != p.escape {
				try(c.c, c.weak)
			}
		}
		try(0, false)
	}
	*d = best
}

// apostrophes reports whether most records begin with one and end with one.
func apostrophes(texts [][]byte) bool {
	n := 0
	for _, t := range texts {
		if len(t) > 1 && t[0] == '\'' && t[len(t)-1] == '\'' {
			n++
		}
	}
	return n*2 > len(texts)
}

// quotes are the pairs of quote and escape to try.
func (s *sniffer) quotes(p pins) [][2]byte {
	quotes := []byte{'"'}
	if p.hasQuote {
		quotes = []byte{p.quote}
	} else if bytes.IndexByte(s.text, '"') < 0 && bytes.Count(s.text, []byte{'\''}) >= 4 && p.delimiter != '\'' {
		quotes = []byte{'"', '\''}
	}
	if p.delimiter == '"' || p.comment == '"' {
		quotes = []byte{0}
	}
	var out [][2]byte
	for _, q := range quotes {
		switch {
		case p.hasEsc && p.escape != '\\' && p.escape != 0:
			out = append(out, [2]byte{q, q})
		case p.hasEsc:
			out = append(out, [2]byte{q, p.escape})
		default:
			out = append(out, [2]byte{q, q})
			if q != 0 && bytes.Contains(s.text, []byte{'\\', q}) {
				out = append(out, [2]byte{q, '\\'})
			}
		}
	}
	return out
}

// comment tells whether lines that begin with # are comments: they are if the
// first line is such a one and the first that is not has other fields.
func (s *sniffer) comment(p pins) byte {
	const mark = '#'
	if len(s.text) == 0 || s.text[0] != mark || p.delimiter == mark || p.quote == mark {
		return 0
	}
	with, without := Dialect{Comment: mark}, Dialect{}
	s.dialect(&with, p)
	s.dialect(&without, p)
	l := s.read(with, looked)
	if len(l.rows) == 0 {
		return mark
	}
	first := s.read(without, 1)
	if len(first.rows) == 1 && len(first.rows[0]) == len(l.rows[0]) && len(l.rows[0]) > 1 {
		return 0
	}
	return mark
}

// typed reports whether the first row is a header by what is below it: a column
// of nothing but numbers, dates, times or bools whose first cell is text.
func typed(rows [][][]byte) bool {
	for c := range rows[0] {
		if len(rows[0][c]) == 0 || kindOf(rows[0][c])&exporter.Text == 0 {
			continue
		}
		var kinds exporter.Kinds
		for _, r := range rows[1:] {
			if c < len(r) && len(r[c]) > 0 {
				kinds |= kindOf(r[c])
			}
		}
		if kinds != 0 && kinds&exporter.Text == 0 {
			return true
		}
	}
	return false
}

func kindOf(v []byte) exporter.Kinds {
	t := typer{clock: format.NewClock(time.UTC)}
	return t.kinds(v) & exporter.Values
}

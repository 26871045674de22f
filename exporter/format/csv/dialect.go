package csv

import (
	"fmt"
	"strings"
)

// A Dialect is how a content is written.
type Dialect struct {
	Delimiter byte // 0 = one column
	Quote     byte // 0 = none
	Escape    byte // the Quote itself: doubled; or '\\'; 0 = none
	Comment   byte // 0 = none
	Header    bool
	Encoding  string
	Columns   []string // the names

	skip   int    // lines before the header
	mark   int    // bytes of the byte order mark
	body   int    // bytes of the text, as UTF-8 and without mark, up to the first row
	header []byte // the text of the header
}

// String is the Dialect in words: `comma, quote ", header, utf-8`.
func (d Dialect) String() string {
	words := []string{named(d.Delimiter, "one column")}
	switch {
	case d.Quote == 0:
		words = append(words, "no quotes")
	default:
		words = append(words, "quote "+string(d.Quote))
	}
	switch {
	case d.Escape != 0 && d.Escape != d.Quote:
		words = append(words, "escape "+string(d.Escape))
	case d.Escape == 0 && d.Quote != 0:
		words = append(words, "no escape")
	}
	if d.Comment != 0 {
		words = append(words, "comment "+string(d.Comment))
	}
	if d.skip > 0 {
		words = append(words, fmt.Sprintf("%d lines skipped", d.skip))
	}
	if d.Header {
		words = append(words, "header")
	} else {
		words = append(words, "no header")
	}
	return strings.Join(append(words, d.Encoding), ", ")
}

func named(c byte, zero string) string {
	switch c {
	case 0:
		return zero
	case ',':
		return "comma"
	case ';':
		return "semicolon"
	case '\t':
		return "tab"
	case '|':
		return "pipe"
	}
	return fmt.Sprintf("delimiter %q", c)
}

func (d Dialect) syntax(maxRecord, maxFields int) syntax {
	return syntax{delim: d.Delimiter, quote: d.Quote, escape: d.Escape, comment: d.Comment, maxRecord: maxRecord, maxFields: maxFields}
}

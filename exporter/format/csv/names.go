package csv

import (
	"fmt"
	"strings"

	"tapline/exporter"
)

// Usual is the dialect that o pins, for those who do not look into a content;
// what is not pinned is as most have it: commas, doubled quotes, no comments, a
// header, UTF-8.
func (o Options) Usual() (Dialect, error) {
	p, err := o.pins()
	if err != nil {
		return Dialect{}, fmt.Errorf("csv: options: %w", err)
	}
	d := Dialect{Delimiter: ',', Quote: '"', Comment: p.comment, Header: o.Header != "no", Encoding: UTF8}
	if p.hasDelim {
		d.Delimiter = p.delimiter
	}
	if p.hasQuote {
		d.Quote = p.quote
	}
	if d.Escape = d.Quote; p.hasEsc {
		d.Escape = p.escape
	}
	if encoding := strings.ToLower(o.Encoding); encoding != "" && encoding != auto {
		d.Encoding = encoding
	}
	return d, nil
}

// Names are the names of the columns by the first record of a content, as Read
// would have them, for those who have the record and not the content. Header
// auto is yes, for there are no other records to compare with.
//
// Errors: exporter.ErrContent for a first record that cannot be a header, or
// looks as if detection would find another dialect.
func Names(first []string, o Options) ([]string, error) {
	p, err := o.pins()
	if err != nil {
		return nil, fmt.Errorf("csv: options: %w", err)
	}
	d := Dialect{Encoding: UTF8}
	if o.Header == "no" {
		err := d.name(nil, len(first))
		return d.Columns, err
	}
	cells := make([][]byte, len(first))
	for i, text := range first {
		cells[i] = []byte(text)
		switch {
		case i == 0 && strings.HasPrefix(text, "#") && !p.hasRemark:
			return nil, doubt(text, "comment: none", "is a name, or is a comment")
		case strings.ContainsAny(text, ";\t|") && !p.hasDelim:
			return nil, doubt(text, "delimiter: comma", "is one name")
		case text != "" && kindOf(cells[i])&exporter.Text == 0 && o.Header != "yes":
			return nil, doubt(text, "header: yes, or no", "is the name of a column")
		}
	}
	if n := len(first); n > 1 && first[n-1] == "" {
		return nil, fmt.Errorf("csv: the last of %d columns has no name: %w", n, exporter.ErrContent)
	}
	err = d.name(cells, len(cells))
	return d.Columns, err
}

func doubt(text, pin, what string) error {
	return fmt.Errorf("csv: it is not certain that %.64q %s; pin it under csv: (%s): %w", text, what, pin, exporter.ErrContent)
}

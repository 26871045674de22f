package csv

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Options pin what Detect would find; zero values are detected.
type Options struct {
	// Delimiter stands between fields: one ASCII character or its name: comma,
	// semicolon, tab, pipe. "none" = one column.
	Delimiter string `yaml:"delimiter" doc:"what stands between fields: one character, comma, semicolon, tab, pipe or none"`
	// Quote goes around fields: one ASCII character, or "none".
	Quote string `yaml:"quote" doc:"what goes around fields: one character, or none"`
	// Escape goes before a quote within quotes: the quote itself, "\\", or "none".
	Escape string `yaml:"escape" doc:"what goes before a quote within quotes: the quote itself, a backslash, or none"`
	// Comment begins lines that are passed over: one ASCII character, or "none".
	Comment string `yaml:"comment" doc:"what begins lines that are passed over: one character, or none"`
	// Header says whether the first record has the names of the columns.
	// Without, they are column1, column2 and so on.
	Header string `yaml:"header" enum:"auto,yes,no" doc:"whether the first record has the names of the columns: auto, yes or no"`
	// Encoding of the content. latin-1 is read as windows-1252.
	Encoding string `yaml:"encoding" enum:"auto,utf-8,utf-16le,utf-16be,latin-1" doc:"auto, utf-8, utf-16le, utf-16be or latin-1 (windows-1252)"`
	// Skip is how many lines stand before the header and are passed over.
	Skip int `yaml:"skip" min:"0" doc:"lines before the header that are passed over"`
	// Null are texts that are NULL, beside the empty cell.
	Null []string `yaml:"null" doc:"texts that are NULL, beside the empty cell"`
	// Text are columns whose cells are text exactly as written. "*" = all.
	Text []string `yaml:"text" doc:"columns read as text exactly as written, or [\"*\"] for all"`
	// MaxRecord is how many bytes a record may have. 0 = 16 MiB.
	MaxRecord int `yaml:"max_record" min:"1024" max:"268435456" doc:"bytes that a record may have"`
}

const (
	defaultMaxRecord = 16 << 20
	none             = "none"
	auto             = "auto"
)

// The encodings of a Dialect.
const (
	UTF8    = "utf-8"
	UTF16LE = "utf-16le"
	UTF16BE = "utf-16be"
	Latin1  = "latin-1" // read as windows-1252, of which it is a part
)

var characters = map[string]string{"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", `\t`: "\t", "backslash": `\`}

// char is the character that an option names: 0 and false = to be detected, 0
// and true = none.
func char(key, s string) (c byte, pinned bool, err error) {
	if name, ok := characters[s]; ok {
		s = name
	}
	switch {
	case s == "" || s == auto:
		return 0, false, nil
	case s == none:
		return 0, true, nil
	case len(s) != 1 || s[0] == 0 || s[0] >= utf8.RuneSelf || s == "\n" || s == "\r":
		return 0, false, fmt.Errorf("%s: %q is not one ASCII character, or none", key, s)
	}
	return s[0], true, nil
}

// pins are the Options in a form to work with.
type pins struct {
	delimiter, quote, escape, comment     byte
	hasDelim, hasQuote, hasEsc, hasRemark bool
}

func (o Options) pins() (p pins, err error) {
	for _, f := range []struct {
		key, text string
		to        *byte
		pinned    *bool
	}{
		{"delimiter", o.Delimiter, &p.delimiter, &p.hasDelim},
		{"quote", o.Quote, &p.quote, &p.hasQuote},
		{"escape", o.Escape, &p.escape, &p.hasEsc},
		{"comment", o.Comment, &p.comment, &p.hasRemark},
	} {
		if *f.to, *f.pinned, err = char(f.key, f.text); err != nil {
			return p, err
		}
	}
	seen := make(map[byte]string)
	for _, f := range []struct {
		key string
		c   byte
	}{{"delimiter", p.delimiter}, {"quote", p.quote}, {"comment", p.comment}} {
		if other := seen[f.c]; f.c != 0 && other != "" {
			return p, fmt.Errorf("%s: %q is the %s already", f.key, f.c, other)
		}
		seen[f.c] = f.key
	}
	if p.escape != 0 && (p.escape == p.delimiter || p.escape == p.comment) {
		return p, fmt.Errorf("escape: %q is the delimiter or the comment already", p.escape)
	}
	if p.escape != 0 && p.hasQuote && p.quote == 0 && p.escape != '\\' {
		return p, fmt.Errorf("escape: %q without a quote; want a backslash or none", p.escape)
	}
	return p, nil
}

// Validate says what of o is wrong, naming the key, or nil.
func (o Options) Validate() error {
	if _, err := o.pins(); err != nil {
		return err
	}
	switch o.Header {
	case "", auto, "yes", "no":
	default:
		return fmt.Errorf("header: %q is not auto, yes or no", o.Header)
	}
	switch strings.ToLower(o.Encoding) {
	case "", auto, UTF8, UTF16LE, UTF16BE, Latin1:
	default:
		return fmt.Errorf("encoding: %q is not auto, utf-8, utf-16le, utf-16be or latin-1", o.Encoding)
	}
	switch {
	case o.Skip < 0:
		return fmt.Errorf("skip: %d is less than 0", o.Skip)
	case o.MaxRecord < 0 || o.MaxRecord > 1<<28:
		return fmt.Errorf("max_record: %d is not from 1 to %d bytes", o.MaxRecord, 1<<28)
	}
	return nil
}

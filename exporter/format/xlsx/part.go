package xlsx

import (
	"fmt"
	"io"
)

// A part reads the XML of one part of the workbook, in bounded memory. Names
// are without their prefix; strict and transitional workbooks differ in
// namespaces only.
type part struct {
	name string
	s    *scanner
}

func newPart(name string, r io.Reader, most int64) *part {
	return &part{name, newScanner(r, most)}
}

// next returns the next token, io.EOF after the last.
func (p *part) next() (*token, error) {
	t, err := p.s.next()
	if err != nil && err != io.EOF {
		err = fmt.Errorf("its part %s cannot be read: %w", p.name, err)
	}
	return t, err
}

// must is next where there must be one.
func (p *part) must() (*token, error) {
	t, err := p.next()
	if err == io.EOF {
		err = fmt.Errorf("its part %s ends in the middle: the file is damaged", p.name)
	}
	return t, err
}

// each calls fn for each opening tag, until fn reports false.
func (p *part) each(fn func(t *token) (more bool, err error)) error {
	for {
		t, err := p.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if t.kind != opening {
			continue
		}
		if more, err := fn(t); !more || err != nil {
			return err
		}
	}
}

// text appends the text up to the closing tag of that name, whose opening tag
// was read: that of <t> elements, but not of phonetic hints (<rPh>). With bare,
// text outside of <t> counts.
func (p *part) text(dst []byte, name string, bare bool) ([]byte, error) {
	in, skip, from := bare, 0, len(dst)
	for {
		t, err := p.must()
		if err != nil {
			return dst, err
		}
		switch {
		case t.is(closing, name):
			return dst, nil
		case t.kind == chars:
			if in && skip == 0 {
				dst = append(dst, t.text...)
			}
			if len(dst)-from > maxToken {
				return dst, errToken
			}
		case t.is(opening, "rPh"):
			skip++
		case t.is(closing, "rPh"):
			skip = max(skip-1, 0)
		}
		if t.kind != chars {
			in = bare || t.is(opening, "t")
		}
	}
}

// isTrue reads xsd:boolean.
func isTrue(s []byte) bool { return string(s) == "1" || string(s) == "true" }

package xlsx

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// maxToken is how long a tag or a run of text may be: Excel allows 32,767
// characters in a cell.
const maxToken = 1 << 20

var (
	errToken    = fmt.Errorf("it has a tag or text of more than %d bytes: shorten it", maxToken)
	errUnpacked = errors.New("a part of it is larger than Options.MaxUnpacked when decompressed: write it as several files or raise the limit")
)

// A part reads the XML of one part of the workbook, in bounded memory. Names
// are without their prefix; strict and transitional workbooks differ in
// namespaces only.
type part struct {
	name string
	d    *xml.Decoder
	m    *meter
}

// A meter lets through so many bytes for a token, and so many in all.
type meter struct {
	*bufio.Reader
	token int
	left  int64
}

func (m *meter) ReadByte() (byte, error) {
	m.token--
	m.left--
	switch {
	case m.token < 0:
		return 0, errToken
	case m.left < 0:
		return 0, errUnpacked
	}
	return m.Reader.ReadByte()
}

func newPart(name string, r io.Reader, most int64) *part {
	p := &part{name: name, m: &meter{Reader: bufio.NewReaderSize(r, 32<<10), left: most}}
	p.d = xml.NewDecoder(p.m)
	return p
}

// next returns the next token, io.EOF after the last.
func (p *part) next() (xml.Token, error) {
	p.m.token = maxToken
	t, err := p.d.RawToken()
	if err != nil && err != io.EOF {
		err = fmt.Errorf("its part %s cannot be read: %w", p.name, err)
	}
	return t, err
}

// each calls fn for each opening tag, until fn reports false.
func (p *part) each(fn func(t *xml.StartElement) (more bool, err error)) error {
	for {
		token, err := p.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		t, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if more, err := fn(&t); !more || err != nil {
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
		token, err := p.next()
		if err == io.EOF {
			err = fmt.Errorf("its part %s ends in the middle: the file is damaged", p.name)
		}
		if err != nil {
			return dst, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local == "rPh" {
				skip++
			}
			in = bare || t.Name.Local == "t"
		case xml.EndElement:
			if t.Name.Local == name {
				return dst, nil
			}
			if t.Name.Local == "rPh" && skip > 0 {
				skip--
			}
			in = bare
		case xml.CharData:
			if in && skip == 0 {
				dst = append(dst, t...)
			}
			if len(dst)-from > maxToken {
				return dst, errToken
			}
		}
	}
}

// attr returns the value of the attribute of that local name.
func attr(t *xml.StartElement, name string) string {
	for i := range t.Attr {
		if t.Attr[i].Name.Local == name && t.Attr[i].Name.Space != "xmlns" {
			return t.Attr[i].Value
		}
	}
	return ""
}

// isTrue reads xsd:boolean.
func isTrue(s string) bool { return s == "1" || s == "true" }

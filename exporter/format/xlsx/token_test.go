package xlsx

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tokens lists what the scanner finds in doc.
func tokens(doc string) (out []string, err error) {
	s := newScanner(strings.NewReader(doc), 1<<30)
	for {
		t, err := s.next()
		switch {
		case err == io.EOF:
			return out, nil
		case err != nil:
			return out, err
		case t.kind == chars:
			out = append(out, fmt.Sprintf("%q", t.text))
		case t.kind == closing:
			out = append(out, fmt.Sprintf("</%s>", t.name))
		default:
			tag := "<" + string(t.name)
			for _, a := range t.attrs {
				tag += fmt.Sprintf(" %s=%q", a.name, a.value)
			}
			out = append(out, tag+">")
		}
	}
}

// byStandard lists what package encoding/xml finds.
func byStandard(doc string) (out []string, err error) {
	d := xml.NewDecoder(strings.NewReader(doc))
	for {
		t, err := d.RawToken()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		switch t := t.(type) {
		case xml.CharData:
			if len(t) > 0 {
				out = append(out, fmt.Sprintf("%q", string(t)))
			}
		case xml.EndElement:
			out = append(out, fmt.Sprintf("</%s>", t.Name.Local))
		case xml.StartElement:
			tag := "<" + t.Name.Local
			for _, a := range t.Attr {
				if a.Name.Space != "xmlns" {
					tag += fmt.Sprintf(" %s=%q", a.Name.Local, a.Value)
				}
			}
			out = append(out, tag+">")
		}
	}
}

var documents = []string{
	"", "text", `<a/>`, `<a><b x="1" y='2"'/>t</a>`, `<?xml version="1.0" encoding="UTF-8"?><x:a xmlns:x="u" xmlns="v" r:id="&lt;&#65;&#x42;&amp;"></x:a>`,
	"<a>1 &lt; 2 &gt;\r\n&quot;&apos;\r</a>", "<a><!-- <b> -- > --><![CDATA[<c>&amp;]] >]]></a >", `<a b="x>y"/>`, "<a\n b = \"1\"\n/>", "<!----><a/>",
	"<a>é李</a>", `<?xml version="1.0"?><a/>`,
}

func TestScanner(t *testing.T) {
	for _, doc := range documents {
		got, err := tokens(doc)
		if err != nil {
			t.Errorf("%s: %v", doc, err)
			continue
		}
		want, err := byStandard(doc)
		if strings.Contains(doc, "-- >") {
			want, err = []string{"<a>", `"<c>&amp;]] >"`, "</a>"}, nil // which encoding/xml refuses
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", doc, err, diff)
		}
	}
	for _, doc := range []string{"<", "<>", "<a", "<a b>", `<a b=">`, `<a b=1>`, "&", "&amp", "&nbsp;", "&#0x;", "&#xd800;", "<!DOCTYPE a>", "<!--", "<![CDATA[", "<?x", "\xff", "<a b='\xff'>",
		`<?xml version="1.0" encoding="UTF-16"?>`, "<row<c>"} {
		if got, err := tokens(doc); err == nil {
			t.Errorf("%s: got %q", doc, got)
		}
	}
}

// FuzzScanner holds that documents that encoding/xml reads are read the same.
func FuzzScanner(f *testing.F) {
	for _, doc := range documents {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		got, err := tokens(doc)
		want, other := byStandard(doc)
		// What it lets pass that no workbook has, and names of more than one colon.
		if err != nil || other != nil || strings.ContainsAny(doc, "!?\x00") || strings.Contains(doc, ":") {
			return
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q:\n%s", doc, diff)
		}
	})
}

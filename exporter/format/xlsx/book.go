package xlsx

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"tapline/exporter/format"
)

const (
	maxSheets = 10_000
	maxStyles = 100_000 // Excel allows 65,490
)

// A book is what a workbook tells of its sheet of interest.
type book struct {
	zip    *zip.Reader
	most   int64 // bytes of a part
	path   string
	sheets []sheet
	rels   map[string]relation
	date0  int // days from 1970 to day 0
	has60  bool

	strings texts
	styles  []numFormat
}

type sheet struct {
	name, id string
	hidden   bool
}

type relation struct{ kind, target string }

// openBook reads everything but the sheet.
func openBook(f *format.Spool, o *Options) (*book, error) {
	var magic [8]byte
	if n, err := f.ReadAt(magic[:], 0); err != nil && err != io.EOF {
		return nil, err
	} else if n == 8 && string(magic[:]) == "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" {
		return nil, errors.New("it is a workbook of the old .xls format or one with a password: save it as .xlsx without a password")
	}
	// A section answers what a damaged directory asks for with io.EOF.
	z, err := zip.NewReader(io.NewSectionReader(f, 0, f.Size), f.Size)
	if err != nil {
		return nil, fmt.Errorf("it is no .xlsx workbook, or damaged: save it as .xlsx (%w)", err)
	}
	b := &book{zip: z, most: o.MaxUnpacked, path: "xl/workbook.xml"}
	if err := b.root(); err != nil {
		return nil, err
	}
	if err := b.workbook(); err != nil {
		return nil, err
	}
	if b.rels, err = b.relations(b.path); err != nil {
		return nil, err
	}
	for _, r := range b.rels {
		switch r.kind {
		case "sharedStrings":
			err = b.sharedStrings(r.target, o.MaxStrings)
		case "styles":
			err = b.styleSheet(r.target)
		}
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}

// open returns a part and what to close; nil if there is none of the name.
func (b *book) open(name string) (*part, io.Closer, error) {
	name = strings.TrimPrefix(name, "/")
	for _, f := range b.zip.File {
		// Part names are compared without regard to case.
		if !strings.EqualFold(f.Name, name) {
			continue
		}
		if f.UncompressedSize64 > uint64(b.most) {
			return nil, nil, errUnpacked
		}
		r, err := f.Open()
		if err != nil {
			return nil, nil, fmt.Errorf("its part %s cannot be read: %w", name, err)
		}
		return newPart(name, r, b.most), r, nil
	}
	return nil, nil, nil
}

// each calls fn for each opening tag of a part, which may not be there.
func (b *book) each(name string, fn func(p *part, t *token) (bool, error)) (found bool, err error) {
	p, c, err := b.open(name)
	if p == nil {
		return false, err
	}
	defer c.Close()
	return true, p.each(func(t *token) (bool, error) { return fn(p, t) })
}

// root finds where the workbook is.
func (b *book) root() error {
	rels, err := b.relations("")
	for _, r := range rels {
		if r.kind == "officeDocument" {
			b.path = strings.TrimPrefix(r.target, "/")
		}
	}
	return err
}

// relations reads the relations of a part, by their ids. Targets are resolved.
func (b *book) relations(of string) (map[string]relation, error) {
	dir, file := path.Split(of)
	out := map[string]relation{}
	_, err := b.each(dir+"_rels/"+file+".rels", func(_ *part, t *token) (bool, error) {
		if string(t.name) != "Relationship" || string(t.attr("TargetMode")) == "External" {
			return true, nil
		}
		target := string(t.attr("Target"))
		if !strings.HasPrefix(target, "/") {
			target = path.Join(dir, target)
		}
		out[string(t.attr("Id"))] = relation{path.Base(string(t.attr("Type"))), target}
		if len(out) > maxSheets {
			return false, errors.New("it has too many relations: save it anew")
		}
		return true, nil
	})
	return out, err
}

// workbook reads the list of sheets and the calendar.
func (b *book) workbook() error {
	b.date0, b.has60 = -25569, true // 1899-12-30
	found, err := b.each(b.path, func(_ *part, t *token) (bool, error) {
		switch string(t.name) {
		case "workbookPr":
			if isTrue(t.attr("date1904")) {
				b.date0, b.has60 = -24107, false // 1904-01-01
			}
		case "sheet":
			state := string(t.attr("state"))
			b.sheets = append(b.sheets, sheet{string(t.attr("name")), string(t.attr("id")), state == "hidden" || state == "veryHidden"})
			if len(b.sheets) > maxSheets {
				return false, fmt.Errorf("it has more than %d sheets: split it", maxSheets)
			}
		}
		return true, nil
	})
	if err == nil && !found {
		err = errors.New("it is a zip archive, but no .xlsx workbook: save it as .xlsx")
	}
	return err
}

// find returns the sheet of that name, "" = the first to be seen, and its part.
func (b *book) find(name string) (sheet, string, error) {
	var names []string
	for _, s := range b.sheets {
		r, ok := b.rels[s.id]
		if !ok || r.kind != "worksheet" {
			continue // a chart, a macro
		}
		if s.name == name || name == "" && !s.hidden {
			return s, r.target, nil
		}
		names = append(names, s.name)
	}
	if name == "" {
		return sheet{}, "", errors.New("it has no sheet that is not hidden: name the one to read")
	}
	if len(names) > 20 {
		names = append(names[:20], "...")
	}
	return sheet{}, "", fmt.Errorf("it has no sheet %q; it has %q", name, names)
}

// texts is the table of shared texts, one behind the other.
type texts struct {
	all  []byte
	ends []uint32
}

func (t *texts) at(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = t.ends[i-1]
	}
	return t.all[from:t.ends[i]:t.ends[i]]
}

func (b *book) sharedStrings(name string, most int64) error {
	s := &b.strings
	_, err := b.each(name, func(p *part, t *token) (_ bool, err error) {
		if string(t.name) != "si" {
			return true, nil
		}
		from := len(s.all)
		if s.all, err = p.text(s.all, "si", false); err != nil {
			return false, err
		}
		s.all = append(s.all[:from], unescape(s.all[from:])...)
		s.ends = append(s.ends, uint32(len(s.all)))
		if int64(len(s.all)+4*len(s.ends)) > min(most, 1<<31) {
			return false, errors.New("its texts need more memory than Options.MaxStrings: write it as several files or raise the limit")
		}
		return true, nil
	})
	return err
}

// styleSheet reads what the formats of cells show.
func (b *book) styleSheet(name string) error {
	custom := map[int]numFormat{}
	inCells := false
	_, err := b.each(name, func(_ *part, t *token) (bool, error) {
		switch string(t.name) {
		case "numFmt":
			if id, err := strconv.Atoi(string(t.attr("numFmtId"))); err == nil && !inCells && len(custom) < maxStyles {
				custom[id] = parseFormat(string(t.attr("formatCode")))
			}
		case "cellXfs":
			inCells = true
		case "cellStyles", "dxfs":
			return false, nil
		case "xf":
			if !inCells {
				break
			}
			id, _ := strconv.Atoi(string(t.attr("numFmtId"))) // 0, a number, if there is none
			f, ok := custom[id]
			if !ok {
				f = builtIn(id)
			}
			if b.styles = append(b.styles, f); len(b.styles) > maxStyles {
				return false, errors.New("it has too many styles: save it anew")
			}
		}
		return true, nil
	})
	b.styles = slices.Clip(b.styles)
	return err
}

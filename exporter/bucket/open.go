package bucket

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"tapline/exporter"
	"tapline/exporter/format"
	"tapline/exporter/format/unpack"
)

// contents are the inputs of the object: one, or the members of an archive.
func (ob *object) contents(ctx context.Context) ([]format.Input, unpack.Info, error) {
	src := unpack.Source{Name: ob.o.Name, Size: ob.o.Size, Open: ob.open}
	inputs, info, err := unpack.Open(ctx, src, unpack.Options{Members: func(name string) bool { return unwanted(name) == "" }})
	if err != nil && !errors.As(err, new(*storeError)) {
		err = fmt.Errorf("bucket: open %s in %s: %w", ob.o.Name, ob.s.url, err)
	}
	return inputs, info, err
}

// A member is one input made ready to be read. It belongs to one goroutine.
type member struct {
	peeked  *peeked
	named   bool   // as CleverTap names the files of its exports
	format  string // "" = it is empty
	batches func(ctx context.Context, after exporter.Cursor) iter.Seq2[exporter.Batch, error]
	layout  *layout                // nil = plain
	about   func() (string, error) // for people: "CSV: comma, header"
}

func (m *member) close() { m.peeked.close() }

// open looks at an input and finds out how to read it.
func (s *Source) open(ctx context.Context, e *entry, f file, in format.Input) (*member, error) {
	p, err := peek(ctx, in)
	if err != nil {
		return nil, err
	}
	m := &member{peeked: p, named: f.FileName != FileName{}}
	if p.whole && len(p.sample) == 0 {
		return m, nil
	}
	if m.format, err = e.formatOf(p.sample); err == nil {
		err = s.prepare(e, m)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return m, nil
}

// formatOf is the format pinned, or the one that the sample is of. A pin that
// the content cannot be of is an error.
func (e *entry) formatOf(sample []byte) (string, error) {
	seen, err := sniff(sample)
	pin := e.Format
	switch {
	case pin == "" || pin == formatAuto:
		return seen, err
	case err != nil && (pin == formatParquet || pin == formatXLSX):
		return "", err
	case seen != pin && (isMagic(seen) || isMagic(pin)):
		return "", fmt.Errorf("format: is %s, but it is %s: %w", pin, strings.ToUpper(seen), exporter.ErrContent)
	}
	return pin, nil
}

// isMagic reports whether content of the format says so by its first bytes.
func isMagic(format string) bool { return format == formatParquet || format == formatXLSX }

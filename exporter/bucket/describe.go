package bucket

import (
	"context"
	"fmt"
	"strings"

	"tapline/exporter"
	"tapline/exporter/format"
)

// Describe tells, for people, what the slice's object is and how it is read:
// "gzip; CSV: comma, quote \", header, utf-8". Of an archive it tells the first
// member that is not empty. Little of the object is read. Errors: those of Read.
func (s *Source) Describe(ctx context.Context, sl exporter.Slice) (string, error) {
	e, _, err := s.entryOf(sl.Stream)
	if err != nil {
		return "", err
	}
	ob := s.object(sl)
	defer ob.close()
	inputs, info, err := ob.contents(ctx)
	if err != nil {
		return "", err
	}
	var words []string
	if len(info.Packing) > 0 {
		words = append(words, info.String())
	}
	for _, in := range inputs {
		about, err := s.about(ctx, e, e.memberOf(sl, in, info), in)
		if err != nil {
			return "", s.unread(in.Name, err)
		}
		if about != "" {
			return strings.Join(append(words, about), "; "), nil
		}
	}
	return strings.Join(append(words, "empty"), "; "), nil
}

// about describes one input; "" = it is empty.
func (s *Source) about(ctx context.Context, e *entry, f file, in format.Input) (string, error) {
	m, err := s.open(ctx, e, f, in)
	if err != nil {
		return "", err
	}
	defer m.close()
	if m.format == "" {
		return "", nil
	}
	text, err := m.about()
	if err == nil && m.layout != nil {
		text = fmt.Sprintf("%s; layout of CleverTap, times of %s", text, s.loc)
	}
	return text, err
}

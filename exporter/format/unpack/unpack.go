// Package unpack makes the objects of a store readable as content: it sees by
// their first bytes, never by their names, how they are compressed, and
// decompresses them as a stream. It knows nothing of the formats of content.
//
// It reads gzip, zstd, bzip2, xz, framed snappy and S2, each also inside
// another, and the members of zip archives. Documents that are zip archives
// themselves, such as workbooks, are content as they are.
package unpack

import (
	"context"
	"fmt"
	"io"
	"strings"

	"tapline/exporter"
	"tapline/exporter/format"
)

// A Source is an object, as it is stored.
type Source struct {
	// Name says what it is in places and errors.
	Name string
	// Size in bytes; -1 = not known, and then archives cannot be read.
	Size int64
	// Open reads from an offset, in bytes. Errors: exporter.ErrReplaced, also
	// from Read.
	Open func(ctx context.Context, offset int64) (io.ReadCloser, error)
}

// Options say how far unpacking goes; the zero value works.
type Options struct {
	// MaxRatio is how many bytes of content one byte of the object may give,
	// once there are 64 MiB of content. 0 = 1000.
	MaxRatio int64
	// Members, when not nil, reports whether a member of an archive is to be
	// read, given its name within the archive.
	Members func(name string) bool
}

const (
	defaultRatio = 1000
	freeBytes    = 64 << 20
	maxLayers    = 3
)

// Info tells, for people, what was found.
type Info struct {
	// Packing names the compressions, outermost first: "gzip", "zip".
	Packing []string
	// Members counts those of an archive that are Inputs, Skipped the others,
	// folders aside.
	Members, Skipped int
}

// String says it in words: "plain", "gzip", "gzip of gzip", "zip of 3 files".
func (i Info) String() string {
	switch {
	case len(i.Packing) == 0:
		return "plain"
	case i.Packing[0] != zipped.String():
		return strings.Join(i.Packing, " of ")
	case i.Members == 1:
		return "zip of 1 file"
	}
	return fmt.Sprintf("zip of %d files", i.Members)
}

// Open finds out how the object is packed and returns its content: one Input,
// or one for each member of an archive in the order of its directory. Little is
// read: the object's start, and the directory of an archive.
//
// Places of plain content are sought; those of gzip and zstd are read from the
// last member or frame before them; those of everything else from the start. A
// Place that the content does not have is exporter.ErrCursorExpired.
//
// Errors, also of the Inputs: exporter.ErrContent for all damage, truncation,
// encrypted members and bombs included; those of src.Open and of ctx unchanged.
func Open(ctx context.Context, src Source, o Options) ([]format.Input, Info, error) {
	if o.MaxRatio <= 0 {
		o.MaxRatio = defaultRatio
	}
	ob := &object{src: src, o: o}
	if src.Size == 0 {
		return []format.Input{ob.input()}, Info{}, nil
	}
	s, err := ob.open(ctx, format.Place{})
	if err != nil {
		return nil, Info{}, err
	}
	kinds, archive := s.kinds, s.archive
	if err := s.Close(); err != nil {
		return nil, Info{}, fmt.Errorf("unpack: close %s: %w", src.Name, err)
	}
	if archive && len(kinds) == 0 {
		a, err := openArchive(ctx, src, o)
		if err != nil {
			return nil, Info{}, err
		}
		if !a.document() {
			return a.inputs()
		}
	}
	ob.plain = len(kinds) == 0
	ob.framed = len(kinds) == 1 && kinds[0].framed()
	var info Info
	for _, k := range kinds {
		info.Packing = append(info.Packing, k.String())
	}
	return []format.Input{ob.input()}, info, nil
}

// An object is one whose content is one Input.
type object struct {
	src    Source
	o      Options
	plain  bool // not packed: its content can be sought
	framed bool // once packed, in members or frames that can be read by themselves
}

func (ob *object) input() format.Input {
	in := format.Input{Name: ob.src.Name, Size: -1, Open: func(ctx context.Context, p format.Place) (format.Stream, error) {
		s, err := ob.open(ctx, p)
		if err != nil {
			return nil, err
		}
		return s, nil
	}}
	if ob.plain || ob.src.Size == 0 {
		in.Size = ob.src.Size
	}
	return in
}

func (ob *object) open(ctx context.Context, p format.Place) (*stream, error) {
	from := p.Packed
	if ob.plain && p.Packed == 0 && p.Base == 0 {
		from, p.Base = p.Offset, p.Offset
	} else if p.Packed != 0 && !ob.framed || p.Packed == 0 && p.Base != 0 {
		return nil, misplaced(ob.src.Name, p)
	}
	if ob.src.Size >= 0 && from > ob.src.Size {
		return nil, misplaced(ob.src.Name, p)
	}
	rc, err := ob.src.Open(ctx, from)
	if err != nil {
		return nil, err
	}
	left := int64(-1)
	if ob.src.Size >= 0 {
		left = ob.src.Size - from
	}
	s := &stream{
		name: ob.src.Name,
		in:   &packed{ctx: ctx, rc: rc, from: from, at: from, left: left},
		o:    ob.o, base: p.Base, pos: p.Base, framed: ob.framed,
	}
	switch {
	case ob.plain:
		s.r = s.in
	case p.Packed > 0:
		err = s.resume(p)
	default:
		err = s.layers(s.in)
	}
	if err == nil {
		err = s.drop(p)
	}
	if err != nil {
		s.in.rc.Close()
		return nil, err
	}
	return s, nil
}

// misplaced is the error of a Place that the content does not have.
func misplaced(name string, p format.Place) error {
	return fmt.Errorf("unpack: %s has no place %s: %w", name, p, exporter.ErrCursorExpired)
}

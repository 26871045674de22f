package unpack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"tapline/exporter"
	"tapline/exporter/format"
	"tapline/exporter/format/unpack/inflate"
)

// A packed is the object being read. It keeps the error that reading met, for
// decoders put words of their own around it.
type packed struct {
	ctx  context.Context
	rc   io.ReadCloser
	from int64 // where in the object it begins
	at   int64 // where in the object the next byte is
	left int64 // bytes to its end; -1 = not known
	err  error
}

func (p *packed) Read(b []byte) (int, error) {
	if p.err == nil {
		p.err = p.ctx.Err()
	}
	switch {
	case p.err != nil:
		return 0, p.err
	case p.left == 0:
		return 0, p.end()
	case p.left > 0 && int64(len(b)) > p.left:
		b = b[:p.left]
	}
	n, err := p.rc.Read(b)
	p.at += int64(n)
	if p.left > 0 {
		p.left -= int64(n)
	}
	switch {
	case err == nil:
	case !errors.Is(err, io.EOF):
		p.err = err
	case p.left > 0:
		p.err = fmt.Errorf("unpack: the object ends at byte %d, %d bytes early: %w", p.at, p.left, io.ErrUnexpectedEOF)
		err = p.err
	}
	return n, err
}

// end asks the reader for its own end: a store compares the checksum there.
func (p *packed) end() error {
	_, err := p.rc.Read(make([]byte, 1))
	if err == nil || errors.Is(err, io.EOF) {
		return io.EOF
	}
	p.err = err
	return err
}

// A mark is a point where decompression can begin: bytes of the object and of
// the content before it.
type mark struct{ packed, base int64 }

// maxMarks is how many marks ahead of the last Place are kept.
const maxMarks = 4096

// A stream is content being read.
type stream struct {
	name    string
	in      *packed
	r       io.Reader
	o       Options
	base    int64 // of the content before what is read
	pos     int64 // of the content read
	framed  bool
	kinds   []packing
	archive bool // the content may be a zip archive
	err     error

	mu    sync.Mutex // of marks
	marks []mark     // ascending; the first may be before the last Place asked for
}

// layers finds out how r is packed, and unpacks it.
func (s *stream) layers(r io.Reader) error {
	for {
		b := bufio.NewReaderSize(r, sniffed)
		head, err := b.Peek(sniffed)
		if err != nil && !errors.Is(err, io.EOF) {
			return s.damage(err)
		}
		kind := sniff(head)
		s.archive = kind == zipped
		if kind == plain || kind == zipped {
			s.r = b
			return nil
		}
		if len(s.kinds) == maxLayers {
			return s.damage(fmt.Errorf("a bomb: packed more than %d times", maxLayers))
		}
		if err := s.unpack(kind, b); err != nil {
			return err
		}
		r = s.r
	}
}

// resume goes on at the border of a member or frame.
func (s *stream) resume(p format.Place) error {
	b := bufio.NewReaderSize(s.in, sniffed)
	head, err := b.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return s.damage(err)
	}
	kind := sniff(head)
	if !kind.framed() {
		return misplaced(s.name, p)
	}
	return s.unpack(kind, b)
}

// unpack puts a decoder on top of r.
func (s *stream) unpack(kind packing, r io.Reader) error {
	var note func(packed, base int64)
	if s.framed {
		note = s.mark
	}
	d, err := decoder(kind, r, note)
	if err != nil {
		return s.damage(err)
	}
	s.kinds = append(s.kinds, kind)
	s.r = &meter{r: d, in: s.in, ratio: s.o.MaxRatio}
	return nil
}

// mark notes a border, at bytes since the stream was opened.
func (s *stream) mark(packed, base int64) {
	m := mark{s.in.from + packed, s.base + base}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.marks); n > 0 && s.marks[n-1].base == m.base {
		s.marks[n-1] = m
		return
	}
	if len(s.marks) == maxMarks { // more than are needed: keep each second
		n := 0
		for i := 0; i < len(s.marks); i += 2 {
			s.marks[n] = s.marks[i]
			n++
		}
		s.marks = s.marks[:n]
	}
	s.marks = append(s.marks, m)
}

// Place returns the last border at or before offset.
func (s *stream) Place(offset int64) format.Place {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for n+1 < len(s.marks) && s.marks[n+1].base <= offset {
		n++
	}
	s.marks = s.marks[n:]
	p := format.Place{Offset: offset}
	if len(s.marks) > 0 && s.marks[0].base <= offset {
		p.Packed, p.Base = s.marks[0].packed, s.marks[0].base
	}
	return p
}

// drop reads up to the place.
func (s *stream) drop(p format.Place) error {
	n, err := io.CopyN(io.Discard, s, p.Offset-s.pos)
	if errors.Is(err, io.EOF) && n < p.Offset-s.base {
		return misplaced(s.name, p)
	}
	return err
}

func (s *stream) Read(b []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(b)
	s.pos += int64(n)
	if err == io.EOF {
		s.err = err
	} else if err != nil {
		s.err = s.damage(err)
	}
	return n, s.err
}

// Close closes the object.
func (s *stream) Close() error { return s.in.rc.Close() }

// damage says what an error of a decoder, other than io.EOF, means.
func (s *stream) damage(err error) error {
	var bad *inflate.Error
	switch {
	case s.in.err != nil:
		return s.in.err
	case len(s.kinds) <= 1 && errors.As(err, &bad):
		return fmt.Errorf("unpack: %s: byte %d: %w: %s", s.name, s.in.from+bad.Offset, exporter.ErrContent, bad.What)
	case s.in.left == 0 && errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("unpack: %s: byte %d: %w: it ends in the middle", s.name, s.in.at, exporter.ErrContent)
	}
	// As text, for a decoder's error may wrap io.EOF, which means another thing.
	return fmt.Errorf("unpack: %s: before byte %d: %w: %s", s.name, s.in.at, exporter.ErrContent, err.Error())
}

// A meter fails when its reader gives far more than went into it.
type meter struct {
	r     io.Reader
	in    *packed
	ratio int64
	out   int64
}

func (m *meter) Read(b []byte) (int, error) {
	n, err := m.r.Read(b)
	m.out += int64(n)
	if in := m.in.at - m.in.from; m.out > freeBytes && m.out/m.ratio > in {
		return n, fmt.Errorf("a bomb: %d bytes gave more than %d", in, m.out)
	}
	return n, err
}

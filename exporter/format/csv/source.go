package csv

import (
	"context"
	"io"

	"tapline/exporter/format"
)

// A source is a content being read, in UTF-8.
type source struct {
	format.Stream
	peeked []byte // read and not given out yet
	raw    []byte // of another encoding: read and not decoded yet
	room   []byte // for what is decoded
	text   []byte // of it: not given out yet
	end    int64  // offset of what was read
	eof    bool
}

func openSource(ctx context.Context, in format.Input, p format.Place) (*source, error) {
	s, err := in.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	return &source{Stream: format.Ahead(s), end: p.Offset}, nil
}

func (s *source) close() { s.Stream.Close() }

// place is where reading can go on at offset.
func (s *source) place(offset int64) format.Place { return s.Stream.Place(min(offset, s.end)) }

// peek returns up to most of the first bytes, which are read once more later.
// size is how many there should be in all, if not negative; complete reports
// that these are all.
func (s *source) peek(most int, size int64) (b []byte, complete bool, err error) {
	n := most
	if size >= 0 {
		n = int(min(int64(most), size+1)) // and one to see that there are no more
	}
	b = make([]byte, n)
	got, err := io.ReadFull(s.Stream, b)
	if err == nil && n < most {
		b = append(b, make([]byte, most-n)...)
		n, err = io.ReadFull(s.Stream, b[got:])
		got += n
	}
	s.peeked = b[:got]
	s.end += int64(got)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return s.peeked, true, nil
	}
	return s.peeked, false, err
}

// drop passes over the first n of the peeked bytes.
func (s *source) drop(n int) { s.peeked = s.peeked[min(n, len(s.peeked)):] }

// Read reads the bytes as they are.
func (s *source) Read(b []byte) (int, error) {
	if len(s.peeked) > 0 {
		n := copy(b, s.peeked)
		if s.peeked = s.peeked[n:]; len(s.peeked) == 0 {
			s.peeked = nil
		}
		return n, nil
	}
	n, err := s.Stream.Read(b)
	s.end += int64(n)
	return n, err
}

// read fills b with UTF-8, less of it only at the end: then the error is io.EOF.
func (s *source) read(b []byte, encoding string) (n int, err error) {
	decode := decoders[encoding]
	for n < len(b) {
		if decode == nil {
			k, err := s.Read(b[n:])
			if n += k; err != nil {
				return n, err
			}
			continue
		}
		if len(s.text) == 0 {
			if s.eof {
				return n, io.EOF
			}
			if err := s.decode(decode); err != nil {
				return n, err
			}
		}
		k := copy(b[n:], s.text)
		s.text = s.text[k:]
		n += k
	}
	return n, nil
}

// decode reads and decodes a block.
func (s *source) decode(decode decoder) error {
	const block = 32 << 10
	if cap(s.raw) == 0 {
		s.raw = make([]byte, 0, block)
		s.room = make([]byte, 0, 3*block)
	}
	n, err := s.Read(s.raw[len(s.raw):block])
	s.raw = s.raw[:len(s.raw)+n]
	if err != nil && err != io.EOF {
		return err
	}
	s.eof = err == io.EOF
	var used int
	s.text, used = decode(s.room[:0], s.raw, s.eof)
	s.raw = s.raw[:copy(s.raw, s.raw[used:])]
	return nil
}

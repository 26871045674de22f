package bucket

import (
	"bytes"
	"context"
	"errors"
	"io"

	"tapline/exporter/format"
)

// sampleSize is how much of a content is looked at to tell its format.
const sampleSize = 256 << 10

// A peeked input has been opened and read a little. The first to open it at its
// start goes on with what is open already: to open an object of a store again
// takes as long as to read many kilobytes of it.
type peeked struct {
	in     format.Input
	sample []byte
	whole  bool          // the sample is all there is
	open   format.Stream // nil once it was handed on
}

// peek opens the input and reads its sample.
func peek(ctx context.Context, in format.Input) (*peeked, error) {
	st, err := in.Open(ctx, format.Place{})
	if err != nil {
		return nil, err
	}
	p := &peeked{in: in, open: st, sample: make([]byte, sampleSize)}
	n, err := io.ReadFull(st, p.sample)
	p.sample = p.sample[:n]
	switch {
	case err == nil:
		return p, nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		p.whole = true
		return p, nil
	}
	st.Close()
	return nil, err
}

// input is the input, its start taken from what is open.
func (p *peeked) input() format.Input {
	in := p.in
	in.Open = func(ctx context.Context, at format.Place) (format.Stream, error) {
		if p.open == nil || at != (format.Place{}) {
			return p.in.Open(ctx, at)
		}
		st := p.open
		p.open = nil
		return &replay{Stream: st, head: p.sample}, nil
	}
	return in
}

// oneLine reports whether the content is a header or a name, and nothing below.
func (p *peeked) oneLine() bool {
	_, rest, _ := bytes.Cut(bytes.TrimSpace(p.sample), []byte("\n"))
	return p.whole && len(rest) == 0
}

func (p *peeked) close() {
	if p.open != nil {
		p.open.Close()
		p.open = nil
	}
}

// A replay gives the head before the rest of its stream.
type replay struct {
	format.Stream
	head []byte
}

func (r *replay) Read(b []byte) (int, error) {
	if len(r.head) == 0 {
		return r.Stream.Read(b)
	}
	n := copy(b, r.head)
	r.head = r.head[n:]
	return n, nil
}

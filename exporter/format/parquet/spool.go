package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"tapline/exporter"
	"tapline/exporter/format"
)

// A spool is the content in a temporary file: Parquet is read from its end.
type spool struct {
	*os.File
	size int64
	gone bool // the file has no name any more
}

// newSpool copies the content. Errors: those of in, and exporter.ErrContent if
// it has more than most bytes.
func newSpool(ctx context.Context, in format.Input, dir string, most int64) (*spool, error) {
	if in.Size > most {
		return nil, tooLarge(in.Name, in.Size, most)
	}
	src, err := in.Open(ctx, format.Place{})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	f, err := os.CreateTemp(dir, "tapline-*.parquet")
	if err != nil {
		return nil, fmt.Errorf("parquet: make a temporary file for %s: %w", in.Name, err)
	}
	// Without its name it goes away with the process, however that ends.
	// Where that cannot be, close removes it.
	s := &spool{File: f, gone: os.Remove(f.Name()) == nil}
	s.size, err = io.Copy(f, io.LimitReader(&patient{ctx, src}, most+1))
	switch {
	case err != nil:
		err = fmt.Errorf("parquet: copy %s into a temporary file: %w", in.Name, err)
	case s.size > most:
		err = tooLarge(in.Name, s.size, most)
	default:
		return s, nil
	}
	return nil, errors.Join(err, s.close())
}

func tooLarge(name string, size, most int64) error {
	return fmt.Errorf("parquet: %s has %d bytes or more, the limit is %d: write it as several files or raise the limit: %w",
		name, size, most, exporter.ErrContent)
}

func (s *spool) close() error {
	err := s.Close()
	if !s.gone {
		err = errors.Join(err, os.Remove(s.Name()))
	}
	return err
}

// A patient reader ends when its context does.
type patient struct {
	ctx context.Context
	r   io.Reader
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}

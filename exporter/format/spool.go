package format

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"tapline/exporter"
)

// A Spool is the content of an Input in a temporary file, for formats that are
// not read from start to end. Close it to remove the file.
type Spool struct {
	*os.File
	Size int64 // bytes

	gone bool // the file has no name any more
}

// NewSpool copies the content into a file in dir, "" = os.TempDir.
// Errors: those of in, exporter.ErrContent if it has more than most bytes, and
// those of the file.
func NewSpool(ctx context.Context, in Input, dir string, most int64) (*Spool, error) {
	if in.Size > most {
		return nil, tooLarge(in.Name, in.Size, most)
	}
	src, err := in.Open(ctx, Place{})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	f, err := os.CreateTemp(dir, "tapline-*")
	if err != nil {
		return nil, fmt.Errorf("format: make a temporary file for %s: %w", in.Name, err)
	}
	// Without its name it goes away with the process, however that ends.
	// Where that cannot be, Close removes it.
	s := &Spool{File: f, gone: os.Remove(f.Name()) == nil}
	s.Size, err = io.Copy(f, io.LimitReader(&bound{ctx, src}, most+1))
	switch {
	case err != nil:
		err = fmt.Errorf("format: copy %s into a temporary file: %w", in.Name, err)
	case s.Size > most:
		err = tooLarge(in.Name, s.Size, most)
	default:
		return s, nil
	}
	return nil, errors.Join(err, s.Close())
}

func tooLarge(name string, size, most int64) error {
	return fmt.Errorf("format: %s has %d bytes or more, the limit is %d: write it as several files or raise the limit: %w",
		name, size, most, exporter.ErrContent)
}

// Close removes the file.
func (s *Spool) Close() error {
	err := s.File.Close()
	if !s.gone {
		err = errors.Join(err, os.Remove(s.Name()))
	}
	return err
}

// A bound reader ends when its context does.
type bound struct {
	ctx context.Context
	r   io.Reader
}

func (b *bound) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.r.Read(p)
}

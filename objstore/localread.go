package objstore

import (
	"context"
	"fmt"
	"io"
	"os"
)

// reader reads one generation of a file. Put replaces files as a whole, but
// other programs write in place, so each piece is checked after it was read.
type reader struct {
	ctx context.Context //nolint:containedctx // io.Reader has no other way to be told
	f   *os.File
	gen string
}

func newReader(ctx context.Context, f *os.File, o Object, offset int64) (*reader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, ErrNotExist
	}
	gen := generation(info)
	if o.Generation != "" && o.Generation != gen {
		return nil, ErrChanged
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, err
	}
	return &reader{ctx: ctx, f: f, gen: gen}, nil
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, fmt.Errorf("objstore: read %s: %w", r.f.Name(), err)
	}
	n, readErr := r.f.Read(p)
	info, err := r.f.Stat()
	if err != nil {
		return 0, fmt.Errorf("objstore: read %s: %w", r.f.Name(), err)
	}
	if generation(info) != r.gen {
		return 0, fmt.Errorf("objstore: read %s: %w", r.f.Name(), ErrChanged)
	}
	return n, readErr
}

func (r *reader) Close() error { return r.f.Close() }

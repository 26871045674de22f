package warehouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// A Local is some lists of parts as files on this machine. Remove it in the end.
type Local struct {
	Lists [][]LocalPart
	dir   string // with the copies of those that were elsewhere; "" = none
}

// A LocalPart is a part's name and the absolute path of its file.
type LocalPart struct{ Name, Path string }

// Localize finds each part on this machine, or copies it into a temporary folder
// in dir, "" = os.TempDir. Call it before a transaction is open, so that nobody
// waits for a copy. Errors: ErrFull, io.ErrUnexpectedEOF for a part that is
// shorter or longer than it should be, those of Part.Open.
func Localize(ctx context.Context, dir string, lists ...[]Part) (*Local, error) {
	l := &Local{}
	for _, parts := range lists {
		list := make([]LocalPart, 0, len(parts))
		for _, p := range parts {
			path, err := p.Path, error(nil)
			if path == "" {
				path, err = l.copy(ctx, dir, p)
			} else {
				path, err = filepath.Abs(path)
			}
			if err != nil {
				l.Remove()
				return nil, fmt.Errorf("part %s: %w", p.Name, err)
			}
			list = append(list, LocalPart{p.Name, path})
		}
		l.Lists = append(l.Lists, list)
	}
	return l, nil
}

func (l *Local) copy(ctx context.Context, dir string, p Part) (path string, err error) {
	if p.Open == nil {
		return "", errors.New("has neither a path nor a way to open it")
	}
	if l.dir == "" {
		if l.dir, err = os.MkdirTemp(dir, "tapline-parts-"); err != nil {
			return "", AsFull(err)
		}
		if l.dir, err = filepath.Abs(l.dir); err != nil {
			return "", err
		}
	}
	in, err := p.Open(ctx)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.CreateTemp(l.dir, "part-*.parquet")
	if err != nil {
		return "", AsFull(err)
	}
	n, err := io.Copy(out, &contextReader{ctx, in})
	if err = errors.Join(err, out.Close()); err != nil {
		return "", AsFull(err)
	}
	if p.Size > 0 && n != p.Size {
		return "", fmt.Errorf("has %d bytes, and should have %d: %w", n, p.Size, io.ErrUnexpectedEOF)
	}
	return out.Name(), nil
}

// Remove deletes the copies. Nothing depends on them, and the folder is a
// temporary one, so that it tells nobody if it cannot.
func (l *Local) Remove() {
	if l.dir != "" {
		os.RemoveAll(l.dir)
	}
}

// A contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// AsFull makes an error of a file system that means that there is no space an
// ErrFull, and returns any other as it is.
func AsFull(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("%w: free some space: %w", ErrFull, err)
	}
	return err
}

//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tapline/warehouse"
)

// A localParts holds the places on this machine of some lists of parts, and
// the folder with the copies of those that are elsewhere.
type localParts struct {
	lists [][]string // patterns that match one file each
	dir   string     // "" = nothing was copied
}

// localize finds each part on this machine, or copies it here. It works before
// the database is open, so that nobody waits for a copy.
func (w *Warehouse) localize(ctx context.Context, lists ...[]warehouse.Part) (_ *localParts, err error) {
	local := &localParts{}
	defer func() {
		if err != nil {
			local.remove()
		}
	}()
	for _, parts := range lists {
		paths := make([]string, 0, len(parts))
		for _, p := range parts {
			path := p.Path
			if path == "" {
				if path, err = local.copy(ctx, w.cfg.TempDir, p); err != nil {
					return nil, fmt.Errorf("part %s: %w", p.Name, err)
				}
			}
			if path, err = filepath.Abs(path); err != nil {
				return nil, fmt.Errorf("part %s: %w", p.Name, err)
			}
			paths = append(paths, literalGlob(path))
		}
		local.lists = append(local.lists, paths)
	}
	return local, nil
}

// literalGlob is the pattern that matches this path alone: DuckDB reads *, ?
// and [ in the name of a file as patterns.
func literalGlob(path string) string {
	return strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(path)
}

func (l *localParts) copy(ctx context.Context, dir string, p warehouse.Part) (path string, err error) {
	if p.Open == nil {
		return "", errors.New("has neither a path nor a way to open it")
	}
	if l.dir == "" {
		if l.dir, err = os.MkdirTemp(dir, "tapline-parts-"); err != nil {
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
		return "", err
	}
	n, err := io.Copy(out, &contextReader{ctx, in})
	if err = errors.Join(err, out.Close()); err != nil {
		return "", asFull(err)
	}
	if p.Size > 0 && n != p.Size {
		return "", fmt.Errorf("has %d bytes, and should have %d: %w", n, p.Size, io.ErrUnexpectedEOF)
	}
	return out.Name(), nil
}

// remove deletes the copies. Nothing depends on them, and the folder is a
// temporary one.
func (l *localParts) remove() {
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

//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tapline/warehouse"
)

// Publish replaces Config.Snapshot by a copy of the database, by rename: who has
// the old copy open keeps it, who opens it afterwards gets the new one. It does
// nothing without Config.Snapshot, without a database, and when nothing was
// written since the last copy.
func (w *Warehouse) Publish(ctx context.Context) error {
	if w.cfg.Snapshot == "" {
		return nil
	}
	if err := w.publish(ctx); err != nil {
		return fmt.Errorf("duckdb: publish %s: %w", w.cfg.Snapshot, err)
	}
	return nil
}

func (w *Warehouse) publish(ctx context.Context) error {
	if _, err := os.Stat(w.cfg.Path); errors.Is(err, fs.ErrNotExist) || w.published() {
		return nil
	}
	var temp string
	err := w.with(ctx, access{memory: w.cfg.MemoryLimit, threads: 1}, func(s *session) error {
		err := s.run(ctx, "checkpoint", nil)
		if err != nil {
			return w.explain(ctx, err)
		}
		if s.copied, err = os.Open(w.cfg.Path); err != nil {
			return err
		}
		temp, err = copyBeside(ctx, s.copied, w.cfg.Snapshot)
		return err
	})
	if err != nil {
		return err
	}
	if err := os.Rename(temp, w.cfg.Snapshot); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncFolder(filepath.Dir(w.cfg.Snapshot))
}

// published reports whether the snapshot is a copy of the file as it is: copies
// carry the size and the time of what they are copied from.
func (w *Warehouse) published() bool {
	file, err := os.Stat(w.cfg.Path)
	if err != nil {
		return false
	}
	copied, err := os.Stat(w.cfg.Snapshot)
	if err != nil {
		return false
	}
	if log, err := os.Stat(w.cfg.Path + ".wal"); err == nil && log.Size() > 0 {
		return false
	}
	return file.Size() == copied.Size() && file.ModTime().Equal(copied.ModTime())
}

// copyBeside copies the file durably to a new one beside path.
func copyBeside(ctx context.Context, source *os.File, path string) (_ string, err error) {
	info, err := source.Stat()
	if err != nil {
		return "", err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return "", fmt.Errorf("%w: %s: %w", warehouse.ErrUnreachable, openRemedy(path), warehouse.AsFull(err))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temp.Name()))
		}
	}()
	_, err = io.Copy(temp, &contextReader{ctx, source})
	if err == nil {
		err = temp.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return "", warehouse.AsFull(err)
	}
	return temp.Name(), os.Chtimes(temp.Name(), time.Now(), info.ModTime())
}

// syncFolder makes a rename durable.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
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

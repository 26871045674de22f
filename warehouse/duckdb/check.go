//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tapline/warehouse"
)

// Check opens the file for writing, or where there is none yet, tries whether
// its folder can be written to; of the snapshot's folder likewise. It leaves
// nothing behind.
func (w *Warehouse) Check(ctx context.Context) error {
	if err := w.check(ctx); err != nil {
		return fmt.Errorf("duckdb: check: %w", err)
	}
	return nil
}

func (w *Warehouse) check(ctx context.Context) error {
	if w.cfg.Snapshot != "" {
		if err := tryFolder(w.cfg.Snapshot); err != nil {
			return fmt.Errorf("snapshot: %w", err)
		}
	}
	if _, err := os.Stat(w.cfg.Path); errors.Is(err, fs.ErrNotExist) {
		return tryFolder(w.cfg.Path)
	}
	return w.with(ctx, access{memory: w.cfg.MemoryLimit, threads: 1}, func(s *session) error {
		_, err := s.known(ctx)
		return err
	})
}

// tryFolder makes a file in the folder of path and removes it.
func tryFolder(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".tapline-check-")
	if err != nil {
		return fmt.Errorf("%s: %w: %s: %w", path, warehouse.ErrUnreachable, openRemedy(path), warehouse.AsFull(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

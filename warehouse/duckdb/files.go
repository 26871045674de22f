//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"tapline/warehouse"
)

// PutFiles implements warehouse.Files in one transaction.
func (w *Warehouse) PutFiles(ctx context.Context, files []warehouse.File) error {
	err := w.writing(ctx, access{memory: w.cfg.MemoryLimit, threads: w.readThreads()}, func(s *session) error {
		return s.putFiles(ctx, files)
	})
	if err != nil {
		return fmt.Errorf("duckdb: list of files: %w", err)
	}
	return nil
}

func (s *session) putFiles(ctx context.Context, files []warehouse.File) error {
	if _, err := s.exec(ctx, "files_create", nil); err != nil {
		return err
	}
	for list, err := range warehouse.FileLists(files) {
		if err != nil {
			return err
		}
		for _, name := range []string{"files_forget", "files_add"} {
			if _, err := s.exec(ctx, name, nil, list); err != nil {
				return err
			}
		}
	}
	return nil
}

// Files implements warehouse.Files. All entries are read before the first is
// handed on, so that the file is closed while the caller works.
func (w *Warehouse) Files(ctx context.Context, pipeline string) iter.Seq2[warehouse.File, error] {
	return warehouse.Whole(func() (all []warehouse.File, err error) {
		err = w.reading(ctx, func(s *session) error {
			_, found, err := s.relation(ctx, warehouse.TableFiles)
			if err == nil && found {
				all, err = s.files(ctx, pipeline)
			}
			return err
		})
		if err != nil && !errors.Is(err, errNoFile) {
			return nil, fmt.Errorf("duckdb: list of files: %w", err)
		}
		return all, nil
	})
}

func (s *session) files(ctx context.Context, pipeline string) ([]warehouse.File, error) {
	var all []warehouse.File
	var f warehouse.File
	dest := []any{
		&f.Pipeline, &f.Stream, &f.Name, &f.Generation, &f.Size, &f.Checksum, &f.UpdatedAt, &f.FirstSeen,
		&f.State, &f.Reason, &f.LoadedBy, &f.Load, &f.ChangedAt,
	}
	_, err := s.rows(ctx, "files", nil, []any{pipeline}, dest, func() error {
		f.UpdatedAt, f.FirstSeen, f.ChangedAt = f.UpdatedAt.UTC(), f.FirstSeen.UTC(), f.ChangedAt.UTC()
		all = append(all, f)
		return nil
	})
	return all, err
}

//go:build cgo

package duckdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"tapline/warehouse"
)

// filesChunk is how many entries one statement writes.
const filesChunk = 5000

// A fileEntry is a warehouse.File as files_add reads it.
type fileEntry struct {
	Pipeline   string    `json:"pipeline"`
	Stream     string    `json:"stream"`
	Name       string    `json:"name"`
	Generation string    `json:"generation"`
	Size       int64     `json:"size"`
	Checksum   string    `json:"checksum"`
	UpdatedAt  time.Time `json:"updated_at"`
	FirstSeen  time.Time `json:"first_seen"`
	State      string    `json:"state"`
	Reason     string    `json:"reason"`
	LoadedBy   string    `json:"loaded_by"`
	Load       string    `json:"load"`
	ChangedAt  time.Time `json:"changed_at"`
}

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
	for len(files) > 0 {
		n := min(len(files), filesChunk)
		chunk := make([]fileEntry, n)
		for i, f := range files[:n] {
			chunk[i] = fileEntry{
				f.Pipeline, f.Stream, f.Name, f.Generation, f.Size, f.Checksum, warehouse.Micros(f.UpdatedAt), warehouse.Micros(f.FirstSeen),
				string(f.State), f.Reason, f.LoadedBy, f.Load, warehouse.Micros(f.ChangedAt),
			}
		}
		text, err := json.Marshal(chunk)
		if err != nil {
			return err
		}
		for _, name := range []string{"files_forget", "files_add"} {
			if _, err := s.exec(ctx, name, nil, string(text)); err != nil {
				return err
			}
		}
		files = files[n:]
	}
	return nil
}

// Files implements warehouse.Files. All entries are read before the first is
// handed on, so that the file is closed while the caller works.
func (w *Warehouse) Files(ctx context.Context, pipeline string) iter.Seq2[warehouse.File, error] {
	return func(yield func(warehouse.File, error) bool) {
		var all []warehouse.File
		err := w.reading(ctx, func(s *session) error {
			_, found, err := s.relation(ctx, warehouse.TableFiles)
			if err == nil && found {
				all, err = s.files(ctx, pipeline)
			}
			return err
		})
		if err != nil && !errors.Is(err, errNoFile) {
			yield(warehouse.File{}, fmt.Errorf("duckdb: list of files: %w", err))
			return
		}
		for _, f := range all {
			if !yield(f, nil) {
				return
			}
		}
	}
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

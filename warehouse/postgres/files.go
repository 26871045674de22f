package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"tapline/warehouse"
)

// filesChunk is how many entries one statement writes.
const filesChunk = 5000

// A fileEntry is a warehouse.File as files_put reads it.
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

// PutFiles implements warehouse.Files in one transaction. Of entries of one
// object and generation the last is kept.
func (w *Warehouse) PutFiles(ctx context.Context, files []warehouse.File) error {
	if len(files) == 0 {
		return nil
	}
	entries := fileEntries(files)
	err := w.altering(ctx, warehouse.TableFiles, func(t *tx) error {
		for rest := entries; len(rest) > 0; {
			n := min(len(rest), filesChunk)
			text, err := json.Marshal(rest[:n])
			if err != nil {
				return err
			}
			if _, err := t.exec(ctx, "files_put", nil, string(text)); err != nil {
				return err
			}
			rest = rest[n:]
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("postgres: list of files: %w", err)
	}
	return nil
}

func fileEntries(files []warehouse.File) []fileEntry {
	type key struct{ pipeline, stream, name, generation string }
	place := make(map[key]int, len(files))
	var entries []fileEntry
	for _, f := range files {
		e := fileEntry{
			f.Pipeline, f.Stream, f.Name, f.Generation, f.Size, f.Checksum, warehouse.Micros(f.UpdatedAt), warehouse.Micros(f.FirstSeen),
			string(f.State), f.Reason, f.LoadedBy, f.Load, warehouse.Micros(f.ChangedAt),
		}
		k := key{f.Pipeline, f.Stream, f.Name, f.Generation}
		if i, ok := place[k]; ok {
			entries[i] = e
			continue
		}
		place[k] = len(entries)
		entries = append(entries, e)
	}
	return entries
}

// Files implements warehouse.Files. All entries are read before the first is
// handed on, so that no transaction stays open meanwhile.
func (w *Warehouse) Files(ctx context.Context, pipeline string) iter.Seq2[warehouse.File, error] {
	return func(yield func(warehouse.File, error) bool) {
		var all []warehouse.File
		err := w.within(ctx, mode{readOnly: true}, func(t *tx) error {
			there, err := t.own(ctx)
			if err == nil && there[warehouse.TableFiles] {
				all, err = t.files(ctx, pipeline)
			}
			return err
		})
		if err != nil {
			yield(warehouse.File{}, fmt.Errorf("postgres: list of files: %w", err))
			return
		}
		for _, f := range all {
			if !yield(f, nil) {
				return
			}
		}
	}
}

func (t *tx) files(ctx context.Context, pipeline string) ([]warehouse.File, error) {
	var all []warehouse.File
	var f warehouse.File
	dest := []any{
		&f.Pipeline, &f.Stream, &f.Name, &f.Generation, &f.Size, &f.Checksum, &f.UpdatedAt, &f.FirstSeen,
		&f.State, &f.Reason, &f.LoadedBy, &f.Load, &f.ChangedAt,
	}
	err := t.rows(ctx, "files", nil, []any{pipeline}, dest, func() error {
		all = append(all, f)
		return nil
	})
	return all, err
}

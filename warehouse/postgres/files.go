package postgres

import (
	"context"
	"fmt"
	"iter"

	"tapline/warehouse"
)

// PutFiles implements warehouse.Files in one transaction.
func (w *Warehouse) PutFiles(ctx context.Context, files []warehouse.File) error {
	if len(files) == 0 {
		return nil
	}
	err := w.altering(ctx, warehouse.TableFiles, func(t *tx) error {
		for list, err := range warehouse.FileLists(files) {
			if err != nil {
				return err
			}
			if _, err := t.exec(ctx, "files_put", nil, list); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("postgres: list of files: %w", err)
	}
	return nil
}

// Files implements warehouse.Files. All entries are read before the first is
// handed on, so that no transaction stays open meanwhile.
func (w *Warehouse) Files(ctx context.Context, pipeline string) iter.Seq2[warehouse.File, error] {
	return warehouse.Whole(func() (all []warehouse.File, err error) {
		err = w.within(ctx, mode{readOnly: true}, func(t *tx) error {
			there, err := t.own(ctx)
			if err == nil && there[warehouse.TableFiles] {
				all, err = t.files(ctx, pipeline)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("postgres: list of files: %w", err)
		}
		return all, nil
	})
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

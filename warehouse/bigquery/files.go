package bigquery

import (
	"context"
	"fmt"
	"iter"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"tapline/warehouse"
)

// PutFiles implements warehouse.Files: the entries are staged, and one
// transaction puts them in place of those that were there.
func (w *Warehouse) PutFiles(ctx context.Context, files []warehouse.File) error {
	if err := w.putFiles(ctx, files); err != nil {
		return fmt.Errorf("bigquery: list of files: %w", err)
	}
	return nil
}

func (w *Warehouse) putFiles(ctx context.Context, files []warehouse.File) error {
	if err := w.ready(ctx); err != nil || len(files) == 0 {
		return err
	}
	files, columns := warehouse.LastFiles(files), filesColumns()
	x := &loading{w: w, call: fresh("c")}
	defer x.tidy(ctx)
	stage, err := x.newStage(ctx, warehouse.TableFiles, columns, writtenParts(columns, len(files), func(b *array.RecordBuilder, i int) error {
		f := files[i]
		for j, v := range []any{
			f.Pipeline, f.Stream, f.Name, f.Generation, f.Size, f.Checksum, warehouse.Micros(f.UpdatedAt).UnixMicro(), warehouse.Micros(f.FirstSeen).UnixMicro(),
			string(f.State), f.Reason, f.LoadedBy, f.Load, warehouse.Micros(f.ChangedAt).UnixMicro(),
		} {
			switch b := b.Field(j).(type) {
			case *array.StringBuilder:
				b.Append(v.(string))
			case *array.Int64Builder:
				b.Append(v.(int64))
			case *array.TimestampBuilder:
				b.Append(arrow.Timestamp(v.(int64)))
			}
		}
		return nil
	}), nil)
	if err != nil {
		return err
	}
	s := &script{}
	s.add("files_forget", map[string]any{"Stage": stage})
	s.add("stage_insert", insertData(warehouse.TableFiles, columns, stage))
	sql, err := s.sql()
	if err != nil {
		return err
	}
	w.scripts.Lock()
	defer w.scripts.Unlock()
	return w.repeat(ctx, sql, nil)
}

// Files implements warehouse.Files.
func (w *Warehouse) Files(ctx context.Context, pipeline string) iter.Seq2[warehouse.File, error] {
	return func(yield func(warehouse.File, error) bool) {
		known, err := w.known(ctx)
		if err == nil && known {
			err = w.ask(ctx, "files", nil, params{"pipeline": pipeline}, func(r row) error {
				f := warehouse.File{
					Pipeline: r.text(), Stream: r.text(), Name: r.text(), Generation: r.text(), Size: r.int(), Checksum: r.text(),
					UpdatedAt: r.time(), FirstSeen: r.time(), State: warehouse.FileState(r.text()), Reason: r.text(),
					LoadedBy: r.text(), Load: r.text(), ChangedAt: r.time(),
				}
				if r.err == nil && !yield(f, nil) {
					return errStopped
				}
				return r.err
			})
		}
		if err != nil && !isStopped(err) {
			yield(warehouse.File{}, fmt.Errorf("bigquery: list of files: %w", err))
		}
	}
}

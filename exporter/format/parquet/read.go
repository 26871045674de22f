package parquet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"

	"tapline/exporter"
	"tapline/exporter/format"
)

// Options are the settings of Read; the zero value works.
type Options struct {
	// Flatten makes columns of the fields of structures ("a.b") and of the keys
	// of maps whose keys are text ("a.key"). Without it each is one column of
	// JSON text.
	Flatten bool
	// TempDir is where the content is kept while it is read. "" = os.TempDir.
	TempDir string
	// MaxBytes is how large the content may be. 0 = 16 GiB.
	MaxBytes int64
	// MaxMemory bounds the pages in memory, of all columns together. 0 = 1 GiB.
	MaxMemory int64
	// MaxCell is how many bytes the JSON text of a cell may have. 0 = 16 MiB.
	MaxCell int
	// MaxColumns is how many columns there may be, those of the keys of maps
	// included. 0 = 10,000.
	MaxColumns int
}

func (o Options) orDefaults() Options {
	if o.MaxBytes == 0 {
		o.MaxBytes = 16 << 30
	}
	if o.MaxMemory == 0 {
		o.MaxMemory = 1 << 30
	}
	if o.MaxCell == 0 {
		o.MaxCell = 16 << 20
	}
	if o.MaxColumns == 0 {
		o.MaxColumns = 10_000
	}
	return o
}

// Read yields the rows of a Parquet file after the cursor, in the order of the
// file. Columns have the file's own names and order; those of the keys of maps
// follow, sorted. Cells that cannot be held are rejected; their places are
// "<in.Name>, row group 2, row 48213", both counted from 1, rows from the start
// of the file. A file without rows yields nothing.
//
// Errors: exporter.ErrContent for what is damaged, encrypted, too large or not
// Parquet, exporter.ErrCursorExpired for a cursor that is not of this content,
// those of in, and those of the temporary file.
func Read(ctx context.Context, in format.Input, o Options, bt format.Batching, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	return func(yield func(exporter.Batch, error) bool) {
		r := &reader{in: in, o: o.orDefaults(), bt: bt.OrDefaults()}
		err := r.open(ctx, after)
		defer r.close()
		for err == nil {
			var b exporter.Batch
			if err = ctx.Err(); err == nil {
				b, err = r.next()
			}
			if err != nil || b.Rows == 0 {
				break
			}
			more := yield(b, nil)
			b.Record.Release()
			if !more {
				return
			}
		}
		if err != nil {
			yield(exporter.Batch{}, err)
		}
	}
}

var errEncrypted = errors.New("it is encrypted, which is not supported: write it without encryption")

// content makes an error of the file's content out of one met while reading it.
func (r *reader) content(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("parquet: read the copy of %s: %w", r.in.Name, err)
	}
	return fmt.Errorf("parquet: read %s%s: %w; if it cannot be written anew, exclude it: %w", r.in.Name, r.where, err, exporter.ErrContent)
}

// guard makes an error of a panic: the libraries that decompress read what
// anybody may have written.
func (r *reader) guard(err *error) {
	if p := recover(); p != nil {
		*err = r.content(fmt.Errorf("it is damaged in a way that nobody foresaw (%v)", p))
	}
}

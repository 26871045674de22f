package xlsx

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
	// Sheet is the name of the sheet. "" = the first that is not hidden.
	Sheet string
	// HeaderRow is the row of the names of the columns, from 1. 0 = the first
	// that is not empty.
	HeaderRow int
	// TempDir is where the workbook is kept while it is read. "" = os.TempDir.
	TempDir string
	// MaxBytes is how large the workbook may be. 0 = 128 MiB.
	MaxBytes int64
	// MaxUnpacked is how large a part of it, such as a sheet, may be when it is
	// decompressed. 0 = 2 GiB.
	MaxUnpacked int64
	// MaxStrings bounds the memory of the table of texts that the sheets of a
	// workbook share. 0 = 256 MiB.
	MaxStrings int64
	// MaxRecord is how many bytes of text a row may have. 0 = 16 MiB.
	MaxRecord int
}

func (o Options) orDefaults() Options {
	if o.MaxBytes == 0 {
		o.MaxBytes = 128 << 20
	}
	if o.MaxUnpacked == 0 {
		o.MaxUnpacked = 2 << 30
	}
	if o.MaxStrings == 0 {
		o.MaxStrings = 256 << 20
	}
	if o.MaxRecord == 0 {
		o.MaxRecord = 16 << 20
	}
	return o
}

// The reasons of rejects made here, all of cells but the last.
const (
	ReasonError     = "xlsx.error"       // an error such as #N/A
	ReasonNoHeader  = "xlsx.no_header"   // a cell to the right of the last name
	ReasonType      = "value.type"       // a value that is not of the cell's type
	ReasonRange     = "value.range"      // a date before 1900-01-01 or after 9999-12-31, or 1900-02-29
	ReasonNotFinite = "value.not_finite" // a number beyond float64
	ReasonNUL       = "text.nul"         // text with U+0000
	ReasonTooLarge  = "record.too_large" // a row with more text than Options.MaxRecord
)

// Read yields the rows of one sheet after the cursor, in the order of the
// sheet: the columns of the header in its order. Places of rejects are
// `<in.Name>, sheet "Data", cell B12`. A sheet without rows yields nothing.
//
// Errors: exporter.ErrContent for what is damaged, too large, encrypted or no
// such workbook, and for a header that names a column twice;
// exporter.ErrCursorExpired for a cursor that is not of this content; those of
// in, and those of the temporary file.
func Read(ctx context.Context, in format.Input, o Options, bt format.Batching, after exporter.Cursor) iter.Seq2[exporter.Batch, error] {
	return func(yield func(exporter.Batch, error) bool) {
		r := &reader{in: in, o: o.orDefaults(), bt: bt.OrDefaults()}
		err := r.open(ctx, after)
		defer r.close()
		for err == nil {
			var b exporter.Batch
			if b, err = r.next(ctx); err != nil || b.Rows == 0 {
				break
			}
			more := yield(b, nil)
			if b.Record != nil {
				b.Record.Release()
			}
			if !more {
				return
			}
		}
		if err != nil {
			yield(exporter.Batch{}, err)
		}
	}
}

// content makes an error of the workbook's content out of one met while
// reading it.
func (r *reader) content(err error) error {
	var path *fs.PathError
	switch {
	case errors.As(err, &path):
		return fmt.Errorf("xlsx: read the copy of %s: %w", r.in.Name, err)
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return fmt.Errorf("xlsx: read %s%s: %w: %w", r.in.Name, r.where, err, exporter.ErrContent)
}

// guard makes an error of a panic of a library.
func (r *reader) guard(err *error) {
	if p := recover(); p != nil {
		*err = r.content(fmt.Errorf("it is damaged in a way that nobody foresaw (%v): save it anew", p))
	}
}

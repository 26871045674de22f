// Package parquet writes Arrow records as Parquet files, and does nothing else:
// flat columns of the six types that tapline stages, one row group a record,
// one data page a column.
//
// It is small because it is narrow, and quick for the same reason. The validity
// bitmap of an Arrow column already is the bit-packed run of its definition
// levels, and the values are taken straight from the buffers: no value is boxed
// or copied into a row. Reading is left to others.
//
// Files hold v1 data pages, PLAIN or RLE_DICTIONARY, with a checksum each and
// with statistics for every column of every row group. Bounds are left out for a
// column that holds NaN, and for texts longer than 64 bytes. The format is that
// of github.com/apache/parquet-format, src/main/thrift/parquet.thrift as of
// commit 24102ed (read 2026-11-22).
package parquet

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
)

// Options say how a file is written. The zero value works.
type Options struct {
	// Codec compresses the pages. "" = Zstd.
	Codec Codec
	// Parallel is how many columns are encoded at once, each on a goroutine
	// that ends before Write returns. 0 = 1 = on the goroutine of the caller.
	Parallel int
	// Pool lends the memory to encode in. Whoever writes many files shares one
	// among all of them. Nil = one for this file alone.
	Pool *Pool
}

// Stats counts what a file holds.
type Stats struct {
	Rows      int64
	RowGroups int
	// Bytes is the size of the file so far; after Close, its size.
	Bytes int64
}

// A Writer writes one file. It belongs to one goroutine. After an error it is
// of no more use: every later call returns that error, and what has been
// written is no Parquet file.
type Writer struct {
	w        *bufio.Writer
	schema   *arrow.Schema
	columns  []column
	codec    codecID
	parallel int
	pool     *Pool
	footer   footer
	stats    Stats
	err      error
	closed   bool
}

var errClosed = errors.New("parquet: write to a closed file")

// NewWriter begins a file of the schema's columns on w.
//
// Types are bool, int64, float64, utf8 (also as dictionary<int8, utf8>), date32 and timestamp[us, UTC]; a schema
// with any other is refused, with the names of column and type, as is one that
// has no columns, or two of one name, or a name that is not UTF-8. Every column
// of the file is nullable, whatever the schema says.
func NewWriter(w io.Writer, schema *arrow.Schema, o Options) (*Writer, error) {
	codec, err := o.Codec.id()
	if err != nil {
		return nil, err
	}
	columns, err := columnsOf(schema)
	if err != nil {
		return nil, err
	}
	pool := o.Pool
	if pool == nil {
		pool = &Pool{}
	}
	pw := &Writer{
		w:        bufio.NewWriterSize(w, 64<<10),
		schema:   schema,
		columns:  columns,
		codec:    codec,
		parallel: min(max(o.Parallel, 1), len(columns)),
		pool:     pool,
	}
	pw.put([]byte(magic))
	return pw, pw.err
}

// Write adds the record as one row group, a slice of a record as well; a record
// without rows adds nothing. Its columns must have the names and types of the
// file's, in that order. The record may be released when Write returns.
//
// A text value that is not UTF-8, or longer than 1 GiB, is an error that names
// the column and the row.
func (w *Writer) Write(rec arrow.Record) error {
	switch {
	case w.err != nil:
		return w.err
	case w.closed:
		return errClosed
	}
	if err := sameColumns(w.schema, rec.Schema()); err != nil {
		w.err = err
		return err
	}
	if rec.NumRows() == 0 {
		return nil
	}
	w.footer.beginRowGroup(len(w.columns))
	if w.parallel == 1 {
		w.encodeInTurn(rec)
	} else {
		w.encodeAtOnce(rec)
	}
	if w.err != nil {
		return w.err
	}
	w.footer.endRowGroup(rec.NumRows())
	w.stats.Rows += rec.NumRows()
	w.stats.RowGroups++
	return nil
}

// Close completes the file. It does not close what the file is written to. A
// file without a row is a file as well. Calling Close again changes nothing.
func (w *Writer) Close() error {
	if w.closed || w.err != nil {
		return w.err
	}
	w.closed = true
	tail, err := w.footer.finish(w.columns, w.stats.Rows)
	if err != nil {
		w.err = err
		return err
	}
	w.put(tail)
	if w.err == nil {
		w.fail(w.w.Flush())
	}
	return w.err
}

// Stats tells what has been written so far.
func (w *Writer) Stats() Stats { return w.stats }

// encodeInTurn writes the columns of a row group one after the other.
func (w *Writer) encodeInTurn(rec arrow.Record) {
	enc := w.pool.encoder(w.codec)
	defer w.pool.putEncoder(enc)
	out := w.pool.chunk()
	defer w.pool.putChunk(out)
	for i := range w.columns {
		err := enc.encode(out, w.columns[i].kind, rec.Column(i))
		if w.emit(i, out, err); w.err != nil {
			return
		}
	}
}

// emit writes an encoded column and notes it in the footer.
func (w *Writer) emit(i int, c *chunk, err error) {
	if err != nil {
		w.err = fmt.Errorf("parquet: column %q: %w", w.columns[i].name, err)
		return
	}
	w.footer.addChunk(w.columns[i], w.codec, c, w.stats.Bytes)
	w.put(c.bytes)
}

func (w *Writer) put(b []byte) {
	n, err := w.w.Write(b)
	w.stats.Bytes += int64(n)
	w.fail(err)
}

func (w *Writer) fail(err error) {
	if err != nil {
		w.err = fmt.Errorf("parquet: write: %w", err)
	}
}

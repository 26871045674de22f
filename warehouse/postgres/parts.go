package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"tapline/warehouse"
)

// A part is a Parquet file on this machine.
type part struct {
	name, path string
}

// localParts holds some lists of parts, and the folder with the copies of those
// that were elsewhere.
type localParts struct {
	lists [][]part
	dir   string // "" = nothing was copied
}

// localize finds each part on this machine, or copies it here. It works before a
// transaction is open, so that nobody waits for a copy.
func (w *Warehouse) localize(ctx context.Context, lists ...[]warehouse.Part) (_ *localParts, err error) {
	local := &localParts{}
	defer func() {
		if err != nil {
			local.remove()
		}
	}()
	for _, parts := range lists {
		list := make([]part, 0, len(parts))
		for _, p := range parts {
			path := p.Path
			if path == "" {
				if path, err = local.copy(ctx, w.cfg.TempDir, p); err != nil {
					return nil, fmt.Errorf("part %s: %w", p.Name, err)
				}
			}
			list = append(list, part{p.Name, path})
		}
		local.lists = append(local.lists, list)
	}
	return local, nil
}

func (l *localParts) copy(ctx context.Context, dir string, p warehouse.Part) (path string, err error) {
	if p.Open == nil {
		return "", errors.New("has neither a path nor a way to open it")
	}
	if l.dir == "" {
		if l.dir, err = os.MkdirTemp(dir, "tapline-parts-"); err != nil {
			return "", asFull(err)
		}
	}
	in, err := p.Open(ctx)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.CreateTemp(l.dir, "part-*.parquet")
	if err != nil {
		return "", asFull(err)
	}
	n, err := io.Copy(out, &contextReader{ctx, in})
	if err = errors.Join(err, out.Close()); err != nil {
		return "", asFull(err)
	}
	if p.Size > 0 && n != p.Size {
		return "", fmt.Errorf("has %d bytes, and should have %d: %w", n, p.Size, io.ErrUnexpectedEOF)
	}
	return out.Name(), nil
}

// remove deletes the copies. Nothing depends on them, and the folder is a
// temporary one.
func (l *localParts) remove() {
	if l.dir != "" {
		os.RemoveAll(l.dir)
	}
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

// Bounds of a record that is read: rows, and about how many bytes.
const (
	recordRows  = 8192
	recordBytes = 8 << 20
)

// A partReader reads the records of one part.
type partReader struct {
	file    *file.Reader
	schema  *arrow.Schema
	records pqarrow.RecordReader
}

// open reads some columns of the part by name, nil = all.
func (p part) open(ctx context.Context, columns ...string) (_ *partReader, err error) {
	defer func() {
		damaged(recover(), &err)
		if err != nil {
			err = fmt.Errorf("part %s: %w", p.name, err)
		}
	}()
	in, err := os.Open(p.path)
	if err != nil {
		return nil, err
	}
	f, err := file.NewParquetReader(in, file.WithReadProps(parquet.NewReaderProperties(memory.DefaultAllocator)))
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	r := &partReader{file: f}
	reader, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: batchRows(f)}, memory.DefaultAllocator)
	if err == nil {
		r.schema, err = reader.Schema()
	}
	var leaves []int
	for _, name := range columns {
		if i := f.MetaData().Schema.ColumnIndexByName(name); i >= 0 {
			leaves = append(leaves, i)
		}
	}
	if err == nil && (columns == nil || leaves != nil) {
		r.records, err = reader.GetRecordReader(ctx, leaves, nil)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

// batchRows is how many rows to read at a time, so that they take about
// recordBytes.
func batchRows(f *file.Reader) int64 {
	rows := int64(recordRows)
	for i := range f.NumRowGroups() {
		g := f.MetaData().RowGroup(i)
		if n := g.NumRows(); n > 0 && g.TotalByteSize() > 0 {
			rows = min(rows, recordBytes/(g.TotalByteSize()/n+1))
		}
	}
	return max(rows, 1)
}

// next returns the next record, valid until the call after, or io.EOF.
func (r *partReader) next() (rec arrow.Record, err error) {
	defer func() { damaged(recover(), &err) }()
	if r.records == nil || !r.records.Next() {
		if r.records != nil && r.records.Err() != nil && !errors.Is(r.records.Err(), io.EOF) {
			return nil, r.records.Err()
		}
		return nil, io.EOF
	}
	return r.records.Record(), nil
}

// damaged makes an error of a panic: Arrow's reader panics on pages that cannot
// be decoded.
func damaged(panicked any, err *error) {
	if panicked != nil {
		*err = fmt.Errorf("the file is damaged: %v", panicked)
	}
}

func (r *partReader) close() error {
	if r.records != nil {
		r.records.Release()
	}
	return r.file.Close()
}

// days calls each with the days, counted from 1970 in UTC, of a column of dates
// or times; not once for each row where many are of one day.
func (p part) days(ctx context.Context, name string, each func(day int)) error {
	r, err := p.open(ctx, name)
	if err != nil {
		return err
	}
	defer r.close()
	for {
		rec, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("part %s: %w", p.name, err)
		}
		last := -1 << 62
		for i := range int(rec.NumRows()) {
			if day, ok := dayOf(rec.Column(0), i); ok && day != last {
				last = day
				each(day)
			}
		}
	}
}

func dayOf(a arrow.Array, i int) (int, bool) {
	if a.IsNull(i) {
		return 0, false
	}
	switch a := a.(type) {
	case *array.Date32:
		return int(a.Value(i)), true
	case *array.Timestamp:
		const day = 86400 * 1_000_000
		v := int64(a.Value(i))
		d := v / day
		if v%day < 0 {
			d--
		}
		return int(d), true
	}
	return 0, false
}

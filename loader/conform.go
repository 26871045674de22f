package loader

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"tapline/exporter"
	"tapline/objstore"
	"tapline/warehouse"
)

// conform makes the parts of a complete slice fit their table. A part that was
// staged in the table's own shape stays as it is; the others are written again,
// and what their columns cannot hold becomes NULL there and a quarantined cell.
// It returns how many cells that were.
func (s *stager) conform(ctx context.Context, f fit) (cells int64, err error) {
	out := &shaped{Columns: f.staged()}
	for i, p := range s.m.Parts {
		if err := ctx.Err(); err != nil {
			return 0, context.Cause(ctx)
		}
		sp := shapedPart{Object: p.Object, Rows: p.Rows, Rejects: p.Rejects}
		if p.Object.Name != "" && !s.fits(p, f) || p.Rejects != nil {
			sp, err = s.rewrite(ctx, i, f)
			if err != nil {
				return 0, err
			}
			cells += sp.cells() - p.cells()
		}
		out.Parts = append(out.Parts, sp)
	}
	before := s.m.objects()
	s.m.Shaped = out
	if err := s.save(ctx); err != nil {
		return 0, err
	}
	return cells, s.l.shelf.removeUnnamed(ctx, before, s.m)
}

func (p shapedPart) cells() int64 {
	if p.Rejects == nil {
		return 0
	}
	return p.Rejects.Cells
}

func (p stagedPart) cells() int64 { return shapedPart{Rejects: p.Rejects}.cells() }

// fits reports whether a part has the very columns that the table wants of it.
func (s *stager) fits(p stagedPart, f fit) bool {
	for _, c := range s.m.Schemas[p.Schema] {
		want, ok := f.column(c.Source)
		if !ok || want.frozen || want.name != c.Name || warehouse.TypeName(want.typ) != c.Type {
			return false
		}
	}
	return true
}

// rewrite writes part i in the shape of f, and its rejects under the names of f.
func (s *stager) rewrite(ctx context.Context, i int, f fit) (shapedPart, error) {
	p := s.m.Parts[i]
	out := shapedPart{Object: p.Object, Rows: p.Rows, Rejects: p.Rejects}
	held, err := s.l.budget.take(ctx, s.l.budget.share)
	if err != nil {
		return out, err
	}
	defer s.l.budget.release(held)

	var found []entry
	if p.Object.Name != "" && !s.fits(p, f) {
		rec, err := s.l.readPart(ctx, s.part(p.Object))
		if err != nil {
			return out, fmt.Errorf("loader: part of %s %s: %w", s.m.Stream, s.m.Slice, err)
		}
		defer rec.Release()
		fitted, bad := s.refit(rec, s.m.Schemas[p.Schema], p.Kinds, f)
		defer fitted.Release()
		found = bad
		o, err := s.put(ctx, "-fit", fitted)
		if err != nil {
			return out, err
		}
		out.Object = named(o)
	}
	if p.Rejects != nil {
		before, err := s.l.readRejects(ctx, s.part(p.Rejects.Object))
		if err != nil {
			return out, fmt.Errorf("loader: rejects of %s %s: %w", s.m.Stream, s.m.Slice, err)
		}
		for _, e := range before {
			if c, ok := f.column(e.Source); ok {
				e.Column = c.name
			}
			found = append(found, e)
		}
	}
	out.Rejects = nil
	if len(found) > 0 {
		slices.SortStableFunc(found, func(a, b entry) int {
			return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Column, b.Column))
		})
		out.Rejects, err = s.putRejects(ctx, "-fit-rejects", found)
	}
	return out, err
}

// refit casts a part's columns, of these kinds, to those of the table.
func (s *stager) refit(rec arrow.Record, have schema, kinds []exporter.Kinds, f fit) (arrow.Record, []entry) {
	var (
		fields []arrow.Field
		cols   []arrow.Array
		found  []entry
		places = rec.Column(rec.Schema().FieldIndices(warehouse.ColRow)[0]).(*array.Int64)
	)
	keep := func(name string, col arrow.Array) {
		fields = append(fields, arrow.Field{Name: name, Type: col.DataType(), Nullable: true})
		cols = append(cols, col)
	}
	reject := func(c fitColumn, i int, in arrow.Array, k exporter.Kinds, reason string) {
		found = append(found, entry{Row: places.Value(i), Column: c.name, Source: c.source, Reason: reason,
			Place: fmt.Sprintf("row %d of the load", places.Value(i)), Raw: cellText(in, k, i)})
	}
	for i, h := range have {
		in := rec.Column(i)
		c, _ := f.column(h.Source)
		if c.frozen || c.typ == nil {
			for j := range in.Len() {
				if in.IsValid(j) {
					reject(c, j, in, kinds[i], "column.frozen")
				}
			}
			continue
		}
		col, bad := cast(s.l.mem, in, kinds[i], c.typ)
		defer col.Release()
		for _, j := range bad {
			reject(c, j, in, kinds[i], "value.type")
		}
		keep(c.name, col)
	}
	for i, sys := range systemColumns() {
		keep(sys.Name, rec.Column(len(have)+i))
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), cols, rec.NumRows()), found
}

// readPart reads a whole part, which is one batch, back from the stage.
func (l *Loader) readPart(ctx context.Context, o objstore.Object) (arrow.Record, error) {
	raw, err := l.readObject(ctx, o)
	if err != nil {
		return nil, err
	}
	pf, err := file.NewParquetReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	defer pf.Close()
	fr, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{BatchSize: max(pf.NumRows(), 1)}, l.mem)
	if err != nil {
		return nil, err
	}
	// pqarrow panics when its context ends while it reads; a part is read in no time.
	table, err := fr.ReadTable(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	defer table.Release()
	// A part is one row group, so a column is one chunk; columns that are long
	// texts may come in several.
	return oneRecord(l, table)
}

func oneRecord(l *Loader, table arrow.Table) (arrow.Record, error) {
	cols := make([]arrow.Array, table.NumCols())
	defer func() {
		for _, c := range cols {
			if c != nil {
				c.Release()
			}
		}
	}()
	for i := range cols {
		chunks := table.Column(i).Data().Chunks()
		if len(chunks) == 1 {
			cols[i] = chunks[0]
			cols[i].Retain()
			continue
		}
		joined, err := array.Concatenate(chunks, l.mem)
		if err != nil {
			return nil, err
		}
		cols[i] = joined
	}
	return array.NewRecord(table.Schema(), cols, table.NumRows()), nil
}

func (l *Loader) readObject(ctx context.Context, o objstore.Object) ([]byte, error) {
	r, err := l.cfg.Stage.Open(ctx, o, 0)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(r)
	if closeErr := r.Close(); err == nil {
		err = closeErr
	}
	return raw, err
}

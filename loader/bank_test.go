package loader_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"tapline/exporter"
	"tapline/warehouse"
)

// A bank is a warehouse in memory.

type bank struct {
	mu       sync.Mutex
	tables   map[string]*bankTable
	receipts map[string]warehouse.Receipt // by slice and table
	kept     []warehouse.Entry
	files    map[[4]string]warehouse.File
	loads    int
	fail     func(op string) error // nil = none
}

type bankTable struct {
	warehouse.Table
	rows []map[string]any
}

func newBank() *bank {
	return &bank{tables: map[string]*bankTable{}, receipts: map[string]warehouse.Receipt{}, files: map[[4]string]warehouse.File{}}
}

func (b *bank) hook(op string) error {
	if b.fail == nil {
		return nil
	}
	return b.fail(op)
}

func (b *bank) Table(_ context.Context, name string) (warehouse.Table, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tables[name]
	if t == nil {
		return warehouse.Table{}, fmt.Errorf("bank: %s: %w", name, warehouse.ErrNotExist)
	}
	out := t.Table
	out.Columns = slices.Clone(t.Columns)
	return out, nil
}

func (b *bank) Ensure(_ context.Context, want warehouse.Table) error {
	if err := b.hook("ensure"); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tables[want.Name]
	if t == nil {
		t = &bankTable{Table: want}
		t.Columns = nil
		b.tables[want.Name] = t
	}
	for _, c := range want.Columns {
		i := slices.IndexFunc(t.Columns, func(h warehouse.Column) bool { return h.Name == c.Name })
		switch {
		case i < 0:
			t.Columns = append(t.Columns, c)
		case arrow.TypeEqual(t.Columns[i].Type, c.Type):
		case t.Columns[i].Type.ID() == arrow.INT64 && c.Type.ID() == arrow.FLOAT64:
			for _, r := range t.rows {
				if n, ok := r[c.Name].(int64); ok && (n > exporter.Exact || n < -exporter.Exact) {
					return &warehouse.SchemaError{Table: want.Name, Column: c.Name, Have: "int64", Want: "float64"}
				}
			}
			for _, r := range t.rows {
				if n, ok := r[c.Name].(int64); ok {
					r[c.Name] = float64(n)
				}
			}
			t.Columns[i].Type = c.Type
		default:
			return &warehouse.SchemaError{Table: want.Name, Column: c.Name, Have: warehouse.TypeName(t.Columns[i].Type), Want: warehouse.TypeName(c.Type)}
		}
	}
	return nil
}

func (b *bank) Load(ctx context.Context, l warehouse.Load) (warehouse.Receipt, error) {
	if err := b.hook("load"); err != nil {
		return warehouse.Receipt{}, err
	}
	if err := l.Check(); err != nil {
		return warehouse.Receipt{}, fmt.Errorf("bank: %w", err)
	}
	rows, err := readParts(ctx, l.Parts)
	if err != nil {
		return warehouse.Receipt{}, err
	}
	kept, err := readParts(ctx, l.Quarantine)
	if err != nil {
		return warehouse.Receipt{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	key := l.Table + "|" + l.Slice
	if r, ok := b.receipts[key]; ok {
		if r.ID == l.ID {
			return r, nil
		}
		if r.ReadAt.After(l.ReadAt) {
			return r, warehouse.ErrConflict
		}
	}
	if int64(len(rows)) != l.RowsLoaded || int64(len(kept)) != l.RowsQuarantined+l.CellsQuarantined || l.RowsRead != l.RowsLoaded+l.RowsQuarantined {
		return warehouse.Receipt{}, fmt.Errorf("bank: %w: %d rows, %d kept, want %+v", warehouse.ErrCount, len(rows), len(kept), l)
	}
	t := b.tables[l.Table]
	for _, r := range rows {
		for name, v := range r {
			i := slices.IndexFunc(t.Columns, func(h warehouse.Column) bool { return h.Name == name })
			if i < 0 || v != nil && !fitsType(v, t.Columns[i].Type) {
				return warehouse.Receipt{}, &warehouse.SchemaError{Table: l.Table, Column: name, Reason: fmt.Sprintf("part holds %T", v)}
			}
		}
	}
	t.rows = slices.DeleteFunc(t.rows, func(r map[string]any) bool { return r[warehouse.ColSlice] == l.Slice })
	t.rows = append(t.rows, rows...)
	b.kept = slices.DeleteFunc(b.kept, func(e warehouse.Entry) bool { return e.Slice == l.Slice && e.Table == l.Table })
	for _, r := range kept {
		b.kept = append(b.kept, warehouse.Entry{Load: r["load"].(string), Slice: r["slice"].(string), Table: r["table"].(string), Row: r["row"].(int64),
			Column: r["column"].(string), Source: r["source"].(string), Reason: r["reason"].(string), Place: r["place"].(string), Raw: r["raw"].(string)})
	}
	receipt := warehouse.Receipt{ID: l.ID, Pipeline: l.Pipeline, Table: l.Table, Stream: l.Stream, Slice: l.Slice, Revision: l.Revision, Run: l.Run, Mode: l.Mode,
		Day: l.Day, ReadAt: l.ReadAt, RowsRead: l.RowsRead, RowsLoaded: l.RowsLoaded, RowsQuarantined: l.RowsQuarantined, CellsQuarantined: l.CellsQuarantined}
	b.receipts[key] = receipt
	b.loads++
	return receipt, b.hook("loaded")
}

func fitsType(v any, t arrow.DataType) bool {
	switch v.(type) {
	case bool:
		return t.ID() == arrow.BOOL
	case int64:
		return t.ID() == arrow.INT64
	case float64:
		return t.ID() == arrow.FLOAT64
	case string:
		return t.ID() == arrow.STRING
	case arrow.Date32:
		return t.ID() == arrow.DATE32
	case arrow.Timestamp:
		return t.ID() == arrow.TIMESTAMP
	}
	return false
}

func (b *bank) Receipts(_ context.Context, pipeline string) iter.Seq2[warehouse.Receipt, error] {
	return func(yield func(warehouse.Receipt, error) bool) {
		b.mu.Lock()
		all := slices.Collect(maps.Values(b.receipts))
		b.mu.Unlock()
		for _, r := range all {
			if (pipeline == "" || r.Pipeline == pipeline) && !yield(r, nil) {
				return
			}
		}
	}
}

func (b *bank) Quarantined(_ context.Context, f warehouse.Filter) iter.Seq2[warehouse.Entry, error] {
	return func(yield func(warehouse.Entry, error) bool) {
		b.mu.Lock()
		all := slices.Clone(b.kept)
		b.mu.Unlock()
		slices.SortFunc(all, func(a, c warehouse.Entry) int {
			return cmp.Or(cmp.Compare(a.Load, c.Load), cmp.Compare(a.Row, c.Row), cmp.Compare(a.Column, c.Column))
		})
		for _, e := range all {
			if (f.Load == "" || e.Load == f.Load) && e.Row >= f.FromRow && !yield(e, nil) {
				return
			}
		}
	}
}

func (b *bank) Purge(context.Context, warehouse.Filter) (int64, error) {
	return 0, errors.New("not of interest to the loader")
}

func (b *bank) Amend(ctx context.Context, a warehouse.Amendment) (warehouse.Receipt, error) {
	rows, err := readParts(ctx, a.Parts)
	if err != nil {
		return warehouse.Receipt{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tables[a.Table]
	t.rows = append(t.rows, rows...)
	for _, c := range a.Cells {
		for _, r := range t.rows {
			if r[warehouse.ColLoad] == a.Load && r[warehouse.ColRow] == c.Row {
				r[c.Column] = c.Value
			}
		}
	}
	b.kept = slices.DeleteFunc(b.kept, func(e warehouse.Entry) bool {
		moved := e.Column == "" && slices.Contains(a.Rows, e.Row) ||
			e.Column != "" && slices.ContainsFunc(a.Cells, func(c warehouse.Cell) bool { return c.Row == e.Row && c.Column == e.Column })
		return e.Load == a.Load && moved
	})
	return warehouse.Receipt{}, nil
}

// readRows reads a Parquet part with arrow's own reader.
func readRows(ctx context.Context, p warehouse.Part) ([]map[string]any, error) {
	r, err := p.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	pf, err := file.NewParquetReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	fr, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{BatchSize: 1 << 20}, memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	table, err := fr.ReadTable(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	var out []map[string]any
	tr := array.NewTableReader(table, 1<<20)
	for tr.Next() {
		rec := tr.Record()
		for i := range int(rec.NumRows()) {
			row := map[string]any{}
			for j, f := range rec.Schema().Fields() {
				row[f.Name] = value(rec.Column(j), i)
			}
			out = append(out, row)
		}
	}
	return out, nil
}

// readParts reads several parts.
func readParts(ctx context.Context, parts []warehouse.Part) (all []map[string]any, err error) {
	for _, p := range parts {
		rows, err := readRows(ctx, p)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

func value(a arrow.Array, i int) any {
	if a.IsNull(i) {
		return nil
	}
	switch a := a.(type) {
	case *array.Boolean:
		return a.Value(i)
	case *array.Int64:
		return a.Value(i)
	case *array.Float64:
		return a.Value(i)
	case *array.String:
		return a.Value(i)
	case *array.Date32:
		return a.Value(i)
	case *array.Timestamp:
		return a.Value(i)
	}
	panic(fmt.Sprintf("type %T", a))
}

// content is what a reader of the warehouse sees, in a form that compares: rows
// and quarantine of each table, without what differs from load to load.
func (b *bank) content(t testing.TB) string {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(b.tables)) {
		table := b.tables[name]
		fmt.Fprintf(&out, "table %s\n", name)
		for _, c := range table.Columns {
			fmt.Fprintf(&out, "  %s %s (%s)\n", c.Name, warehouse.TypeName(c.Type), c.Source)
		}
		var lines []string
		for _, r := range table.rows {
			line := fmt.Sprintf("%v %4d", r[warehouse.ColSlice], r[warehouse.ColRow])
			for _, k := range slices.Sorted(maps.Keys(r)) {
				if r[k] != nil && !slices.Contains([]string{warehouse.ColSlice, warehouse.ColLoad, warehouse.ColRow, warehouse.ColLoadedAt}, k) {
					line += fmt.Sprintf(" %s=%v(%T)", k, r[k], r[k])
				}
			}
			lines = append(lines, line)
		}
		slices.Sort(lines)
		for _, l := range lines {
			fmt.Fprintln(&out, l)
		}
	}
	var kept []string
	for _, e := range b.kept {
		kept = append(kept, fmt.Sprintf("kept %s %4d %q %q %s %q", e.Slice, e.Row, e.Column, e.Source, e.Reason, e.Raw))
	}
	slices.Sort(kept)
	for _, k := range kept {
		fmt.Fprintln(&out, k)
	}
	return out.String()
}

func (b *bank) PutFiles(_ context.Context, files []warehouse.File) error {
	if err := b.hook("files"); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range files {
		b.files[[4]string{f.Pipeline, f.Stream, f.Name, f.Generation}] = f
	}
	return nil
}

func (b *bank) Files(context.Context, string) iter.Seq2[warehouse.File, error] {
	return func(yield func(warehouse.File, error) bool) {
		b.mu.Lock()
		all := slices.Collect(maps.Values(b.files))
		b.mu.Unlock()
		for _, f := range all {
			if !yield(f, nil) {
				return
			}
		}
	}
}

package warehousetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/google/go-cmp/cmp"

	"tapline/warehouse"
)

// An env is one test: a warehouse without tables and the means to fill it.
type env struct {
	*testing.T
	Instance
	ctx   context.Context
	dir   string
	parts int
}

func newEnv(t *testing.T, s Subject) *env {
	// Some databases read these characters as patterns or as columns.
	dir := filepath.Join(t.TempDir(), "it's [p]arts*? day=1")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return &env{T: t, Instance: s.New(t), ctx: t.Context(), dir: dir}
}

// Types, for short.
var (
	_bool  = arrow.FixedWidthTypes.Boolean
	_int   = arrow.PrimitiveTypes.Int64
	_float = arrow.PrimitiveTypes.Float64
	_text  = arrow.BinaryTypes.String
	_date  = arrow.FixedWidthTypes.Date32
)

func stamp() arrow.DataType {
	return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
}

// at is a moment, the later the greater n.
func at(n int) time.Time { return time.Date(2026, 9, 1, 12, 0, n, 123456000, time.UTC) }

func own() []warehouse.Column {
	return []warehouse.Column{
		{Name: warehouse.ColSlice, Type: _text}, {Name: warehouse.ColLoad, Type: _text},
		{Name: warehouse.ColRow, Type: _int}, {Name: warehouse.ColLoadedAt, Type: stamp()},
	}
}

// cols makes columns of names and types in turn.
func cols(namesAndTypes ...any) []warehouse.Column {
	var c []warehouse.Column
	for i := 0; i < len(namesAndTypes); i += 2 {
		c = append(c, warehouse.Column{Name: namesAndTypes[i].(string), Type: namesAndTypes[i+1].(arrow.DataType)})
	}
	return c
}

// A spec is a load in few words. Rows are data values; a row that is nil was
// quarantined. Zero fields get what makes a valid load.
type spec struct {
	pipeline, table, slice string
	rev                    int // also the moment of reading
	mode                   warehouse.Mode
	key                    []string
	columns                []warehouse.Column // data columns
	rows                   [][]any
	split                  int            // rows a part; 0 = one part
	cells                  map[int]string // row -> column whose value is in quarantine
}

// load writes the parts of s and returns the load.
func (e *env) load(s spec) warehouse.Load {
	e.Helper()
	s = s.filled()
	l := warehouse.Load{
		Pipeline: s.pipeline, Table: s.table, Stream: "stream", Slice: s.pipeline + "/stream/" + s.slice,
		Revision: fmt.Sprint("rev", s.rev), Run: "run-1", ReadAt: at(s.rev), Mode: s.mode, Key: s.key,
		Day: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Columns: append(slices.Clone(s.columns), own()...), BytesRead: 1000,
	}
	l.More = s.rev%2 == 1 // a hint, which nothing must depend on
	l.ID = fmt.Sprintf("%s|%s|%s|%s", l.Pipeline, l.Table, l.Slice, l.Revision)
	var rows, aside [][]any
	for i, row := range s.rows {
		l.RowsRead++
		if row == nil {
			l.RowsQuarantined++
			aside = append(aside, entryRow(l, i, ""))
			continue
		}
		l.RowsLoaded++
		rows = append(rows, append(slices.Clone(row), l.Slice, l.ID, int64(i), l.ReadAt))
		if column, ok := s.cells[i]; ok {
			l.CellsQuarantined++
			aside = append(aside, entryRow(l, i, column))
		}
	}
	for len(rows) > 0 {
		n := len(rows)
		if s.split > 0 {
			n = min(n, s.split)
		}
		l.Parts = append(l.Parts, e.part(l.Columns, rows[:n]))
		rows = rows[n:]
	}
	if len(aside) > 0 {
		l.Quarantine = []warehouse.Part{e.part(warehouse.QuarantineColumns(), aside)}
	}
	return l
}

func (s spec) filled() spec {
	if s.pipeline == "" {
		s.pipeline = "p"
	}
	if s.table == "" {
		s.table = "t"
	}
	if s.slice == "" {
		s.slice = "d1"
	}
	if s.mode == "" {
		s.mode = warehouse.Replace
	}
	if s.columns == nil {
		s.columns = cols("id", _int, "v", _text)
	}
	return s
}

// entryRow is a quarantine entry for row i, of one column or the whole row.
func entryRow(l warehouse.Load, i int, column string) []any {
	return []any{
		l.ID, l.Slice, l.Table, int64(i), column, "src:" + column, "type", fmt.Sprint("page 1, record ", i), "raw'\"" + fmt.Sprint(i), at(0),
	}
}

func (e *env) part(columns []warehouse.Column, rows [][]any) warehouse.Part {
	e.Helper()
	e.parts++
	path := filepath.Join(e.dir, fmt.Sprintf("%05d.parquet", e.parts))
	p := WritePart(e, path, columns, rows)
	if e.Part != nil {
		p = e.Part(e.T, path, p.Rows)
	}
	return p
}

// put makes the table able to hold s and loads it; both must work.
func (e *env) put(s spec) warehouse.Receipt {
	e.Helper()
	l := e.load(s)
	e.ensure(l.Table, l.Columns)
	r, err := e.Warehouse.Load(e.ctx, l)
	if err != nil {
		e.Fatal(err)
	}
	return r
}

func (e *env) ensure(table string, columns []warehouse.Column) {
	e.Helper()
	if err := e.Warehouse.Ensure(e.ctx, warehouse.Table{Name: table, Columns: columns}); err != nil {
		e.Fatal(err)
	}
}

// q quotes and joins names.
func (e *env) q(names ...string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = e.Quote(n)
	}
	return strings.Join(quoted, ", ")
}

// rows reads columns of a table, in the order of slice and place, each row as
// its values with "|" between them.
func (e *env) rows(table string, columns ...string) []string {
	e.Helper()
	return e.sql(fmt.Sprintf("SELECT %s FROM %s ORDER BY %s, %s", e.q(columns...), e.q(table),
		e.q(warehouse.ColSlice), e.q(warehouse.ColRow)))
}

func (e *env) sql(text string) []string {
	e.Helper()
	out := []string{}
	for rec, err := range e.Query(e.ctx, text) {
		if err != nil {
			e.Fatal(err)
		}
		out = append(out, renderRecord(rec)...)
	}
	return out
}

func renderRecord(rec arrow.Record) []string {
	out := make([]string, rec.NumRows())
	for i := range out {
		values := make([]string, rec.NumCols())
		for j, c := range rec.Columns() {
			values[j] = renderValue(c, i)
		}
		out[i] = strings.Join(values, "|")
	}
	return out
}

func renderValue(a arrow.Array, i int) string {
	switch a := a.(type) {
	case *array.Timestamp:
		if a.IsValid(i) {
			return time.UnixMicro(int64(a.Value(i))).UTC().Format("2006-01-02T15:04:05.000000Z")
		}
	case *array.String: // its ValueStr does not tell NULL from a text
		if a.IsValid(i) {
			return a.Value(i)
		}
	}
	if a.IsNull(i) {
		return "NULL"
	}
	return a.ValueStr(i)
}

// exec changes tables behind the warehouse's back.
func (e *env) exec(text string) {
	e.Helper()
	if err := e.Exec(e.ctx, text); err != nil {
		e.Fatal(err)
	}
}

func (e *env) receipts(pipeline string) map[string]warehouse.Receipt {
	e.Helper()
	all := make(map[string]warehouse.Receipt)
	for r, err := range e.Warehouse.Receipts(e.ctx, pipeline) {
		if err != nil {
			e.Fatal(err)
		}
		if _, twice := all[r.ID]; twice {
			e.Fatalf("receipt %s comes twice", r.ID)
		}
		all[r.ID] = r
	}
	return all
}

// same fails the test when have is not want.
func (e *env) same(what string, have, want any) {
	e.Helper()
	types := cmp.Comparer(func(a, b arrow.DataType) bool { return arrow.TypeEqual(a, b) })
	if d := cmp.Diff(want, have, types); d != "" {
		e.Fatalf("%s differs (- want, + have):\n%s", what, d)
	}
}

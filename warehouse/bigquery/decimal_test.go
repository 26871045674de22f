//go:build cgo && !noduckdb

package bigquery

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/google/go-cmp/cmp"

	"tapline/warehouse"
	"tapline/warehouse/bigquery/bigquerytest"
	"tapline/warehouse/warehousetest"
)

// A till has a table whose column n somebody widened from INT64 to NUMERIC.
type till struct {
	*testing.T
	w     *Warehouse
	loads int
}

func newTill(t *testing.T) *till {
	h := &till{T: t, w: openTest(t, bigquerytest.NewServer(t, bigquerytest.Options{}))}
	if err := h.w.Ensure(t.Context(), warehouse.Table{Name: "t", Columns: h.columns(arrow.PrimitiveTypes.Int64)}); err != nil {
		t.Fatal(err)
	}
	if err := h.put(arrow.PrimitiveTypes.Int64, int64(9007199254740993)); err != nil {
		t.Fatal(err)
	}
	if err := h.w.exec(t.Context(), "ALTER TABLE t ALTER COLUMN n SET DATA TYPE NUMERIC"); err != nil {
		t.Fatal(err)
	}
	return h
}

func (*till) columns(n arrow.DataType) []warehouse.Column {
	return join([]warehouse.Column{{Name: "n", Type: n}}, taplineColumns())
}

func (h *till) put(kind arrow.DataType, values ...any) error {
	h.Helper()
	h.loads++
	l := warehouse.Load{
		ID: fmt.Sprint("load", h.loads), Pipeline: "p", Table: "t", Stream: "s", Slice: fmt.Sprint("p/s/", h.loads), Revision: "1", Run: "r",
		ReadAt: eventDay, Mode: warehouse.Replace, Columns: h.columns(kind), RowsRead: int64(len(values)), RowsLoaded: int64(len(values)),
	}
	var rows [][]any
	for i, v := range values {
		rows = append(rows, []any{v, l.Slice, l.ID, int64(i), l.ReadAt})
	}
	l.Parts = []warehouse.Part{warehousetest.WritePart(h, filepath.Join(h.TempDir(), l.ID+".parquet"), l.Columns, rows)}
	if err := h.w.Ensure(h.Context(), warehouse.Table{Name: "t", Columns: l.Columns}); err != nil {
		return err
	}
	_, err := h.w.Load(h.Context(), l)
	return err
}

// values are those of the last load.
func (h *till) values() []string {
	h.Helper()
	var all []string
	for rec, err := range h.w.Query(h.Context(), fmt.Sprintf("SELECT n FROM t WHERE _tapline_load = 'load%d' ORDER BY _tapline_row", h.loads)) {
		if err != nil {
			h.Fatal(err)
		}
		if id := rec.Column(0).DataType().ID(); id != arrow.STRING {
			h.Errorf("n comes as %s, want text", id)
		}
		for i := range int(rec.NumRows()) {
			all = append(all, rec.Column(0).ValueStr(i))
		}
	}
	return all
}

// TestDecimal loads what fits into a NUMERIC column, digit for digit.
func TestDecimal(t *testing.T) {
	h := newTill(t)
	if got := h.values(); !cmp.Equal(got, []string{"9007199254740993"}) {
		t.Fatalf("after widening by hand: %q", got)
	}
	have, err := h.w.Table(t.Context(), "t")
	if err != nil || have.Columns[0].Type.ID() != arrow.STRING || have.Columns[0].Native != "numeric" {
		t.Errorf("the column is %+v, %v; want text that is natively numeric", have.Columns[0], err)
	}
	for name, c := range map[string]struct {
		kind   arrow.DataType
		values []any
		want   []string
	}{
		"int":   {arrow.PrimitiveTypes.Int64, []any{int64(-9007199254740993), nil, int64(0)}, []string{"-9007199254740993", "(null)", "0"}},
		"float": {arrow.PrimitiveTypes.Float64, []any{0.1, 2.5, 1e20, -1.5e-5}, []string{"0.1", "2.5", "100000000000000000000", "-0.000015"}},
		"text": {arrow.BinaryTypes.String, []any{"12345678901234567890123456789.123456789", "1.10", "-0.5000000000000", "1.5e3", "12e-9"},
			[]string{"12345678901234567890123456789.123456789", "1.1", "-0.5", "1500", "0.000000012"}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := h.put(c.kind, c.values...); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, h.values()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestErrDecimal refuses what BigQuery would round, and what is no number.
func TestErrDecimal(t *testing.T) {
	h := newTill(t)
	for _, v := range []any{"0.1234567891", "1e-10", "abc", "123456789012345678901234567890", 1e-12, 1e300, "1.00000000000000000001e5", "1e40"} {
		kind := arrow.DataType(arrow.BinaryTypes.String)
		if _, ok := v.(float64); ok {
			kind = arrow.PrimitiveTypes.Float64
		}
		err := h.put(kind, v)
		var s *warehouse.SchemaError
		if !errors.As(err, &s) || s.Column != "n" || s.Have != "NUMERIC" {
			t.Errorf("%v: error = %v, want a SchemaError about n", v, err)
		}
		if got := h.values(); len(got) > 0 {
			t.Errorf("%v: the table holds %q of it", v, got)
		}
	}
	if err := h.put(arrow.FixedWidthTypes.Boolean, true); !errors.Is(err, warehouse.ErrSchema) {
		t.Errorf("a bool: %v, want ErrSchema", err)
	}
}

func TestDecimalFits(t *testing.T) {
	for text, want := range map[string]bool{
		"1": true, "-1.000000001": true, "1.0000000010": true, "0.0000000001": false, "1e-9": true, "1e-10": false, "10e-10": true,
		"99999999999999999999999999999.999999999": true, "100000000000000000000000000000": false, "": false, "x": false, "1/3": false, "0x1": false, "1e999": false,
	} {
		if got := (decimal{"NUMERIC", 9}).fits(text); got != want {
			t.Errorf("%s: %t, want %t", text, got, want)
		}
	}
}

// TestDecimalAmend moves cells out of the quarantine into a NUMERIC column.
func TestDecimalAmend(t *testing.T) {
	h := newTill(t)
	if err := h.put(arrow.BinaryTypes.String, nil); err != nil {
		t.Fatal(err)
	}
	load := fmt.Sprint("load", h.loads)
	if err := h.w.exec(t.Context(), fmt.Sprintf("INSERT INTO _tapline_quarantine (`load`, slice, `table`, `row`, `column`, raw) VALUES ('%s', 'p/s/%d', 't', 0, 'n', '0.1')", load, h.loads)); err != nil {
		t.Fatal(err)
	}
	amend := func(text string) error {
		_, err := h.w.Amend(t.Context(), warehouse.Amendment{Load: load, Table: "t", Columns: h.columns(arrow.BinaryTypes.String), Cells: []warehouse.Cell{{Row: 0, Column: "n", Value: text}}})
		return err
	}
	if err := amend("0.12345678901"); !errors.Is(err, warehouse.ErrSchema) {
		t.Errorf("a digit too many: %v, want ErrSchema", err)
	}
	if err := amend("0.1"); err != nil {
		t.Fatal(err)
	}
	if got := h.values(); !cmp.Equal(got, []string{"0.1"}) {
		t.Errorf("the cell is %q", got)
	}
}

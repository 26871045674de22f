package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"tapline/warehouse"
)

// rows are some rows of a record, for people and for JSON.
type rows struct {
	Columns []rowsColumn `json:"columns"`
	Rows    [][]any      `json:"rows"`
}

type rowsColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Held string `json:"held,omitempty"` // the kinds of value among the cells
}

func newRows(rec arrow.Record, limit int) rows {
	r := rows{Columns: []rowsColumn{}, Rows: [][]any{}}
	for _, f := range rec.Schema().Fields() {
		r.Columns = append(r.Columns, rowsColumn{Name: f.Name, Type: warehouse.TypeName(f.Type)})
	}
	r.add(rec, limit)
	return r
}

func (r *rows) add(rec arrow.Record, limit int) {
	for i := range int(rec.NumRows()) {
		if limit > 0 && len(r.Rows) >= limit {
			return
		}
		row := make([]any, rec.NumCols())
		for j, col := range rec.Columns() {
			row[j] = cell(col, i)
		}
		r.Rows = append(r.Rows, row)
	}
}

// cell is one value as JSON can hold it: numbers beyond what JavaScript counts
// exactly, and those that are none, as text.
func cell(col arrow.Array, i int) any {
	if col.IsNull(i) {
		return nil
	}
	switch c := col.(type) {
	case *array.Boolean:
		return c.Value(i)
	case *array.Int64:
		if v := c.Value(i); v >= -1<<53 && v <= 1<<53 {
			return v
		}
	case *array.Float64:
		if v := c.Value(i); !math.IsNaN(v) && !math.IsInf(v, 0) {
			return v
		}
	case *array.String:
		return c.Value(i)
	case *array.Timestamp:
		return time.UnixMicro(int64(c.Value(i))).UTC().Format("2006-01-02T15:04:05.999999Z")
	case *array.Date32:
		return c.Value(i).ToTime().Format(time.DateOnly)
	}
	return col.ValueStr(i)
}

func (r rows) table() *table {
	t := &table{}
	for _, c := range r.Columns {
		head := c.Name
		if c.Type == "int64" || c.Type == "float64" {
			head = ">" + head
		}
		t.heads = append(t.heads, head)
	}
	for _, row := range r.Rows {
		cells := make([]any, len(row))
		for i, v := range row {
			switch v := v.(type) {
			case nil:
				cells[i] = "NULL"
			case int64:
				cells[i] = count(v)
			case float64:
				cells[i] = decimal(v)
			default:
				cells[i] = v
			}
		}
		t.add(cells...)
	}
	return t
}

// plain writes a cell as data: its digits and nothing between them.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case float64:
		if math.Abs(v) < 1e21 {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
	}
	return fmt.Sprint(v)
}

// decimal writes a number for people: no more than four places, no exponent
// where digits can be read.
func decimal(v float64) string {
	if math.Abs(v) >= 1e15 || v != 0 && math.Abs(v) < 1e-4 {
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	whole, rest, _ := strings.Cut(strconv.FormatFloat(math.Round(v*1e4)/1e4, 'f', -1, 64), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n == 0 {
		return strings.TrimSuffix(whole+"."+rest, ".")
	}
	return count(n) + prefixed(".", rest)
}

// ask runs a query whose result is small, and returns all of it.
func ask(ctx context.Context, q warehouse.Querier, sql string, args ...any) (rows, error) {
	r := rows{Columns: []rowsColumn{}, Rows: [][]any{}}
	for rec, err := range q.Query(ctx, sql, args...) {
		if err != nil {
			return r, err
		}
		if len(r.Columns) == 0 {
			r = newRows(rec, 0)
			continue
		}
		r.add(rec, 0)
	}
	return r, nil
}

package exportertest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"tapline/exporter"
)

// Content is what a sequence of batches says, without regard to where they were
// cut: one text a row read, wholly rejected rows included.
type Content struct {
	Rows    []string
	Cursors []exporter.Cursor // after each batch
	Ends    []int             // rows up to the end of each batch
	Bytes   int64
}

// ReadAll reads the slice from the cursor to its end, and checks each batch.
func ReadAll(t *testing.T, src exporter.Source, sl exporter.Slice, after exporter.Cursor) Content {
	t.Helper()
	var c Content
	for b, err := range src.Read(t.Context(), sl, after) {
		if err != nil {
			t.Fatalf("Read(%s %s): %v", sl.Stream.Name, sl.Name, err)
		}
		c.Add(t, b)
	}
	return c
}

// Add appends a batch after checking it.
func (c *Content) Add(t *testing.T, b exporter.Batch) {
	t.Helper()
	for _, problem := range Check(b) {
		t.Errorf("batch after %d rows: %s", len(c.Rows), problem)
	}
	c.Rows = append(c.Rows, rows(b)...)
	c.Ends = append(c.Ends, len(c.Rows))
	c.Cursors = append(c.Cursors, b.Cursor)
	c.Bytes += b.Bytes
}

// Check lists what is wrong with a batch.
func Check(b exporter.Batch) (problems []string) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	var inRecord, whole int64
	if b.Record != nil {
		inRecord = b.Record.NumRows()
		if inRecord == 0 {
			bad("a record without rows")
		}
		if len(b.Kinds) != int(b.Record.NumCols()) {
			bad("%d kinds for %d columns", len(b.Kinds), b.Record.NumCols())
			return problems
		}
		problems = append(problems, checkColumns(b)...)
	}
	last := int64(-1)
	for _, r := range b.Rejects {
		if r.Column == "" {
			whole++
		}
		if r.Row < last || r.Row < 0 || r.Row >= b.Rows {
			bad("reject of row %d after that of row %d, of %d rows", r.Row, last, b.Rows)
		}
		if !strings.Contains(r.Reason, ".") || r.Place == "" {
			bad("reject of row %d has reason %q and place %q", r.Row, r.Reason, r.Place)
		}
		last = r.Row
	}
	if b.Rows != inRecord+whole {
		bad("%d rows read, but %d in the record and %d rejected", b.Rows, inRecord, whole)
	}
	if b.Rows == 0 {
		bad("no rows")
	}
	if len(b.Cursor) > 64<<10 {
		bad("a cursor of %d bytes", len(b.Cursor))
	}
	return problems
}

func checkColumns(b exporter.Batch) (problems []string) {
	seen := map[string]bool{}
	for i, f := range b.Record.Schema().Fields() {
		if seen[f.Name] || f.Name == "" {
			problems = append(problems, fmt.Sprintf("column %q is there twice or has no name", f.Name))
		}
		seen[f.Name] = true
		col, k := b.Record.Column(i), b.Kinds[i]
		want := k.Staged()
		if want == nil && col.NullN() == col.Len() {
			continue // of no kind: any type will do
		}
		if want == nil || !arrow.TypeEqual(want, f.Type) {
			problems = append(problems, fmt.Sprintf("column %q of kinds %s has type %s, want %v", f.Name, k, f.Type, want))
		}
		if !f.Nullable {
			problems = append(problems, fmt.Sprintf("column %q is not nullable", f.Name))
		}
	}
	return problems
}

// rows gives each row read as one text: its cells by name, in canonical text,
// and its rejects. Rows of all columns, whatever their order, are alike.
func rows(b exporter.Batch) []string {
	cells := make([][]string, b.Rows)
	rejected := map[int64]bool{}
	for _, r := range b.Rejects {
		if r.Column == "" {
			rejected[r.Row] = true
		}
		cells[r.Row] = append(cells[r.Row], fmt.Sprintf("!%s=%s:%q", r.Column, r.Reason, r.Raw))
	}
	if b.Record != nil {
		place := make([]int64, 0, b.Record.NumRows())
		for i := range b.Rows {
			if !rejected[i] {
				place = append(place, i)
			}
		}
		for _, i := range byName(b.Record.Schema()) {
			name, col := b.Record.ColumnName(i), b.Record.Column(i)
			for row := range min(col.Len(), len(place)) {
				if col.IsValid(row) {
					cells[place[row]] = append(cells[place[row]], name+"="+text(col, row))
				}
			}
		}
	}
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = strings.Join(c, "\x1f")
	}
	return out
}

// text is the canonical text of a cell; see exporter.Kinds.
func text(col arrow.Array, row int) string {
	switch c := col.(type) {
	case *array.Boolean:
		return strconv.FormatBool(c.Value(row))
	case *array.Int64:
		return strconv.FormatInt(c.Value(row), 10)
	case *array.Float64:
		return string(exporter.AppendFloat(nil, c.Value(row)))
	case *array.Date32:
		return c.Value(row).ToTime().Format(time.DateOnly)
	case *array.Timestamp:
		return string(exporter.AppendTime(nil, int64(c.Value(row))))
	case *array.String:
		return strconv.Quote(c.Value(row))[1:][:len(strconv.Quote(c.Value(row)))-2]
	}
	return "a column of type " + col.DataType().String()
}

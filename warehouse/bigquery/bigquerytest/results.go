//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	driverduckdb "github.com/duckdb/duckdb-go/v2"
	bq "google.golang.org/api/bigquery/v2"
)

// A result is the rows of a query, kept in a table of DuckDB.
type result struct {
	fields []*bq.TableFieldSchema
	phys   string // "" = no rows
	rows   int64
	dml    *bq.DmlStatistics
}

// A column is a column of a query in DuckDB.
type column struct{ name, duck string }

// describe is the shape of a query's result.
func describe(ctx context.Context, d doer, query string) ([]column, error) {
	rows, err := d.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE "+query+")")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var columns []column
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.duck); err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, rows.Err()
}

// A page is where in a result to read.
type page struct {
	start, size int64
	micros      bool // timestamps as microseconds
}

// maxPage is how many rows an answer has at most, and about how many bytes.
const (
	maxPage      = 10_000
	maxPageBytes = 10 << 20
)

// readPage reads rows of a table in the order in which they were written.
func (s *Server) readPage(ctx context.Context, phys string, fields []*bq.TableFieldSchema, p page) ([]*bq.TableRow, error) {
	if p.size <= 0 || len(fields) == 0 {
		return nil, nil
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = ident(f.Name)
		if f.Type == "JSON" && f.Mode != "REPEATED" {
			names[i] = "CAST(" + names[i] + " AS VARCHAR)"
		}
	}
	rows, err := s.db.QueryContext(ctx, fmt.Sprintf("SELECT %s FROM %s LIMIT %d OFFSET %d", strings.Join(names, ", "), phys, p.size, p.start))
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	return scanPage(rows, fields, p)
}

func scanPage(rows *sql.Rows, fields []*bq.TableFieldSchema, p page) ([]*bq.TableRow, error) {
	values, dest := make([]any, len(fields)), make([]any, len(fields))
	for i := range values {
		dest[i] = &values[i]
	}
	var out []*bq.TableRow
	size := 0
	for size < maxPageBytes && rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		row := &bq.TableRow{F: make([]*bq.TableCell, len(fields))}
		for i, f := range fields {
			v, err := encode(values[i], f, p.micros)
			if err != nil {
				return nil, err
			}
			row.F[i] = &bq.TableCell{V: v, NullFields: []string{"V"}}
			if v != nil {
				row.F[i].NullFields = nil
			}
			if t, ok := v.(string); ok {
				size += len(t)
			}
			size += 10
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// encode is a value in the JSON of the API: all scalars are text.
func encode(v any, f *bq.TableFieldSchema, micros bool) (any, error) {
	if f.Mode == "REPEATED" {
		list, _ := v.([]any) // NULL is the empty array
		one := *f
		one.Mode = "NULLABLE"
		cells := make([]any, len(list))
		for i, e := range list {
			c, err := encode(e, &one, micros)
			if err != nil {
				return nil, err
			}
			cells[i] = map[string]any{"v": c}
		}
		return cells, nil
	}
	if v == nil {
		return nil, nil
	}
	if f.Type == "RECORD" {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("field %s: %T is not a struct", f.Name, v)
		}
		cells := make([]any, len(f.Fields))
		for i, sub := range f.Fields {
			c, err := encode(m[sub.Name], sub, micros)
			if err != nil {
				return nil, err
			}
			cells[i] = map[string]any{"v": c}
		}
		return map[string]any{"f": cells}, nil
	}
	return scalar(v, f, micros)
}

func scalar(v any, f *bq.TableFieldSchema, micros bool) (any, error) {
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v), nil
	case string:
		return v, nil
	case []byte:
		return base64.StdEncoding.EncodeToString(v), nil
	case float64:
		return floatText(v), nil
	case float32:
		return floatText(float64(v)), nil
	case *big.Int:
		return v.String(), nil
	case driverduckdb.Decimal:
		return decimalText(v), nil
	case time.Time:
		return timeText(v, f.Type, micros), nil
	case int64, int32, int16, int8, uint64, uint32, uint16, uint8, int:
		return fmt.Sprint(v), nil
	}
	return nil, fmt.Errorf("field %s: bigquerytest does not encode %T", f.Name, v)
}

func floatText(v float64) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func decimalText(d driverduckdb.Decimal) string {
	digits, sign := d.Value.String(), ""
	if rest, ok := strings.CutPrefix(digits, "-"); ok {
		digits, sign = rest, "-"
	}
	scale := int(d.Scale)
	if scale == 0 {
		return sign + digits
	}
	for len(digits) <= scale {
		digits = "0" + digits
	}
	whole, fraction := digits[:len(digits)-scale], strings.TrimRight(digits[len(digits)-scale:], "0")
	if fraction == "" {
		return sign + whole
	}
	return sign + whole + "." + fraction
}

func timeText(t time.Time, kind string, micros bool) string {
	fraction := ""
	if t.Nanosecond() != 0 {
		fraction = ".000000"
	}
	switch kind {
	case "DATE":
		return t.UTC().Format(time.DateOnly)
	case "TIME":
		return t.UTC().Format("15:04:05" + fraction)
	case "DATETIME":
		return t.UTC().Format("2006-01-02T15:04:05" + fraction)
	}
	if micros {
		return strconv.FormatInt(t.UnixMicro(), 10)
	}
	return strconv.FormatFloat(float64(t.UnixMicro())/1e6, 'E', -1, 64)
}

//go:build !noduckdb && cgo

package parquet

import (
	"database/sql"
	"fmt"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"
)

func TestReadByDuckDB(t *testing.T) {
	db := openDuckDB(t)
	for _, c := range contents() {
		for _, codec := range c.codecs() {
			t.Run(c.name+"/"+string(codec), func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "t.parquet")
				writeFile(t, file, c.batches, Options{Codec: codec})
				if diff := diff(tableOf(c.batches), readByDuckDB(t, db, file)); diff != "" {
					t.Errorf("written, read back:\n%s", diff)
				}
			})
		}
	}
}

func TestReadWideByDuckDB(t *testing.T) {
	file := filepath.Join(t.TempDir(), "t.parquet")
	rec := wide(2000, 50)
	writeFile(t, file, []arrow.Record{rec, rec}, Options{})
	if diff := diff(tableOf([]arrow.Record{rec, rec}), readByDuckDB(t, openDuckDB(t), file)); diff != "" {
		t.Errorf("written, read back:\n%s", diff)
	}
}

// TestTypesInDuckDB holds what a table made from the file would look like.
func TestTypesInDuckDB(t *testing.T) {
	db := openDuckDB(t)
	file := filepath.Join(t.TempDir(), "t.parquet")
	writeFile(t, file, []arrow.Record{record(eachType(1, func(int) int { return 1 })...)}, Options{})
	got := query(t, db, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(?))", file)
	want := table{
		{"bool", "int64", "float64", "text", "date", "time"},
		{"BOOLEAN", "BIGINT", "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP WITH TIME ZONE"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = query(t, db, "SELECT created_by, num_rows, num_row_groups FROM parquet_file_metadata(?)", file)
	if diff := cmp.Diff(table{{"tapline"}, {int64(1)}, {int64(1)}}, got); diff != "" {
		t.Error(diff)
	}
}

// TestStatisticsInDuckDB has a row group for each thousand, so that an answer
// that trusts a wrong bound misses rows.
func TestStatisticsInDuckDB(t *testing.T) {
	db := openDuckDB(t)
	file := filepath.Join(t.TempDir(), "t.parquet")
	var batches []arrow.Record
	for k := range 10 {
		cols := eachType(1000, func(i int) int { return (k*1000 + (i*7919)%1000) * (1 - 2*(i%10/9)) })
		cols = append(cols, col{"odd", floatType, fill(1000, func(i int) any {
			switch {
			case i == 500 && k == 4:
				return math.NaN()
			case i == 501:
				return math.Copysign(0, float64(k%2)-0.5)
			}
			return float64(k - 5)
		})})
		batches = append(batches, record(cols...))
	}
	writeFile(t, file, batches, Options{})
	mustExec(t, db, fmt.Sprintf("CREATE VIEW f AS SELECT * FROM read_parquet('%s')", file))
	mustExec(t, db, fmt.Sprintf("CREATE TABLE m AS SELECT * FROM read_parquet('%s')", file))
	for _, where := range []string{
		"int64 = 4500000031495", "int64 > 8999000062990", "int64 < 3000000000", "int64 IS NULL", "int64 IS NOT NULL",
		"float64 = 4500.0/7-3", "float64 >= 1400", "float64 < -2.9", "text = 'value 4500 ü'", "text > 'value 99'", "text < 'value 1000'",
		"bool", "NOT bool", "date = DATE '1970-01-01'", "date > DATE '1990-01-01'", "date < DATE '1968-01-01'",
		"time < TIMESTAMPTZ '1970-01-02 00:00:00+00'", "time = make_timestamptz(4499999716499)", "time > TIMESTAMPTZ '1970-04-20 00:00:00+00'",
		"odd > 100", "odd = 0", "odd = -0.0::double", "odd >= 0", "odd <= 0", "odd = 'nan'::double", "odd < -4", "odd > 3", "isnan(odd)",
	} {
		want := query(t, db, "SELECT count(*), sum(int64) FROM m WHERE "+where)
		got := query(t, db, "SELECT count(*), sum(int64) FROM f WHERE "+where)
		if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(got)); diff != "" {
			t.Errorf("%s:\n%s", where, diff)
		}
		if want[0][0] == int64(0) {
			t.Errorf("%s: matches no row, so proves nothing", where)
		}
	}
	want := query(t, db, "SELECT min(COLUMNS(*)), max(COLUMNS(*)), count(COLUMNS(*)) FROM m")
	got := query(t, db, "SELECT min(COLUMNS(*)), max(COLUMNS(*)), count(COLUMNS(*)) FROM f")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestBoundsInDuckDB holds the statistics that readers are told.
func TestBoundsInDuckDB(t *testing.T) {
	long := "a text of more than the longest length that is told as a bound of the column"
	zero, minus := 0.0, math.Copysign(0, -1)
	tests := []struct {
		name     string
		col      col
		nulls    int64
		min, max any
	}{
		{"bool", col{typ: boolType, cells: []any{true, false, nil}}, 1, "false", "true"},
		{"true", col{typ: boolType, cells: []any{true, true}}, 0, "true", "true"},
		{"false", col{typ: boolType, cells: []any{false, nil, nil}}, 2, "false", "false"},
		{"int64", col{typ: intType, cells: []any{int64(5), int64(-3), nil, int64(1) << 40}}, 1, "-3", "1099511627776"},
		{"float64", col{typ: floatType, cells: []any{2.5, -1e300, nil}}, 1, "-1e+300", "2.5"},
		{"nan", col{typ: floatType, cells: []any{2.5, math.NaN(), 1.0}}, 0, nil, nil},
		{"zero", col{typ: floatType, cells: []any{zero, zero}}, 0, "-0.0", "0.0"},
		{"minus zero", col{typ: floatType, cells: []any{minus, nil}}, 1, "-0.0", "0.0"},
		{"date", col{typ: dateType, cells: []any{arrow.Date32(-1), arrow.Date32(1)}}, 0, "1969-12-31", "1970-01-02"},
		{"time", col{typ: timeType, cells: []any{arrow.Timestamp(1), arrow.Timestamp(-1)}}, 0, "1969-12-31 23:59:59.999999+00", "1970-01-01 00:00:00.000001+00"},
		{"text", col{typ: textType, cells: []any{"b", "a", "ä", "", nil, "z"}}, 1, "", "ä"},
		{"text by bytes", col{typ: textType, cells: []any{"12345678b", "12345678", "12345678a", "1234567"}}, 0, "1234567", "12345678b"},
		{"long text", col{typ: textType, cells: []any{"b", long}}, 0, nil, nil},
		{"null", col{typ: textType, cells: []any{nil, nil}}, 2, nil, nil},
	}
	db := openDuckDB(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "t.parquet")
			tt.col.name = "c"
			writeFile(t, file, []arrow.Record{record(tt.col)}, Options{})
			got := query(t, db, "SELECT stats_null_count, stats_min_value, stats_max_value, num_values FROM parquet_metadata(?)", file)
			want := table{{tt.nulls}, {tt.min}, {tt.max}, {int64(len(tt.col.cells))}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func readByDuckDB(tb testing.TB, db *sql.DB, file string) table {
	tb.Helper()
	return query(tb, db, "SELECT * FROM read_parquet(?)", file)
}

// query returns the columns of a query's result.
func query(tb testing.TB, db *sql.DB, query string, args ...any) table {
	tb.Helper()
	rows, err := db.Query(query, args...)
	if err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		tb.Fatal(err)
	}
	t := make(table, len(columns))
	values, places := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		places[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			tb.Fatal(err)
		}
		for i, v := range values {
			t[i] = append(t[i], duckDBCell(columns[i].DatabaseTypeName(), v))
		}
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	return t
}

// duckDBCell turns what the driver scans into what cell returns.
func duckDBCell(typ string, v any) any {
	switch v := v.(type) {
	case float64:
		return math.Float64bits(v)
	case time.Time:
		if typ == "DATE" {
			return v.Unix() / 86400
		}
		return v.UnixMicro()
	}
	return v
}

func openDuckDB(tb testing.TB) *sql.DB {
	tb.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

func mustExec(tb testing.TB, db *sql.DB, query string) {
	tb.Helper()
	if _, err := db.Exec(query); err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
}

//go:build cgo

package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/warehouse"
)

// BenchmarkLoad loads parts of 122,880 rows and 30 columns: 1.1 and 5 million
// rows. It reports rows/s and the memory of the process, before and at its peak
// during the loads: Go, the test binary and DuckDB.
func BenchmarkLoad(b *testing.B) {
	for _, parts := range []int{9, 41} {
		b.Run(fmt.Sprintf("parts=%d", parts), func(b *testing.B) { benchLoad(b, parts) })
	}
}

func benchLoad(b *testing.B, parts int) {
	dir := b.TempDir()
	const each = 122880
	l := warehouse.Load{
		ID: strings.Repeat("0123456789abcdef", 2), Pipeline: "p", Table: "t", Stream: "events", Slice: "p/events/2026-09-01",
		ReadAt: moment(), Mode: warehouse.Replace, RowsRead: int64(parts * each), RowsLoaded: int64(parts * each),
	}
	for i := range parts {
		path := filepath.Join(dir, fmt.Sprintf("%05d.parquet", i))
		l.Columns = writeBenchPart(b, path, l, i*each, (i+1)*each)
		l.Parts = append(l.Parts, warehouse.Part{Name: filepath.Base(path), Path: path, Rows: each})
	}
	var took time.Duration
	var base int64
	for n := 0; b.Loop(); n++ {
		w := open(b, Config{Path: filepath.Join(dir, fmt.Sprint(n, ".duckdb"))})
		if err := w.Ensure(b.Context(), warehouse.Table{Name: "t", Columns: l.Columns}); err != nil {
			b.Fatal(err)
		}
		base = resident(b, "VmRSS")
		// Lets the high-water mark start anew.
		if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
			b.Log(err)
		}
		began := time.Now()
		if _, err := w.Load(b.Context(), l); err != nil {
			b.Fatal(err)
		}
		took += time.Since(began)
		if err := os.Remove(w.cfg.Path); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(l.RowsLoaded)*float64(b.N)/took.Seconds(), "rows/s")
	b.ReportMetric(float64(resident(b, "VmHWM"))/(1<<20), "MB-peak")
	b.ReportMetric(float64(base)/(1<<20), "MB-before")
}

// writeBenchPart lets DuckDB make a part in a process memory of little size,
// and returns its columns: 26 of data and tapline's four.
func writeBenchPart(b *testing.B, path string, l warehouse.Load, from, to int) []warehouse.Column {
	b.Helper()
	var columns []warehouse.Column
	var exprs []string
	add := func(name string, t arrow.DataType, expr string) {
		columns = append(columns, warehouse.Column{Name: name, Type: t})
		exprs = append(exprs, fmt.Sprintf("(%s) AS %s", expr, name))
	}
	for i := range 8 {
		add(fmt.Sprint("i", i), arrowType("BIGINT"), fmt.Sprintf("(hash(r, %d) %% 1000000)::BIGINT", i))
	}
	for i := range 5 {
		add(fmt.Sprint("f", i), arrowType("DOUBLE"), fmt.Sprintf("((hash(r, %d) %% 1000000) / 100.0)::DOUBLE", i))
	}
	for i := range 7 {
		add(fmt.Sprint("s", i), arrowType("VARCHAR"), fmt.Sprintf("'value ' || (hash(r, %d) %% 50)", i))
	}
	for i := range 2 {
		add(fmt.Sprint("h", i), arrowType("VARCHAR"), fmt.Sprintf("md5((r * %d)::VARCHAR)", i+1))
		add(fmt.Sprint("b", i), arrowType("BOOLEAN"), fmt.Sprintf("CASE WHEN hash(r, %d) %% 2 = 0 THEN NULL ELSE hash(r) %% 3 = 0 END", i))
	}
	add("ts", timestampType(), "TIMESTAMPTZ '2026-09-01 00:00:00+00' + to_seconds(r // 60)")
	add("event_date", arrowType("DATE"), "DATE '2026-09-01'")
	add(warehouse.ColSlice, arrowType("VARCHAR"), "'"+l.Slice+"'")
	add(warehouse.ColLoad, arrowType("VARCHAR"), "'"+l.ID+"'")
	add(warehouse.ColRow, arrowType("BIGINT"), "r")
	add(warehouse.ColLoadedAt, timestampType(), "TIMESTAMPTZ '"+l.ReadAt.Format(time.RFC3339)+"'")
	db, err := sql.Open("duckdb", "?threads=1&memory_limit=128MB")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	_, err = db.ExecContext(context.Background(), fmt.Sprintf(
		"COPY (SELECT %s FROM range(%d, %d) t(r)) TO '%s' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 122880)",
		strings.Join(exprs, ", "), from, to, path))
	if err != nil {
		b.Fatal(err)
	}
	return columns
}

// resident is a figure of the process' memory in bytes, 0 where the system does
// not tell.
func resident(b *testing.B, figure string) int64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var kb int64
		if n, _ := fmt.Sscanf(line, figure+": %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	return 0
}

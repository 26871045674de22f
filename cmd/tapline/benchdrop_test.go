//go:build !noduckdb && cgo

package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"tapline/exporter/bucket/droptest"
)

// dropCSV makes gzipped CSV files of 134 MB each.
func dropCSV(b *testing.B, files int) (dir string, rows int64) {
	b.Helper()
	dir = b.TempDir()
	counts := make([]int64, files)
	var all sync.WaitGroup
	for i := range files {
		all.Go(func() {
			f, err := os.Create(filepath.Join(dir, fmt.Sprintf("events_%d.csv.gz", i)))
			if err != nil {
				b.Error(err)
				return
			}
			defer f.Close()
			z, err := gzip.NewWriterLevel(f, 6)
			if err == nil {
				counts[i], err = droptest.CSV(z, uint64(i), 134_200_000)
			}
			if err == nil {
				err = z.Close()
			}
			if err != nil {
				b.Error(err)
			}
		})
	}
	all.Wait()
	for _, n := range counts {
		rows += n
	}
	return dir, rows
}

// BenchmarkDrop loads gzipped CSV files into a DuckDB table with the binary, and
// compares with DuckDB's CREATE TABLE AS of the same files, whose types it is told.
func BenchmarkDrop(b *testing.B) {
	binary := releaseBinary(b)
	for _, files := range []int{1, 8} {
		b.Run(fmt.Sprintf("csv.gz=%d", files), func(b *testing.B) {
			dir, rows := dropCSV(b, files)
			var ours, theirs time.Duration
			var peak int64
			for b.Loop() {
				took, most := loadDrop(b, binary, dir, rows)
				ours, peak = ours+took, max(peak, most)
				began := time.Now()
				createTableAs(b, dir, filepath.Join(b.TempDir(), "theirs.duckdb"))
				theirs += time.Since(began)
			}
			b.ReportMetric(ours.Seconds()/theirs.Seconds(), "of-duckdb")
			b.ReportMetric(float64(b.N)*float64(rows)/ours.Seconds(), "rows/s")
			b.ReportMetric(float64(peak)/1e6, "peak-MB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func loadDrop(b *testing.B, binary, drop string, rows int64) (took time.Duration, peak int64) {
	b.Helper()
	dir := b.TempDir()
	config := fmt.Sprintf(`version: 1
connections:
  - {name: drop, type: bucket, url: %q}
  - {name: bi, type: duckdb, path: bi.duckdb}
pipelines:
  - {name: drops, from: drop, to: bi, streams: [{files: "*.csv.gz", table: events, settle: 0s}]}
`, drop)
	if err := os.WriteFile(filepath.Join(dir, "tapline.yaml"), []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(binary, "run", "-o", "json")
	cmd.Dir = dir
	began := time.Now()
	out, err := cmd.Output()
	took = time.Since(began)
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		peak = usage.Maxrss << 10
	}
	var answer struct {
		Result runResult `json:"result"`
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		b.Fatal(err)
	}
	if got := answer.Result.Pipelines[0].RowsLoaded; got != rows {
		b.Fatalf("%d rows loaded, want %d", got, rows)
	}
	return took, peak
}

func createTableAs(b *testing.B, drop, path string) {
	b.Helper()
	types := map[string]string{"ts": "BIGINT", "eventProps.Amount": "DOUBLE", "eventProps.Quantity": "BIGINT", "eventProps.First order": "BOOLEAN"}
	var columns []string
	for _, name := range strings.Split(droptest.Header, ",") {
		if types[name] == "" {
			types[name] = "VARCHAR"
		}
		columns = append(columns, fmt.Sprintf("'%s': '%s'", name, types[name]))
	}
	db, err := sql.Open("duckdb", path)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, q := range []string{"set threads=2", "set preserve_insertion_order=false",
		fmt.Sprintf(`create table events as select * from read_csv('%s/*.csv.gz', columns={%s}, auto_detect=false, header=true, delim=',', quote='"', escape='"')`,
			drop, strings.Join(columns, ", ")), "checkpoint"} {
		if _, err := db.Exec(q); err != nil {
			b.Fatal(err)
		}
	}
}

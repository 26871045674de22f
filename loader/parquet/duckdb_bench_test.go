//go:build !noduckdb && cgo && unix

package parquet

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
)

// BenchmarkDuckDB is the yardstick of BenchmarkWrite: the same rows, from a
// table in memory, by one thread, and our writer into the same kind of file.
// On a machine that others use as well, cpu-s/op is the figure to compare.
func BenchmarkDuckDB(b *testing.B) {
	batches := events(b, benchBatches, benchRows)
	dir := b.TempDir()
	file := filepath.Join(dir, "ours.parquet")
	writeFile(b, file, batches, Options{})
	db := openDuckDB(b)
	mustExec(b, db, "SET threads=1")
	mustExec(b, db, fmt.Sprintf("CREATE TABLE events AS SELECT * FROM read_parquet('%s')", file))
	for _, codec := range []struct{ ours, duckdb Codec }{{Zstd, "zstd, compression_level 1"}, {Snappy, Snappy}} {
		b.Run(string(codec.ours)+"/duckdb", func(b *testing.B) {
			out := filepath.Join(dir, "duckdb.parquet")
			measured(b, batches, out, func() {
				mustExec(b, db, fmt.Sprintf("COPY events TO '%s' (FORMAT parquet, COMPRESSION %s)", out, codec.duckdb))
			})
		})
		b.Run(string(codec.ours)+"/ours", func(b *testing.B) {
			o := Options{Codec: codec.ours, Pool: &Pool{}}
			measured(b, batches, file, func() { writeFile(b, file, batches, o) })
		})
	}
}

// measured benchmarks what writes the batches into a file.
func measured(b *testing.B, batches []arrow.Record, file string, write func()) {
	size, rows := measure(batches)
	b.SetBytes(size)
	before := cpuSeconds(b)
	for b.Loop() {
		write()
	}
	b.ReportMetric((cpuSeconds(b)-before)/float64(b.N), "cpu-s/op")
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	info, err := os.Stat(file)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/1e6, "file-MB")
}

func cpuSeconds(tb testing.TB) float64 {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

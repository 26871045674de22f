//go:build !noduckdb && cgo

package parquet

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkDuckDB is the yardstick of BenchmarkWrite: the same rows, from a
// table in memory, by one thread; and our writer to the same kind of file.
func BenchmarkDuckDB(b *testing.B) {
	batches := events(b, benchBatches, benchRows)
	size, rows := measure(batches)
	dir := b.TempDir()
	file := filepath.Join(dir, "ours.parquet")
	writeFile(b, file, batches, Options{})
	db := openDuckDB(b)
	mustExec(b, db, "SET threads=1")
	mustExec(b, db, fmt.Sprintf("CREATE TABLE events AS SELECT * FROM read_parquet('%s')", file))
	report := func(b *testing.B, file string) {
		b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		if info, err := os.Stat(file); err == nil {
			b.ReportMetric(float64(info.Size())/1e6, "file-MB")
		}
	}
	for codec, clause := range map[Codec]string{Zstd: "zstd, compression_level 1", Snappy: "snappy"} {
		b.Run(string(codec)+"/duckdb", func(b *testing.B) {
			b.SetBytes(size)
			out := filepath.Join(dir, "duck.parquet")
			for b.Loop() {
				mustExec(b, db, fmt.Sprintf("COPY events TO '%s' (FORMAT parquet, COMPRESSION %s)", out, clause))
			}
			report(b, out)
		})
		b.Run(string(codec)+"/ours", func(b *testing.B) {
			b.SetBytes(size)
			pool := &Pool{}
			for b.Loop() {
				writeFile(b, file, batches, Options{Codec: codec, Pool: pool})
			}
			report(b, file)
		})
	}
}

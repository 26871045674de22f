//go:build cgo && !noduckdb

package bucket_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/klauspost/compress/gzip"

	"tapline/exporter"
	"tapline/exporter/bucket"
	"tapline/exporter/bucket/droptest"
	"tapline/exporter/format"
	"tapline/loader/parquet"
	"tapline/objstore"
)

// benchBytes is the size of each file of the benchmarks, uncompressed.
const benchBytes = 134_200_000

// A drop is a folder of exports, and how DuckDB reads them.
type benchDrop struct {
	dir   string
	files int
	rows  int64
	bytes int64 // uncompressed
	query string
}

// dropFiles makes files in parallel, packed by gzip, with CleverTap's names.
func dropFiles(b *testing.B, files int, suffix string, write func(w io.Writer, seed uint64) (rows, size int64, err error)) *benchDrop {
	b.Helper()
	d := &benchDrop{dir: b.TempDir(), files: files}
	var all sync.WaitGroup
	var mu sync.Mutex
	for i := range files {
		all.Go(func() {
			f, err := os.Create(filepath.Join(d.dir, fmt.Sprintf("1788220800-1788307200-Order-Placed-20260901-%d-0.%s.gz", i, suffix)))
			if err != nil {
				b.Error(err)
				return
			}
			defer f.Close()
			z, err := gzip.NewWriterLevel(f, 6)
			if err != nil {
				b.Error(err)
				return
			}
			rows, size, err := write(z, uint64(i))
			if err == nil {
				err = z.Close()
			}
			if err != nil {
				b.Error(err)
			}
			mu.Lock()
			d.rows, d.bytes = d.rows+rows, d.bytes+size
			mu.Unlock()
		})
	}
	all.Wait()
	return d
}

func csvDrop(b *testing.B, files int) *benchDrop {
	d := dropFiles(b, files, "csv", func(w io.Writer, seed uint64) (int64, int64, error) {
		rows, err := droptest.CSV(w, seed, benchBytes)
		return rows, benchBytes, err
	})
	var columns []string
	for _, name := range strings.Split(droptest.Header, ",") {
		columns = append(columns, fmt.Sprintf("'%s': '%s'", name, duckType(name)))
	}
	d.query = fmt.Sprintf(`select *, ts::date as event_date from read_csv('%s/*.csv.gz', columns={%s}, timestampformat='%%Y%%m%%d%%H%%M%%S',
		auto_detect=false, header=true, delim=',', quote='"', escape='"')`, d.dir, strings.Join(columns, ", "))
	return d
}

func duckType(column string) string {
	switch column {
	case "ts":
		return "TIMESTAMP"
	case "eventProps.Amount":
		return "DOUBLE"
	case "eventProps.Quantity":
		return "BIGINT"
	case "eventProps.First order":
		return "BOOLEAN"
	}
	return "VARCHAR"
}

func jsonDrop(b *testing.B, files int, rows int64) *benchDrop {
	d := dropFiles(b, files, "json", func(w io.Writer, seed uint64) (int64, int64, error) {
		size, err := droptest.NDJSON(w, seed, rows)
		return rows, size, err
	})
	group := map[string][]string{}
	var columns []string
	for _, name := range strings.Split(droptest.Header, ",") {
		block, key, nested := strings.Cut(name, ".")
		if !nested {
			continue
		}
		group[block] = append(group[block], fmt.Sprintf(`"%s" %s`, key, duckType(name)))
		columns = append(columns, fmt.Sprintf(`"%s"."%s" as "%s"`, block, key, name))
	}
	d.query = fmt.Sprintf(`select strptime(ts, '%%Y%%m%%d%%H%%M%%S') as ts, "eventName", %s, strptime(ts, '%%Y%%m%%d%%H%%M%%S')::date as event_date
		from read_json('%s/*.json.gz', format='newline_delimited', columns={ts: 'VARCHAR', eventName: 'VARCHAR', profile: 'STRUCT(%s)', deviceInfo: 'STRUCT(%s)', eventProps: 'STRUCT(%s)'})`,
		strings.Join(columns, ", "), d.dir, strings.Join(group["profile"], ", "), strings.Join(group["deviceInfo"], ", "), strings.Join(group["eventProps"], ", "))
	return d
}

// source reads the drop as a pipeline does: everything is detected, what cannot
// be read would be rejected.
func (d *benchDrop) source(b *testing.B) (*bucket.Source, []exporter.Slice) {
	b.Helper()
	store, err := objstore.NewLocal(d.dir)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	settle := time.Duration(0)
	s, err := bucket.New(bucket.Config{URL: d.dir, Timezone: "UTC"}, []bucket.Selection{{Files: "*.gz", Settle: &settle}},
		bucket.Options{Store: store, Mem: format.NewPool(0)})
	if err != nil {
		b.Fatal(err)
	}
	streams, err := s.Streams(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	list, err := s.Slices(b.Context(), streams[0], exporter.Window{})
	if err != nil || len(list) != d.files {
		b.Fatalf("%d slices of %d files, %v", len(list), d.files, err)
	}
	return s, list
}

// toParquet writes a Parquet file for each object. Files are read side by side,
// and each is encoded while it is read, as a run does it.
func (d *benchDrop) toParquet(b *testing.B, s *bucket.Source, list []exporter.Slice, out string) {
	work := make(chan int)
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for i := range work {
				if err := writeSlice(b.Context(), s, list[i], filepath.Join(out, fmt.Sprintf("ours%d.parquet", i))); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range list {
		work <- i
	}
	close(work)
	all.Wait()
}

var pages = new(parquet.Pool)

func writeSlice(ctx context.Context, s *bucket.Source, slice exporter.Slice, path string) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	batches := make(chan exporter.Batch)
	var readErr error
	go func() {
		defer close(batches)
		for batch, err := range s.Read(ctx, slice, "") {
			if err != nil || len(batch.Rejects) > 0 {
				readErr = fmt.Errorf("%d rejects, %w", len(batch.Rejects), err)
				return
			}
			batch.Record.Retain()
			batches <- batch
		}
	}()
	var w *parquet.Writer
	for batch := range batches {
		if w == nil && err == nil {
			w, err = parquet.NewWriter(f, batch.Record.Schema(), parquet.Options{Pool: pages})
		}
		if err == nil {
			err = w.Write(batch.Record)
		}
		batch.Record.Release()
	}
	if err == nil && readErr == nil && w != nil {
		err = w.Close()
	}
	if err == nil {
		err = readErr
	}
	return err
}

// compare runs both ways in turn and reports the ratio of their times, the
// yardstick being DuckDB with two threads at its fastest setting. Both see the
// files in the page cache, and come to the same rows.
func (d *benchDrop) compare(b *testing.B) {
	s, list := d.source(b)
	db, err := sql.Open("duckdb", "")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, set := range []string{"set threads=2", "set preserve_insertion_order=false", "set timezone='UTC'"} {
		if _, err := db.Exec(set); err != nil {
			b.Fatal(err)
		}
	}
	out := b.TempDir()
	copyAll := fmt.Sprintf("copy (%s) to '%s/theirs.parquet' (format parquet, compression zstd, compression_level 1)", d.query, out)
	var ours, theirs time.Duration
	for b.Loop() {
		began := time.Now()
		d.toParquet(b, s, list, out)
		ours += time.Since(began)
		began = time.Now()
		if _, err := db.Exec(copyAll); err != nil {
			b.Fatal(err)
		}
		theirs += time.Since(began)
	}
	d.same(b, db, out)
	b.SetBytes(d.bytes)
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "of-duckdb")
	b.ReportMetric(float64(b.N)*float64(d.rows)/ours.Seconds(), "rows/s")
	b.ReportMetric(float64(b.N)*float64(d.bytes)/1e6/ours.Seconds(), "MB/s-unpacked")
	b.ReportMetric(0, "ns/op")
}

// same checks that both ways gave the same rows, column by column.
func (d *benchDrop) same(b *testing.B, db *sql.DB, dir string) {
	b.Helper()
	sums := "count(*)"
	for _, name := range append(strings.Split(droptest.Header, ","), "event_date") {
		value := fmt.Sprintf(`"%s"`, name)
		if name == "ts" {
			value = "epoch_us(ts)"
		}
		sums += fmt.Sprintf(` || ' ' || coalesce(sum(hash(%s))::varchar, '')`, value)
	}
	read := func(files string) (text string) {
		if err := db.QueryRow(fmt.Sprintf("select %s from read_parquet('%s/%s', union_by_name=true)", sums, dir, files)).Scan(&text); err != nil {
			b.Fatal(err)
		}
		return text
	}
	ours, theirs := read("ours*.parquet"), read("theirs.parquet")
	if ours != theirs || !bytes.HasPrefix([]byte(ours), fmt.Appendf(nil, "%d ", d.rows)) {
		b.Errorf("the files differ, of %d rows:\n%s\n%s", d.rows, ours, theirs)
	}
}

// BenchmarkToParquet takes dropped files to Parquet.
func BenchmarkToParquet(b *testing.B) {
	b.Run("csv.gz=8", func(b *testing.B) { csvDrop(b, 8).compare(b) })
	b.Run("csv.gz=1", func(b *testing.B) { csvDrop(b, 1).compare(b) })
	b.Run("ndjson.gz=4", func(b *testing.B) { jsonDrop(b, 4, 400_000).compare(b) })
}

//go:build cgo && !noduckdb

package bigquery

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/loader/parquet"
	"tapline/objstore"
	"tapline/objstore/gcstest"
	"tapline/warehouse"
	"tapline/warehouse/bigquery/bigquerytest"
	"tapline/warehouse/warehousetest"
)

// benchServer, when set, makes the test binary the server of a benchmark, whose
// work is then another process's.
const benchServer = "TAPLINE_BENCH_BIGQUERY"

func TestMain(m *testing.M) {
	if os.Getenv(benchServer) == "" {
		os.Exit(m.Run())
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve prints the addresses of a server and of the storage that it reads, and
// serves until its input ends.
func serve() error {
	storage := gcstest.New(gcstest.Options{}, "stage")
	if err := storage.Start("127.0.0.1:0"); err != nil {
		return err
	}
	s, err := bigquerytest.Start(bigquerytest.Options{Storage: storage.URL})
	if err != nil {
		return err
	}
	fmt.Println(s.URL, storage.URL)
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return s.Close()
}

// startServer starts the two in a process of their own, which ends with the
// benchmark.
func startServer(b *testing.B) (url, storage string) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), benchServer+"=1"), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
	})
	if _, err := fmt.Fscanln(out, &url, &storage); err != nil {
		b.Fatal(err)
	}
	return url, storage
}

const benchRows = 122_880

// BenchmarkLoad loads slices of one part, which is proven here and loaded
// directly; of four, which are uploaded to a staging table and moved in a
// transaction; and of four that BigQuery reads at gs://. It reports the processor
// time of all that Load does (reading back, upload, jobs, waiting, receipt; the
// server's is another process's) as a ratio to that of writing the same Parquet
// files in the same run (load/write, target: at most 1.1), and that of both
// together (path/write).
func BenchmarkLoad(b *testing.B) {
	for _, c := range []struct {
		name   string
		parts  int
		bucket bool
	}{{"OnePart", 1, false}, {"FourParts", 4, false}, {"Bucket", 4, true}} {
		b.Run(c.name, func(b *testing.B) {
			url, storage := startServer(b)
			w, err := New(b.Context(), Config{Project: "acme", Dataset: "raw", Endpoint: url})
			if err != nil {
				b.Fatal(err)
			}
			defer w.Close()
			columns := benchColumns()
			if err := w.Ensure(b.Context(), warehouse.Table{Name: "events", Columns: columns}); err != nil {
				b.Fatal(err)
			}
			var written, loaded time.Duration
			for n := 0; b.Loop(); n++ {
				l := benchLoad(n, c.parts, columns)
				records := benchRecords(l, c.parts)
				written += spent(b, func() { l.Parts = writeParts(b, records) })
				if c.bucket {
					toBucket(b, storage, l.Parts)
				}
				loaded += spent(b, func() {
					if _, err := w.Load(b.Context(), l); err != nil {
						b.Fatal(err)
					}
				})
			}
			b.ReportMetric(loaded.Seconds()/written.Seconds(), "load/write")
			b.ReportMetric((written+loaded).Seconds()/written.Seconds(), "path/write")
			b.ReportMetric(loaded.Seconds()*1e3/float64(b.N), "load-cpu-ms")
		})
	}
}

// toBucket uploads parts to where BigQuery finds them.
func toBucket(b *testing.B, storage string, parts []warehouse.Part) {
	b.Helper()
	store, err := objstore.Open(b.Context(), objstore.Config{URL: "gs://stage", Endpoint: storage, Anonymous: true})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	for i, p := range parts {
		name := fmt.Sprint(rand.Uint64(), ".parquet")
		_, err := store.Put(b.Context(), name, objstore.Precondition{}, func(to io.Writer) error {
			from, err := os.Open(p.Path)
			if err != nil {
				return err
			}
			defer from.Close()
			_, err = io.Copy(to, from)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		parts[i].Path, parts[i].URL = "", "gs://stage/"+name
	}
}

// spent is the processor time of this process that f takes.
func spent(b *testing.B, f func()) time.Duration {
	b.Helper()
	began := processorTime(b)
	f()
	return processorTime(b) - began
}

// processorTime is that of this process so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchColumns are those of an event: texts of few and of many values, numbers,
// times, and tapline's four.
func benchColumns() []warehouse.Column {
	var c []warehouse.Column
	add := func(n int, name string, t arrow.DataType) {
		for i := range n {
			c = append(c, warehouse.Column{Name: fmt.Sprint(name, i), Type: t})
		}
	}
	add(1, "ts", &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"})
	add(1, "date", arrow.FixedWidthTypes.Date32)
	add(1, "id", arrow.BinaryTypes.String)
	add(9, "text", arrow.BinaryTypes.String)
	add(6, "int", arrow.PrimitiveTypes.Int64)
	add(6, "float", arrow.PrimitiveTypes.Float64)
	add(2, "flag", arrow.FixedWidthTypes.Boolean)
	return append(c, taplineColumns()...)
}

func benchLoad(n, parts int, columns []warehouse.Column) warehouse.Load {
	rows := int64(parts * benchRows)
	return warehouse.Load{
		ID: fmt.Sprint("load", n), Pipeline: "p", Table: "events", Stream: "s", Slice: fmt.Sprint("p/s/", n), Revision: "1", Run: "r",
		ReadAt: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), Mode: warehouse.Replace, Columns: columns, RowsRead: rows, RowsLoaded: rows,
	}
}

func benchRecords(l warehouse.Load, parts int) []arrow.Record {
	var fields []arrow.Field
	for _, c := range l.Columns {
		fields = append(fields, arrow.Field{Name: c.Name, Type: c.Type, Nullable: true})
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	r := rand.New(rand.NewPCG(1, 1))
	var records []arrow.Record
	for p := range parts {
		for i := range benchRows {
			for j, c := range l.Columns {
				appendBench(r, b.Field(j), c.Name, l, p*benchRows+i)
			}
		}
		records = append(records, b.NewRecord())
	}
	return records
}

func appendBench(r *rand.Rand, b array.Builder, name string, l warehouse.Load, row int) {
	switch b := b.(type) {
	case *array.BooleanBuilder:
		b.Append(row%3 == 0)
	case *array.Int64Builder:
		if name == warehouse.ColRow {
			b.Append(int64(row))
		} else {
			b.Append(r.Int64N(1_000_000))
		}
	case *array.Float64Builder:
		b.Append(float64(r.Int64N(1_000_000)) / 100)
	case *array.Date32Builder:
		b.Append(arrow.Date32FromTime(l.ReadAt))
	case *array.TimestampBuilder:
		at := l.ReadAt.UnixMicro()
		if name != warehouse.ColLoadedAt {
			at += int64(row) * 1000
		}
		b.Append(arrow.Timestamp(at))
	case *array.StringBuilder:
		switch {
		case name == warehouse.ColSlice:
			b.Append(l.Slice)
		case name == warehouse.ColLoad:
			b.Append(l.ID)
		case name == "id0":
			b.Append(fmt.Sprintf("%032x", r.Uint64()))
		case r.IntN(4) == 0:
			b.AppendNull()
		default:
			b.Append([]string{"Order Placed", "android", "Bengaluru", "https://example.com/a/page?of=a-shop"}[r.IntN(4)])
		}
	}
}

// writeParts writes each record as a part, as a stage in a folder has them.
func writeParts(b *testing.B, records []arrow.Record) []warehouse.Part {
	b.Helper()
	var parts []warehouse.Part
	pool := &parquet.Pool{}
	dir := b.TempDir()
	for i, rec := range records {
		path := filepath.Join(dir, fmt.Sprint(i, ".parquet"))
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		w, err := parquet.NewWriter(f, rec.Schema(), parquet.Options{Codec: parquet.Snappy, Pool: pool})
		if err == nil {
			err = w.Write(rec)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			b.Fatal(err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
		parts = append(parts, warehousetest.LocalPart(b, path, rec.NumRows()))
	}
	return parts
}

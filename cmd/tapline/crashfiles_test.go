//go:build !noduckdb && cgo

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// newFilesRig makes a bucket of dropped files: two chunks of one export whose
// columns differ, a day without rows, bad rows and cells, a column that turns out
// to be text in the last file, and files of another format, each of several
// batches.
func newFilesRig(t testing.TB) *crashRig {
	t.Helper()
	dir := t.TempDir()
	put := func(age time.Duration, name string, data []byte) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	put(9*time.Hour, "exports/1663664837-1663785000-Order-Placed-20220921-0-0.csv.gz", gzipped(t, orderFile(1, "ts,eventName,profile.identity,eventProps.Amount,eventProps.Version,eventProps.Build")))
	put(9*time.Hour, "exports/1663664837-1663785000-Order-Placed-20220921-1-0.csv.gz", gzipped(t, orderFile(2, "eventName,ts,eventProps.New,profile.identity,eventProps.Amount")))
	put(8*time.Hour, "exports/1663664837-1663871400-Order-Placed-20220922-0-0.csv", []byte("ts,eventName,profile.identity,eventProps.Amount\n"))
	last := bytes.ReplaceAll(orderFile(3, "ts,eventName,profile.identity,eventProps.Amount,eventProps.Version"), []byte(",17.50,"), []byte(",n/a,"))
	last = append(last, "20220923101500,Order Placed,one field too few\n20220923101500,Order Placed,\xff,1.00,1.10\nno time,Order Placed,u,1.00,1.10\n"...)
	put(7*time.Hour, "exports/1663664837-1663957800-Order-Placed-20220923-0-0.csv.zst", zstdFrames(t, last, 3000))
	var lines strings.Builder
	for i := range 300 {
		fmt.Fprintf(&lines, `{"id":%d,"mixed":%s,"nested":{"a":[%d]}}`+"\n", i, []string{"1", "2.5", `"x"`, "true", "null"}[i%5], i)
	}
	put(6*time.Hour, "plain/a.ndjson", []byte(lines.String()+"{broken\n"))
	put(6*time.Hour, "plain/b.ndjson.gz", gzipped(t, []byte(lines.String())))
	put(6*time.Hour, "plain/_SUCCESS", nil)
	return newCrashRig(t, func(sceneOptions) string {
		return fmt.Sprintf(`connections:
  - {name: drop, type: bucket, url: %q, timezone: Asia/Kolkata}
  - {name: bi, type: duckdb, path: bi.duckdb}
pipelines:
  - name: drops
    from: drop
    to: bi
    columns:
      - {from: profile.identity, hash: sha256}
    streams:
      - {files: "exports/*-Order-Placed-*", table: order_placed, file_columns: [event, day, index]}
      - {files: "plain/*", table: plain}
`, "file://"+dir)
	})
}

// orderFile makes some 300 rows under the header.
func orderFile(seed uint64, header string) []byte {
	rng := rand.New(rand.NewPCG(seed, 3))
	var b bytes.Buffer
	fmt.Fprintln(&b, header)
	for i := range 300 {
		for j, name := range strings.Split(header, ",") {
			if j > 0 {
				b.WriteByte(',')
			}
			switch name {
			case "ts":
				fmt.Fprintf(&b, "202209%02d10%02d%02d", 20+seed, i/60, i%60)
			case "eventName":
				b.WriteString("Order Placed")
			case "profile.identity":
				fmt.Fprintf(&b, "user-%d", rng.IntN(50))
			case "eventProps.Amount":
				fmt.Fprintf(&b, "%d.%02d", i%100, 50*(i%2))
			case "eventProps.Version":
				fmt.Fprintf(&b, "1.%d0", i%3)
			case "eventProps.Build": // numbers, it seems, until the last rows
				if i < 280 {
					fmt.Fprintf(&b, "2.%d0", i%3)
				} else {
					b.WriteString("beta")
				}
			case "eventProps.New":
				fmt.Fprintf(&b, "\"line 1 of %d,\nline 2 \"\"quoted\"\"\"", i)
			}
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zstdFrames compresses data in frames of so many bytes.
func zstdFrames(t testing.TB, data []byte, size int) (out []byte) {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for len(data) > 0 {
		n := min(size, len(data))
		out = z.EncodeAll(data[:n], out)
		data = data[n:]
	}
	return out
}

// TestCrashFiles kills and fails the binary while it loads dropped files. Most of
// what it passes is passed for every source, so it is killed at the first point
// of each kind, and where the source's own work, its batches and the cursors
// after them, ends at others; leases, columns and what goes on inside a load are
// TestCrashEverywhere's.
func TestCrashFiles(t *testing.T) {
	r := newFilesRig(t)
	want, points := r.rehearse(t)
	for _, part := range []string{"event_props_version", "csv.fields", "value.time", "json.syntax", "event_date", "event_props_build=2.10"} {
		if !strings.Contains(want, part) {
			t.Errorf("the tables lack %q:\n%.3000s", part, want)
		}
	}
	kinds := byKind(points)
	if len(kinds["source.batch "]) < 20 {
		t.Errorf("batches of files: %v", kinds["source.batch "])
	}
	if len(kinds["files.after "]) == 0 {
		t.Error("no run writes the list of files")
	}
	for kind := range kinds {
		if strings.HasPrefix(kind, "history") || strings.HasPrefix(kind, "publish") || strings.HasPrefix(kind, "ensure") ||
			strings.HasSuffix(kind, "lease.json") || strings.HasPrefix(kind, "sql.") && !strings.Contains(kind, "COMMIT") {
			delete(kinds, kind)
		}
	}
	r.sweep(t, want, kinds, func(kind string, at []int) (kill, fail []int) {
		if len(at) > 15 && (strings.HasPrefix(kind, "source.batch") || strings.HasPrefix(kind, "stage.put.after")) {
			return []int{at[0], at[len(at)-1]}, []int{at[len(at)/3]}
		}
		return at[:1], nil
	})
}

// TestFilesNothingShows: neither batch size nor concurrency, memory or stops on
// the way show in tables made of files.
func TestFilesNothingShows(t *testing.T) {
	r := newFilesRig(t)
	want := r.undisturbed(t)
	for i, o := range []sceneOptions{{concurrency: 1, batchRows: 37, memory: "16MiB"}, {concurrency: 5, batchRows: 101}, {concurrency: 2, memory: "256MiB", batchRows: 122880}} {
		s := r.scene(t, o)
		for k := range i {
			killAtMark(t, s, 25*(k+1))
		}
		s.mustRun(t, "run")
		if got := s.content(t); got != want {
			t.Errorf("%+v: %s", o, brief(want, got))
		}
	}
}

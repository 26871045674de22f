package bucket_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tapline/exporter"
	"tapline/exporter/bucket"
	"tapline/exporter/exportertest"
	"tapline/objstore"
)

// noon is what the clock of all tests shows, and an hour before it is when
// objects were last changed unless a test says otherwise.
var (
	noon   = time.Date(2026, 9, 5, 12, 0, 0, 0, time.UTC)
	before = noon.Add(-time.Hour)
)

// A drop is a folder that files are dropped into, and the store over it.
type drop struct {
	dir   string
	store objstore.Store
	cfg   bucket.Config
	opt   bucket.Options
}

func newDrop(t testing.TB) *drop {
	t.Helper()
	dir := t.TempDir()
	store, err := objstore.NewLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return &drop{
		dir: dir, store: store,
		cfg: bucket.Config{URL: "file://" + filepath.ToSlash(dir), Timezone: "Asia/Kolkata"},
		opt: bucket.Options{Store: store, Now: func() time.Time { return noon }},
	}
}

// put writes a file that was last changed at a time.
func (d *drop) put(t testing.TB, name, content string, changed time.Time) {
	t.Helper()
	path := filepath.Join(d.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, changed, changed); err != nil {
		t.Fatal(err)
	}
}

func (d *drop) source(t testing.TB, sel ...bucket.Selection) *bucket.Source {
	t.Helper()
	src, err := bucket.New(d.cfg, sel, d.opt)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// slices are those of all streams.
func slicesOf(t testing.TB, src exporter.Source, w exporter.Window) []exporter.Slice {
	t.Helper()
	streams, err := src.Streams(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []exporter.Slice
	for _, st := range streams {
		list, err := src.Slices(t.Context(), st, w)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, list...)
	}
	return out
}

// rows are the rows of all slices that are read.
func rows(t *testing.T, src exporter.Source) []string {
	t.Helper()
	var out []string
	for _, sl := range slicesOf(t, src, exporter.Window{}) {
		if sl.Object.Ignored == "" {
			out = append(out, exportertest.ReadAll(t, src, sl, "").Rows...)
		}
	}
	for i := range out {
		out[i] = strings.ReplaceAll(out[i], "\x1f", " ")
	}
	return out
}

func zipped(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// table is a CSV file of n rows.
func table(n int) string {
	var b strings.Builder
	b.WriteString("id,name,amount,day\n")
	for i := range n {
		fmt.Fprintf(&b, "%d,\"name, of %d\",%d.25,2026-09-%02d\n", i, i%7, i, i%28+1)
	}
	return b.String()
}

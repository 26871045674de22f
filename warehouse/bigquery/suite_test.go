//go:build cgo && !noduckdb

package bigquery

import (
	"context"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"tapline/objstore/buckettest"
	"tapline/objstore/gcstest"
	taplinesql "tapline/sql"
	"tapline/warehouse"
	"tapline/warehouse/bigquery/bigquerytest"
	"tapline/warehouse/warehousetest"
)

// open returns a Warehouse of the server, which sleeps little.
func openTest(t testing.TB, s *bigquerytest.Server, change ...func(*Config)) *Warehouse {
	t.Helper()
	cfg := Config{
		Project: "acme", Dataset: "raw", Endpoint: s.URL, Patience: 30 * time.Second,
		Sleep: func(ctx context.Context, d time.Duration) error { return sleep(ctx, min(d/100, 5*time.Millisecond)) },
	}
	for _, c := range change {
		c(&cfg)
	}
	w, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// exec runs SQL behind the warehouse's back.
func (w *Warehouse) exec(ctx context.Context, sql string) error {
	_, _, err := w.run(ctx, sql, nil)
	return err
}

func instance(t *testing.T, s *bigquerytest.Server, w *Warehouse, reopen func(*testing.T) warehouse.Warehouse) warehousetest.Instance {
	return warehousetest.Instance{
		Warehouse: w,
		Reopen:    reopen,
		Query: func(ctx context.Context, sql string) iter.Seq2[arrow.Record, error] {
			return w.Query(ctx, sql)
		},
		Exec: w.exec,
		From: func(name string) string { return "raw." + taplinesql.Quote("bigquery", name) },
		// What is not for both, columns and tables, TestErrNames looks at.
		Takes: regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString,
		Quote: func(name string) string { return taplinesql.Quote("bigquery", name) },
	}
}

func TestSuiteUpload(t *testing.T) {
	warehousetest.Run(t, warehousetest.Subject{New: func(t *testing.T) warehousetest.Instance {
		gcs := gcstest.NewServer(t, gcstest.Options{}, "drop")
		s := bigquerytest.NewServer(t, bigquerytest.Options{Storage: gcs.URL})
		i := instance(t, s, openTest(t, s), func(t *testing.T) warehouse.Warehouse { return openTest(t, s) })
		i.Object = func(_ *testing.T, name, text string) string { return dropObject(gcs, name, []byte(text)) }
		return i
	}})
}

// TestSuiteStage has the parts at gs:// only; loads of any size go directly
// where they may.
func TestSuiteStage(t *testing.T) {
	warehousetest.Run(t, warehousetest.Subject{Loads: true, New: func(t *testing.T) warehousetest.Instance {
		gcs := gcstest.NewServer(t, gcstest.Options{}, "stage")
		s := bigquerytest.NewServer(t, bigquerytest.Options{Storage: gcs.URL})
		small := func(t *testing.T) *Warehouse {
			w := openTest(t, s, func(c *Config) { c.Stage = "gs://stage/parts" })
			w.directFrom = 0
			return w
		}
		i := instance(t, s, small(t), func(t *testing.T) warehouse.Warehouse { return small(t) })
		i.Part = func(t *testing.T, path string, rows int64) warehouse.Part { return upload(t, gcs, path, rows) }
		return i
	}})
}

// dropObject puts an object into the bucket "drop".
func dropObject(gcs *buckettest.Server, name string, content []byte) string {
	gcs.Put("drop", buckettest.Object{Name: name, Content: content})
	return "gs://drop/" + name
}

// upload puts a file into the bucket "stage".
func upload(t testing.TB, gcs *gcstest.Server, path string, rows int64) warehouse.Part {
	t.Helper()
	p := warehousetest.LocalPart(t, path, rows)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	name := "parts/" + filepath.Base(path)
	gcs.Put("stage", buckettest.Object{Name: name, Content: data})
	p.URL, p.Path = "gs://stage/"+name, ""
	return p
}

package bucket_test

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tapline/config"
	"tapline/exporter"
	"tapline/exporter/bucket"
	"tapline/exporter/exportertest"
	"tapline/objstore"
	"tapline/objstore/buckettest"
	"tapline/objstore/gcstest"
	"tapline/objstore/s3test"
)

// A cloud is a server that speaks the protocol of a store of buckets, and the
// connection to it.
type cloud struct {
	*buckettest.Server
	cfg bucket.Config
}

func newGCS(t *testing.T) cloud {
	srv := gcstest.NewServer(t, gcstest.Options{}, "drops")
	return cloud{srv, bucket.Config{URL: "gs://drops/in", Endpoint: srv.URL, Anonymous: true, Timezone: "Asia/Kolkata"}}
}

func newS3(t *testing.T) cloud {
	srv := s3test.NewServer(t, s3test.Options{}, "drops")
	return cloud{srv, bucket.Config{
		URL: "s3://drops/in", Endpoint: srv.URL, Region: "ap-south-1", Timezone: "Asia/Kolkata",
		AccessKey: config.NewSecret("id"), SecretKey: config.NewSecret("key"),
	}}
}

// fill puts files into the bucket, in the order of their names, so that two
// servers have them in the same generations.
func (c cloud) fill(files map[string]string) cloud {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		c.Put("drops", buckettest.Object{Name: "in/" + name, Content: []byte(files[name]), Created: before})
	}
	return c
}

func (c cloud) open(t *testing.T, batchRows int, sel ...bucket.Selection) *bucket.Source {
	t.Helper()
	o := c.cfg.Objects()
	o.Patience = objstore.Patience{Backoff: time.Millisecond}
	store, err := objstore.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	src, err := bucket.New(c.cfg, sel, bucket.Options{Store: store, BatchRows: batchRows, Now: func() time.Time { return noon }, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// TestClouds: buckets are read like folders, also while one answer in five is
// broken.
func TestClouds(t *testing.T) {
	files := map[string]string{
		"a.csv": table(3000), "b.csv.gz": zipped(t, table(3000)), "none.csv": "", "empty.csv.gz": zipped(t, "id,name\n"),
		"c/" + orders + ".json.gz": zipped(t, goldenJSON), "c/" + orders + ".parquet": exportParquet(t, goldenParquet),
	}
	for name, open := range map[string]func(*testing.T) cloud{"GCS": newGCS, "S3": newS3} {
		t.Run(name, func(t *testing.T) {
			exportertest.Run(t, func(t *testing.T) exportertest.Subject {
				good, bad := open(t).fill(files), open(t).fill(files)
				bad.SetFaults(buckettest.Faults{Rate: 5, Seed: 7})
				all := bucket.Selection{Files: "**", FileColumns: []string{"*"}}
				return exportertest.Subject{
					Source:   good.open(t, 1000, all),
					Window:   exporter.Window{Since: exporter.Day{Year: 2026, Month: 9, Day: 1}, Until: exporter.Day{Year: 2026, Month: 9, Day: 7}},
					Variants: map[string]exporter.Source{"small batches": good.open(t, 99, all)},
					Faulty:   bad.open(t, 1000, all),
				}
			})
		})
	}
}

// TestCloudReplaced: an object that is replaced, before it is read or in the
// middle, is not read; one that was deleted neither.
func TestCloudReplaced(t *testing.T) {
	for name, open := range map[string]func(*testing.T) cloud{"GCS": newGCS, "S3": newS3} {
		t.Run(name, func(t *testing.T) {
			c := open(t).fill(map[string]string{"a.csv": table(100_000)})
			src := c.open(t, 1000, bucket.Selection{Files: "*.csv"})
			sl := slicesOf(t, src, exporter.Window{})[0]
			again := func() { c.Put("drops", buckettest.Object{Name: "in/a.csv", Content: []byte("a\n1\n"), Created: noon}) }

			c.Fail(func(r *http.Request) bool {
				return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "a.csv")
			}, 1,
				buckettest.Fault{Kind: buckettest.Change, After: 1 << 20, Do: again})
			if err := readErr(t, src, sl); !errors.Is(err, exporter.ErrReplaced) || !strings.Contains(err.Error(), "a.csv") {
				t.Errorf("in the middle: error %v, want %v", err, exporter.ErrReplaced)
			}
			if err := readErr(t, src, sl); !errors.Is(err, exporter.ErrReplaced) {
				t.Errorf("before: error %v, want %v", err, exporter.ErrReplaced)
			}
			sl = slicesOf(t, src, exporter.Window{})[0]
			if err := c.Remove("drops", "in/a.csv", nil); err != nil {
				t.Fatal(err)
			}
			if err := readErr(t, src, sl); !errors.Is(err, exporter.ErrReplaced) {
				t.Errorf("deleted: error %v, want %v", err, exporter.ErrReplaced)
			}
		})
	}
}

// TestCloudCheck: what is wrong with a connection is told apart.
func TestCloudCheck(t *testing.T) {
	for name, open := range map[string]func(*testing.T) cloud{"GCS": newGCS, "S3": newS3} {
		t.Run(name, func(t *testing.T) {
			c := open(t)
			if err := c.open(t, 0).Check(t.Context()); err != nil {
				t.Errorf("an empty bucket: %v", err)
			}
			c.cfg.URL = strings.Replace(c.cfg.URL, "drops", "others", 1)
			if err := c.open(t, 0).Check(t.Context()); !errors.Is(err, exporter.ErrUnauthorized) || !strings.Contains(err.Error(), "others") {
				t.Errorf("no bucket: %v, want %v", err, exporter.ErrUnauthorized)
			}
			c.cfg.URL = strings.Replace(c.cfg.URL, "others", "drops", 1)
			c.SetFaults(buckettest.Faults{Rate: 1, Kinds: []buckettest.Fault{{Kind: buckettest.Refused, Text: "no"}}})
			if err := c.open(t, 0).Check(t.Context()); !errors.Is(err, exporter.ErrUnauthorized) {
				t.Errorf("refused: %v, want %v", err, exporter.ErrUnauthorized)
			}
		})
	}
}

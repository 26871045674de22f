package bucket_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"tapline/exporter"
	"tapline/exporter/bucket"
	"tapline/objstore"
	"tapline/objstore/buckettest"
)

// Content that differs from the store's checksum fails its slice, with words
// that say what to do, and is read again by a later read.
func TestCorruptContent(t *testing.T) {
	for name, c := range map[string]cloud{"gs": newGCS(t), "s3": newS3(t)} {
		t.Run(name, func(t *testing.T) {
			c.fill(map[string]string{"a.csv": "id,name\n1,a\n2,b\n"})
			src := c.open(t, 100, bucket.Selection{Files: "*.csv"})
			streams, err := src.Streams(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			slices, err := src.Slices(t.Context(), streams[0], exporter.Window{})
			if err != nil || len(slices) != 1 {
				t.Fatalf("%v, %d slices", err, len(slices))
			}
			c.Fail(isContent, 1, buckettest.Fault{Kind: buckettest.Corrupt, After: 14})
			_, err = drainAll(t, src, slices[0])
			if !errors.Is(err, exporter.ErrContent) || !errors.Is(err, objstore.ErrCorrupt) {
				t.Fatalf("Read gives %v", err)
			}
			for _, want := range []string{"a.csv", "differs from its checksum", "the next run reads it again"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in %v", want, err)
				}
			}
			if rows, err := drainAll(t, src, slices[0]); err != nil || rows != 2 {
				t.Errorf("read again: %d rows, %v", rows, err)
			}
		})
	}
}

// isContent matches requests for an object's content.
func isContent(q *http.Request) bool {
	return q.Method == http.MethodGet && (q.URL.Query().Get("alt") == "media" || strings.HasSuffix(q.URL.Path, ".csv") && !strings.Contains(q.URL.Path, "/o/"))
}

// drainAll reads a slice to its end.
func drainAll(t *testing.T, src *bucket.Source, s exporter.Slice) (rows int64, err error) {
	t.Helper()
	for b, err := range src.Read(t.Context(), s, "") {
		if err != nil {
			return rows, err
		}
		rows += b.Rows
	}
	return rows, nil
}

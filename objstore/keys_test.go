package objstore_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/objstore"
	"tapline/objstore/buckettest"
	"tapline/objstore/gcstest"
)

// TestOddKeys: buckets hold names that Put would not make. Each is read as it
// is, and none is taken for another.
func TestOddKeys(t *testing.T) {
	odd := []string{
		"a//b", "a/b", "/lead", "lead", "x/../y", "y", "./c", "c", "trail/", "q?x=1", "q", "h#1", "h",
		"p%2Fq", "p/q", "s+t", "s t", "e\u0301", "\u00e9", "../up",
		strings.Repeat("k", 1024),
	}
	clouds(t, hasty, func(t *testing.T, c cloud) {
		for _, key := range odd {
			c.Server.Put("bucket", buckettest.Object{Name: key, Content: []byte("of " + key)})
		}
		c.Server.Put("bucket", buckettest.Object{Name: "drawn/folder/"})
		var got []string
		for o, err := range c.store.List(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, o.Name)
			b, err := c.read(t.Context(), o, 0)
			if err != nil || string(b) != "of "+o.Name {
				t.Errorf("read %q and %v from %q", b, err, o.Name)
			}
		}
		if diff := cmp.Diff(slices.Sorted(slices.Values(odd)), got); diff != "" {
			t.Errorf("List (-want +got):\n%s", diff)
		}
	})
}

// TestPrefixIsAFolder: a store at "some/folder" sees nothing of "some/folder2".
func TestPrefixIsAFolder(t *testing.T) {
	for _, url := range []string{"gs://bucket/some/folder", "gs://bucket/some/folder/"} {
		srv := gcstest.NewServer(t, gcstest.Options{}, "bucket")
		for _, key := range []string{"some/folder/a", "some/folder2", "some/folder", "some/folder/"} {
			srv.Put("bucket", buckettest.Object{Name: key, Content: []byte("x")})
		}
		var urls []string
		for o, err := range bucketStore(t, srv, objstore.Config{URL: url}).List(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			urls = append(urls, o.URL)
		}
		if diff := cmp.Diff([]string{"gs://bucket/some/folder/a"}, urls); diff != "" {
			t.Errorf("%s: List (-want +got):\n%s", url, diff)
		}
	}
}

// TestListOfOverlappingPages: a page that repeats part of the one before.
func TestListOfOverlappingPages(t *testing.T) {
	pages := map[string]string{
		"":  `{"items":[{"name":"a","size":"1"},{"name":"b","size":"1"}],"nextPageToken":"2"}`,
		"2": `{"items":[{"name":"b","size":"1"},{"name":"c","size":"1"}]}`,
	}
	url := serve(t, foreign{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, pages[r.URL.Query().Get("pageToken")])
	}), "application/json"}, buckettest.Faults{})
	var got []string
	for o, err := range opened(t, objstore.Config{URL: "gs://bucket", Endpoint: url}).List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, o.Name)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
}

// TestListWithoutOrder: what is not in order may hide names, so it is refused.
func TestListWithoutOrder(t *testing.T) {
	url := serve(t, foreign{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<ListBucketResult><Contents><Key>b</Key><Size>1</Size></Contents>`+
			`<Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>`)
	}), "application/xml"}, buckettest.Faults{})
	c := s3Keys
	c.URL, c.Endpoint = "s3://bucket", url
	var last error
	for _, err := range opened(t, c).List(t.Context(), "") {
		last = err
	}
	if last == nil || !strings.Contains(last.Error(), "without order") {
		t.Errorf("List = %v, want that there is no order", last)
	}
}

// TestReadOfEncoded: what was uploaded with Content-Encoding: gzip comes as it
// is stored, so that sizes and offsets fit.
func TestReadOfEncoded(t *testing.T) {
	clouds(t, hasty, func(t *testing.T, c cloud) {
		const packed = "\x1f\x8b not really packed, and longer than nothing"
		c.Server.Put("bucket", buckettest.Object{Name: "a", Content: []byte(packed), Encoding: "gzip"})
		for _, offset := range []int64{0, 7} {
			b, err := c.read(t.Context(), objstore.Object{Name: "a"}, offset)
			if err != nil || string(b) != packed[offset:] {
				t.Errorf("from %d: %q and %v", offset, b, err)
			}
		}
	})
}

package objstore_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tapline/objstore"
	"tapline/objstore/buckettest"
	"tapline/objstore/gcstest"
	"tapline/objstore/objstoretest"
)

// hasty waits long enough for loopback, and not longer.
var hasty = objstore.Patience{Retry: 20 * time.Second, Idle: 2 * time.Second, Backoff: time.Millisecond}

func TestGCS(t *testing.T) {
	objstoretest.Run(t, func(t *testing.T) objstoretest.Subject {
		srv := gcstest.NewServer(t, gcstest.Options{}, "bucket")
		return bucketSubject(t, srv, objstore.Config{URL: "gs://bucket/some/folder"})
	})
}

func TestGCSUnderFaults(t *testing.T) {
	objstoretest.Run(t, func(t *testing.T) objstoretest.Subject {
		srv := gcstest.NewServer(t, gcstest.Options{}, "bucket")
		srv.SetFaults(buckettest.Faults{Rate: 5, Seed: 7})
		s := bucketSubject(t, srv, objstore.Config{URL: "gs://bucket"})
		s.Many = 1500
		return s
	})
}

func bucketSubject(t *testing.T, srv *buckettest.Server, c objstore.Config) objstoretest.Subject {
	_, prefix, _ := strings.Cut(strings.SplitN(c.URL, "://", 2)[1], "/")
	if prefix != "" {
		prefix += "/"
	}
	return objstoretest.Subject{
		Store: bucketStore(t, srv, c),
		Fill: func(t *testing.T, at time.Time, names ...string) {
			for _, name := range names {
				srv.Put("bucket", buckettest.Object{Name: prefix + name, Content: []byte(name), Created: at})
			}
		},
	}
}

func bucketStore(t *testing.T, srv *buckettest.Server, c objstore.Config) objstore.StoreCloser {
	t.Helper()
	c.Endpoint = srv.URL
	return opened(t, c)
}

// reads matches requests for the content of objects.
func reads(r *http.Request) bool {
	return r.Method == http.MethodGet && (r.URL.Query().Get("alt") == "media" || !strings.Contains(r.URL.RawQuery, "list-type"))
}

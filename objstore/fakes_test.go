package objstore_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"tapline/objstore"
	"tapline/objstore/buckettest"
	"tapline/objstore/objstoretest"
)

// foreign puts faults in front of a server of others, so that our stores are
// not judged by our own servers alone.
type foreign struct {
	http.Handler
	content string // type of its errors
}

// Refuse implements buckettest.Protocol.
func (f foreign) Refuse(w http.ResponseWriter, _ *http.Request, status int, _ string) {
	w.Header().Set("Content-Type", f.content)
	w.WriteHeader(status)
}

func serve(t *testing.T, f foreign, faults buckettest.Faults) string {
	srv := buckettest.NewServer(buckettest.NewState(nil), f)
	srv.Run(t)
	srv.SetFaults(faults)
	return srv.URL
}

// TestGCSOfFakeGCSServer: fake-gcs-server does not mind preconditions of reads;
// the store compares the generation of the answer. It looks through all objects
// on each call, so that there are few, on small pages.
func TestGCSOfFakeGCSServer(t *testing.T) {
	many := map[string]int{"Well": 210, "UnderFaults": 110}
	for name, faults := range map[string]buckettest.Faults{"Well": {}, "UnderFaults": {Rate: 5, Seed: 3}} {
		t.Run(name, func(t *testing.T) {
			objstoretest.Run(t, func(t *testing.T) objstoretest.Subject {
				fake, err := fakestorage.NewServerWithOptions(fakestorage.Options{NoListener: true, Writer: io.Discard})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(fake.Stop)
				fake.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: "bucket"})
				return objstoretest.Subject{
					Store: opened(t, objstore.Config{
						URL: "gs://bucket", Endpoint: serve(t, foreign{smallPages(fake.HTTPHandler()), "application/json"}, faults),
					}),
					Many: many[name],
					Fill: func(t *testing.T, at time.Time, names ...string) {
						for _, name := range names {
							fake.CreateObject(fakestorage.Object{
								ObjectAttrs: fakestorage.ObjectAttrs{BucketName: "bucket", Name: name, Created: at},
								Content:     []byte(name),
							})
						}
					},
				}
			})
		})
	}
}

// smallPages has a server list 100 objects at a time, as servers may.
func smallPages(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/o") && !q.Has("maxResults") {
			q.Set("maxResults", "100")
			r.URL.RawQuery = q.Encode()
		}
		h.ServeHTTP(w, r)
	})
}

// clock is a gofakes3.TimeSource that can be set.
type clock struct{ at atomic.Pointer[time.Time] }

func (c *clock) Now() time.Time {
	if at := c.at.Load(); at != nil {
		return *at
	}
	return time.Now()
}

func (c *clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// TestS3OfGofakes3: gofakes3 does not mind If-Match of reads; the store compares
// the ETag of the answer.
func TestS3OfGofakes3(t *testing.T) {
	for name, faults := range map[string]buckettest.Faults{"Well": {}, "UnderFaults": {Rate: 5, Seed: 3}} {
		t.Run(name, func(t *testing.T) {
			objstoretest.Run(t, func(t *testing.T) objstoretest.Subject {
				now := &clock{}
				backend := s3mem.New(s3mem.WithTimeSource(now))
				if err := backend.CreateBucket("bucket"); err != nil {
					t.Fatal(err)
				}
				handler := gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
				c := s3Keys
				c.URL, c.Endpoint = "s3://bucket", serve(t, foreign{handler, "application/xml"}, faults)
				return objstoretest.Subject{
					Store:     opened(t, c),
					ByContent: true,
					Many:      map[string]int{"Well": 2100, "UnderFaults": 1100}[name],
					Fill: func(t *testing.T, at time.Time, names ...string) {
						now.at.Store(&at)
						defer now.at.Store(nil)
						for _, name := range names {
							if _, err := backend.PutObject("bucket", name, map[string]string{}, strings.NewReader(name), int64(len(name)), nil); err != nil {
								t.Fatal(err)
							}
						}
					},
				}
			})
		})
	}
}

func opened(t *testing.T, c objstore.Config) objstore.StoreCloser {
	t.Helper()
	if c.Patience == (objstore.Patience{}) {
		c.Patience = hasty
	}
	s, err := objstore.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

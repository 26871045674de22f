package objstore_test

import (
	"io"
	"testing"

	"tapline/objstore"
	"tapline/objstore/buckettest"
	"tapline/objstore/gcstest"
	"tapline/objstore/s3test"
)

// BenchmarkRead reads a large object over loopback: the servers' own work is in
// it.
func BenchmarkRead(b *testing.B) {
	const size = 128 << 20
	servers := map[string]*buckettest.Server{
		"gs": gcstest.New(gcstest.Options{}, "bucket"), "s3": s3test.New(s3test.Options{}, "bucket"),
	}
	for _, scheme := range []string{"gs", "s3"} {
		b.Run(scheme, func(b *testing.B) {
			srv := servers[scheme]
			srv.Run(b)
			srv.Put("bucket", buckettest.Object{Name: "a", Content: noise(size)})
			c := s3Keys
			c.URL, c.Endpoint = scheme+"://bucket", srv.URL
			s, err := objstore.Open(b.Context(), c)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			b.SetBytes(size)
			for b.Loop() {
				r, err := s.Open(b.Context(), objstore.Object{Name: "a"}, 0)
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, make([]byte, 1<<18)); n != size || err != nil {
					b.Fatal(n, err)
				}
				r.Close()
			}
		})
	}
}

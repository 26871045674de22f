package objstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"tapline/objstore"
	"tapline/objstore/buckettest"
	"tapline/objstore/gcstest"
	"tapline/objstore/s3test"
)

// A cloud is one of the bucket stores with a server of its own.
type cloud struct {
	*buckettest.Server
	store objstore.StoreCloser
}

// clouds runs a test against each bucket store.
func clouds(t *testing.T, p objstore.Patience, test func(t *testing.T, c cloud)) {
	t.Helper()
	t.Run("gs", func(t *testing.T) {
		srv := gcstest.NewServer(t, gcstest.Options{}, "bucket")
		test(t, cloud{srv, bucketStore(t, srv, objstore.Config{URL: "gs://bucket", Patience: p})})
	})
	t.Run("s3", func(t *testing.T) {
		srv := s3test.NewServer(t, s3test.Options{}, "bucket")
		c := s3Keys
		c.URL, c.Patience = "s3://bucket", p
		test(t, cloud{srv, bucketStore(t, srv, c)})
	})
}

func (c cloud) object(t *testing.T, name string, content []byte) objstore.Object {
	t.Helper()
	c.Server.Put("bucket", buckettest.Object{Name: name, Content: content})
	for o, err := range c.store.List(t.Context(), name) {
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	t.Fatalf("%s is not listed", name)
	return objstore.Object{}
}

func (c cloud) read(ctx context.Context, o objstore.Object, offset int64) ([]byte, error) {
	r, err := c.store.Open(ctx, o, offset)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{2}).Read(b) // it never fails
	return b
}

func TestReadSurvives(t *testing.T) {
	quick := hasty
	quick.Idle = 100 * time.Millisecond
	content := noise(300_000)
	for _, f := range []buckettest.Fault{
		{Kind: buckettest.Unavailable}, {Kind: buckettest.ServerError}, {Kind: buckettest.TooMany},
		{Kind: buckettest.Reset}, {Kind: buckettest.Cut}, {Kind: buckettest.Cut, After: 1},
		{Kind: buckettest.Cut, After: 123_456}, {Kind: buckettest.Short}, {Kind: buckettest.Short, After: 299_999},
		{Kind: buckettest.Stall}, {Kind: buckettest.Stall, After: 200_000}, {Kind: buckettest.LostAnswer},
	} {
		t.Run(fmt.Sprintf("%s after %d", f.Kind, f.After), func(t *testing.T) {
			clouds(t, quick, func(t *testing.T, c cloud) {
				o := c.object(t, "a", content)
				for _, offset := range []int64{0, 77_777} {
					c.Fail(reads, 2, f)
					got, err := c.read(t.Context(), o, offset)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(got, content[offset:]) {
						t.Errorf("from %d: %d bytes, not those of the object", offset, len(got))
					}
				}
			})
		})
	}
}

// TestReadUnderFaults: with one answer in five broken, all of a large object
// arrives.
func TestReadUnderFaults(t *testing.T) {
	content := noise(3 << 20)
	clouds(t, hasty, func(t *testing.T, c cloud) {
		o := c.object(t, "a", content)
		for seed := range uint64(20) {
			c.SetFaults(buckettest.Faults{Rate: 5, Seed: seed})
			for _, o := range []objstore.Object{o, {Name: "a"}} {
				got, err := c.read(t.Context(), o, 0)
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				if !bytes.Equal(got, content) {
					t.Fatalf("seed %d: %d bytes, not those of the object", seed, len(got))
				}
			}
		}
	})
}

// TestReadOfChanged: what is replaced or deleted while it is read is never
// mixed and never ends early.
func TestReadOfChanged(t *testing.T) {
	old := noise(400_000)
	clouds(t, hasty, func(t *testing.T, c cloud) {
		for name, change := range map[string]func(){
			"replaced": func() {
				c.Server.Put("bucket", buckettest.Object{Name: "a", Content: bytes.Repeat([]byte("x"), len(old))})
			},
			"deleted": func() { _ = c.Server.Remove("bucket", "a", nil) },
		} {
			t.Run(name, func(t *testing.T) {
				o := c.object(t, "a", old)
				c.Fail(reads, 1, buckettest.Fault{Kind: buckettest.Change, After: 100_000, Do: change})
				got, err := c.read(t.Context(), o, 0)
				if !errors.Is(err, objstore.ErrChanged) {
					t.Errorf("read %d bytes and %v, want ErrChanged", len(got), err)
				}
				if !bytes.HasPrefix(old, got) {
					t.Error("read a mixture")
				}
			})
		}
	})
}

func TestReadOfCorrupt(t *testing.T) {
	clouds(t, hasty, func(t *testing.T, c cloud) {
		o := c.object(t, "a", noise(100_000))
		c.Fail(reads, 1, buckettest.Fault{Kind: buckettest.Corrupt, After: 50_000})
		if _, err := c.read(t.Context(), o, 0); !errors.Is(err, objstore.ErrCorrupt) {
			t.Errorf("read = %v, want ErrCorrupt", err)
		}
		if _, err := c.read(t.Context(), o, 0); err != nil {
			t.Errorf("read again = %v", err)
		}
	})
}

// TestReadGivesUp: patience ends, with the place in the error.
func TestReadGivesUp(t *testing.T) {
	short := objstore.Patience{Retry: 50 * time.Millisecond, Idle: 200 * time.Millisecond, Backoff: time.Millisecond}
	for _, f := range []buckettest.Fault{
		{Kind: buckettest.Unavailable}, {Kind: buckettest.Reset}, {Kind: buckettest.Cut},
		{Kind: buckettest.Stall}, {Kind: buckettest.Stall, After: 1000},
	} {
		t.Run(fmt.Sprintf("%s after %d", f.Kind, f.After), func(t *testing.T) {
			clouds(t, short, func(t *testing.T, c cloud) {
				o := c.object(t, "a", noise(100_000))
				c.Fail(nil, -1, f)
				start := time.Now()
				_, err := c.read(t.Context(), o, 0)
				if !errors.Is(err, objstore.ErrUnreachable) || !strings.Contains(err.Error(), "://bucket/a") {
					t.Errorf("read = %v, want ErrUnreachable and the object's URL", err)
				}
				if took := time.Since(start); took > 5*time.Second {
					t.Errorf("gave up after %s", took)
				}
				for _, err := range c.store.List(t.Context(), "") {
					if f.After == 0 && !errors.Is(err, objstore.ErrUnreachable) {
						t.Errorf("List = %v, want ErrUnreachable", err)
					}
				}
				if f.Kind != buckettest.Unavailable && f.Kind != buckettest.Reset {
					return // some answers to a write have no body to break
				}
				if _, err := c.store.Put(t.Context(), "b", objstore.Precondition{}, content("x")); !errors.Is(err, objstore.ErrUnreachable) {
					t.Errorf("Put = %v, want ErrUnreachable", err)
				}
			})
		})
	}
}

// writes matches requests that make an object.
func writes(r *http.Request) bool {
	return r.Method == http.MethodPut || r.Method == http.MethodPost && !strings.Contains(r.URL.RawQuery, "uploads")
}

// TestPutOfLostAnswer: a write that took effect is no failure, and one that was
// made twice no broken precondition.
func TestPutOfLostAnswer(t *testing.T) {
	for _, f := range []buckettest.Fault{
		{Kind: buckettest.LostAnswer}, {Kind: buckettest.Cut}, {Kind: buckettest.Short, After: 10},
		{Kind: buckettest.ServerError}, {Kind: buckettest.Reset}, {Kind: buckettest.Unavailable},
	} {
		sizes := []int{10}
		if f.Kind == buckettest.LostAnswer || f.Kind == buckettest.Reset {
			sizes = append(sizes, 18<<20) // several requests
		}
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s of %d", f.Kind, size), func(t *testing.T) {
				body := noise(size)
				clouds(t, hasty, func(t *testing.T, c cloud) {
					c.Fail(writes, 1, f)
					o, err := c.store.Put(t.Context(), "a", objstore.Precondition{Absent: true}, write(body))
					if err != nil {
						t.Fatal(err)
					}
					c.Fail(writes, 1, f)
					if o, err = c.store.Put(t.Context(), "a", objstore.Precondition{Generation: o.Generation}, write(body[:size/2])); err != nil {
						t.Fatal(err)
					}
					got, err := c.read(t.Context(), o, 0)
					if err != nil || !bytes.Equal(got, body[:size/2]) {
						t.Errorf("read %d bytes and %v", len(got), err)
					}
				})
			})
		}
	}
}

// TestPutInDoubt: what cannot be known is not said.
func TestPutInDoubt(t *testing.T) {
	clouds(t, hasty, func(t *testing.T, c cloud) {
		c.object(t, "a", []byte("another's"))
		c.Fail(writes, 1, buckettest.Fault{Kind: buckettest.LostAnswer})
		_, err := c.store.Put(t.Context(), "a", objstore.Precondition{Absent: true}, content("mine"))
		if err == nil || !strings.Contains(err.Error(), "not known") {
			t.Errorf("Put = %v, want that it is not known", err)
		}
	})
}

func write(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}
}

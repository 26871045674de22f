package objstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"strconv"
	"time"

	"cloud.google.com/go/storage"
	"github.com/googleapis/gax-go/v2"
)

const (
	// gcsChunk is how much of an upload is in memory, to be sent again.
	gcsChunk = 8 << 20
	// gcsSmall is what a small object may have: it is sent in one request, and
	// the client, which sets a whole chunk aside for every upload, less.
	gcsSmall = 256 << 10
	// putKey is metadata that tells one Put's object from all others.
	putKey = "tapline-put"
)

// Put implements Store. What is written streams to Google, which shows it when
// it is complete. Rights: storage.objects.create, and .delete to replace.
func (g *GCS) Put(ctx context.Context, name string, when Precondition, write func(io.Writer) error) (Object, error) {
	if err := writable(name); err != nil {
		return Object{}, fmt.Errorf("objstore: put: %w", err)
	}
	o, err := g.put(ctx, name, when, write)
	if err != nil {
		return Object{}, fmt.Errorf("objstore: put %s: %w", g.url(name), err)
	}
	return o, nil
}

func (g *GCS) put(ctx context.Context, name string, when Precondition, write func(io.Writer) error) (Object, error) {
	if err := ctx.Err(); err != nil {
		return Object{}, err
	}
	handle, doubt, err := g.target(name, when)
	if err != nil {
		return Object{}, err
	}
	// Closing the writer publishes what it was given; only a context that is
	// done keeps it from that.
	upload, cancel := context.WithCancel(ctx)
	defer cancel()
	w := handle.NewWriter(upload)
	w.ChunkRetryDeadline = g.patience.Retry
	mine := rand.Text()
	w.Metadata = map[string]string{putKey: mine}
	sink := &gcsSink{w: w, sum: crc32.New(castagnoli)}
	if err := write(sink); err != nil || sink.err != nil || ctx.Err() != nil {
		cancel()
		if sink.begun {
			_ = w.Close() // waits for the upload's end; its error is the cancellation
		}
		switch {
		case ctx.Err() != nil:
			return Object{}, errors.Join(ctx.Err(), err)
		case sink.err != nil:
			return Object{}, g.unwritten(ctx, sink.err)
		}
		return Object{}, err
	}
	if err := sink.finish(); err != nil {
		return g.settle(ctx, name, sink, mine, *doubt, err)
	}
	return g.compare(name, w.Attrs(), sink)
}

// target is the object to write to, and whether a try of the write has failed
// so that it may have taken effect. A write may be tried again even without a precondition: it replaces
// whatever is there, if need be its own first try.
func (g *GCS) target(name string, when Precondition) (*storage.ObjectHandle, *bool, error) {
	h := g.bucket.Object(g.key(name))
	switch {
	case when.Absent:
		h = h.If(storage.Conditions{DoesNotExist: true})
	case when.Generation != "":
		gen, err := strconv.ParseInt(when.Generation, 10, 64)
		if err != nil || gen <= 0 {
			return nil, nil, ErrPrecondition // a generation of another store
		}
		h = h.If(storage.Conditions{GenerationMatch: gen})
	}
	doubt := new(bool)
	var since time.Time // of the first failure since the last success
	return h.Retryer(
		storage.WithPolicy(storage.RetryAlways),
		storage.WithBackoff(gax.Backoff{Initial: g.patience.Backoff, Max: longestPause, Multiplier: 2}),
		storage.WithErrorFunc(func(err error) bool {
			again := gcsTransient(err)
			switch {
			case err == nil:
				since = time.Time{}
			case since.IsZero():
				since = time.Now()
			}
			*doubt = *doubt || again && !gcsRefused(err)
			return again && time.Since(since) < g.patience.Retry
		}),
	), doubt, nil
}

// settle decides what became of a write that ended in an error. The answer to a
// try that took effect may be lost; the next then finds the precondition
// broken, by ourselves.
func (g *GCS) settle(ctx context.Context, name string, sink *gcsSink, mine string, doubt bool, err error) (Object, error) {
	err = g.unwritten(ctx, err)
	refused := errors.Is(err, ErrPrecondition)
	if ctx.Err() != nil || errors.Is(err, ErrUnauthorized) || errors.Is(err, ErrNoBucket) || refused && !doubt {
		return Object{}, err
	}
	a, statErr := g.bucket.Object(g.key(name)).Attrs(ctx)
	switch {
	case statErr == nil && a.Metadata[putKey] == mine:
		return g.compare(name, a, sink)
	case refused:
		// Another may have replaced it between our tries, or before them.
		return Object{}, fail("the answer was lost, and the object is another's now: whether it was written is not known", ErrUnreachable)
	}
	return Object{}, err
}

func (g *GCS) unwritten(ctx context.Context, err error) error {
	err = g.explain(ctx, err, "storage.objects.create (and storage.objects.delete, to replace one)")
	if errors.Is(err, ErrUnauthorized) {
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	return err
}

// compare makes sure that Google has what was written.
func (g *GCS) compare(name string, a *storage.ObjectAttrs, sink *gcsSink) (Object, error) {
	if a.Size != sink.n || a.CRC32C != sink.sum.Sum32() {
		return Object{}, fail(fmt.Sprintf("%d bytes with crc32c %08x were sent, %d with %08x arrived",
			sink.n, sink.sum.Sum32(), a.Size, a.CRC32C), ErrCorrupt)
	}
	return g.object(name, a), nil
}

// gcsSink hides everything of the writer but Write, counts, and remembers the
// store's own error, whatever an encoder makes of it. It begins the upload when
// the object is no small one any more.
type gcsSink struct {
	w     *storage.Writer
	sum   hash.Hash32
	n     int64
	small []byte // what was written, until the upload begins
	begun bool
	err   error
}

func (s *gcsSink) Write(p []byte) (int, error) {
	s.sum.Write(p)
	s.n += int64(len(p))
	if !s.begun {
		if len(s.small)+len(p) <= gcsSmall {
			s.small = append(s.small, p...)
			return len(p), nil
		}
		if s.err = s.begin(gcsChunk); s.err != nil {
			return 0, s.err
		}
	}
	n, err := s.w.Write(p)
	if err != nil {
		s.err = err
	}
	return n, err
}

func (s *gcsSink) begin(chunk int) error {
	s.begun = true
	s.w.ChunkSize = chunk
	_, err := s.w.Write(s.small)
	s.small = nil
	return err
}

// finish publishes the object.
func (s *gcsSink) finish() error {
	if !s.begun {
		if err := s.begin(gcsSmall); err != nil {
			return err
		}
	}
	return s.w.Close()
}

// Remove implements Store. Right: storage.objects.delete.
func (g *GCS) Remove(ctx context.Context, names ...string) error {
	for _, name := range names {
		if err := readable(name); err != nil {
			return fmt.Errorf("objstore: remove: %w", err)
		}
		err := g.bucket.Object(g.key(name)).Retryer(storage.WithPolicy(storage.RetryAlways)).Delete(ctx)
		if err == nil {
			continue
		}
		if err := g.explain(ctx, err, "storage.objects.delete"); !errors.Is(err, ErrNotExist) {
			return fmt.Errorf("objstore: remove %s: %w", g.url(name), err)
		}
	}
	return nil
}

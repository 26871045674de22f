package bucket

import (
	"context"
	"io"
	"sync"

	"tapline/exporter"
	"tapline/objstore"
)

// keepSize is how much of the start of an object is kept for who opens it again.
const keepSize = 256 << 10

// An object opens one generation of an object, for unpacking and then for
// reading: the start, which is first looked at and then read, is fetched once.
// It is safe for concurrent use.
type object struct {
	s *Source
	o objstore.Object

	mu     sync.Mutex
	looked bool  // the start was opened before
	kept   *head // ready for who opens the start next
}

func (s *Source) object(sl exporter.Slice) *object {
	o := objstore.Object{Name: sl.Name, Generation: sl.Revision, Size: -1}
	if sl.Object != nil {
		o.Size, o.Checksum, o.Updated = sl.Object.Size, sl.Object.Checksum, sl.Object.Updated
	}
	return &object{s: s, o: o}
}

// open reads the object from the offset. Errors are a *storeError.
func (ob *object) open(ctx context.Context, offset int64) (io.ReadCloser, error) {
	ob.mu.Lock()
	defer ob.mu.Unlock()
	if k := ob.kept; k != nil && offset == 0 {
		ob.kept = nil
		return &rest{k}, nil
	}
	r, err := ob.s.store.Open(ctx, ob.o, offset)
	if err != nil {
		return nil, ob.s.failed("open "+ob.o.Name, err)
	}
	m := &marked{r, func(err error) error { return ob.s.failed("read "+ob.o.Name, err) }}
	if offset > 0 || ob.looked {
		return m, nil
	}
	ob.looked = true
	return &head{marked: m, ob: ob}, nil
}

// close lets go of what nobody came back for.
func (ob *object) close() {
	ob.mu.Lock()
	defer ob.mu.Unlock()
	if ob.kept != nil {
		ob.kept.marked.Close()
		ob.kept = nil
	}
}

// A head reads an object from its start and remembers what it has read. Closed
// early, it stays open for the next.
type head struct {
	*marked
	ob   *object
	read []byte
	long bool // more was read than is remembered
}

func (h *head) Read(p []byte) (int, error) {
	n, err := h.marked.Read(p)
	if h.long = h.long || len(h.read)+n > keepSize; h.long {
		h.read = nil
	} else {
		h.read = append(h.read, p[:n]...)
	}
	return n, err
}

func (h *head) Close() error {
	h.ob.mu.Lock()
	defer h.ob.mu.Unlock()
	if h.long || h.ob.kept != nil {
		return h.marked.Close()
	}
	h.ob.kept = h
	return nil
}

// A rest gives what its head has read, and what follows.
type rest struct{ h *head }

func (r *rest) Read(p []byte) (int, error) {
	if len(r.h.read) == 0 {
		return r.h.marked.Read(p)
	}
	n := copy(p, r.h.read)
	r.h.read = r.h.read[n:]
	return n, nil
}

func (r *rest) Close() error { return r.h.marked.Close() }

// A marked reader gives its errors the sentinels of package exporter.
type marked struct {
	io.ReadCloser
	mark func(error) error
}

func (r *marked) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = r.mark(err)
	}
	return n, err
}

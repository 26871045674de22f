package loader_test

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"tapline/objstore"
)

// A shelf is a stage in memory.
type shelf struct {
	mu      sync.Mutex
	objects map[string]stored
	puts    int
	remote  bool // its objects have no path
}

type stored struct {
	objstore.Object
	data []byte
}

func newShelf() *shelf { return &shelf{objects: map[string]stored{}} }

func (s *shelf) List(_ context.Context, prefix string) iter.Seq2[objstore.Object, error] {
	return func(yield func(objstore.Object, error) bool) {
		s.mu.Lock()
		names := slices.Sorted(maps.Keys(s.objects))
		s.mu.Unlock()
		for _, n := range names {
			s.mu.Lock()
			o, ok := s.objects[n]
			s.mu.Unlock()
			if ok && strings.HasPrefix(n, prefix) && !yield(o.Object, nil) {
				return
			}
		}
	}
}

func (s *shelf) Open(ctx context.Context, o objstore.Object, offset int64) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	have, ok := s.objects[o.Name]
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case !ok:
		return nil, objstore.ErrNotExist
	case o.Generation != "" && o.Generation != have.Generation:
		return nil, objstore.ErrChanged
	}
	return io.NopCloser(bytes.NewReader(have.data[offset:])), nil
}

func (s *shelf) Put(ctx context.Context, name string, when objstore.Precondition, write func(io.Writer) error) (objstore.Object, error) {
	var b bytes.Buffer
	if err := cmp.Or(ctx.Err(), write(&b)); err != nil {
		return objstore.Object{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	have, ok := s.objects[name]
	if when.Absent && ok || when.Generation != "" && when.Generation != have.Generation {
		return objstore.Object{}, objstore.ErrPrecondition
	}
	s.puts++
	o := objstore.Object{Name: name, Size: int64(b.Len()), Generation: strconv.Itoa(s.puts)}
	if !s.remote {
		o.Path = "/memory/" + name
	}
	s.objects[name] = stored{o, b.Bytes()}
	return o, nil
}

func (s *shelf) Remove(_ context.Context, names ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range names {
		delete(s.objects, n)
	}
	return nil
}

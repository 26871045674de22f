package format_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"tapline/exporter/format"
)

// A source counts what is done to it.
type source struct {
	io.Reader
	reads  atomic.Int64
	closed atomic.Bool
}

func (s *source) Read(b []byte) (int, error) {
	if s.closed.Load() {
		return 0, errors.New("read after it was closed")
	}
	s.reads.Add(1)
	return s.Reader.Read(b)
}

func (s *source) Close() error {
	s.closed.Store(true)
	return errClosed
}

func (s *source) Place(offset int64) format.Place { return format.Place{Offset: offset, Packed: 7} }

var (
	errClosed = errors.New("closed")
	errBroken = errors.New("broken")
)

// TestAhead: what is read ahead is what was there, up to the error.
func TestAhead(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, 256<<10 - 1, 256 << 10, 256<<10 + 1, 3 << 20} {
		want := make([]byte, size)
		for i := range want {
			want[i] = byte(r.Uint32())
		}
		for name, in := range map[string]io.Reader{
			"whole":          bytes.NewReader(want),
			"in pieces":      iotest.HalfReader(bytes.NewReader(want)),
			"with the error": iotest.DataErrReader(bytes.NewReader(want)),
			"broken":         io.MultiReader(bytes.NewReader(want), iotest.ErrReader(errBroken)),
		} {
			s := &source{Reader: in}
			a := format.Ahead(s)
			got, err := io.ReadAll(iotest.OneByteReader(io.LimitReader(a, 3)))
			rest, restErr := io.ReadAll(a)
			if got = append(got, rest...); !bytes.Equal(got, want) || err != nil && !errors.Is(err, errBroken) {
				t.Errorf("%d bytes %s: got %d, error %v", size, name, len(got), err)
			}
			if broken := name == "broken"; broken != errors.Is(errors.Join(err, restErr), errBroken) {
				t.Errorf("%d bytes %s: error %v", size, name, restErr)
			}
			if n, again := a.Read(make([]byte, 8)); n != 0 || again == nil {
				t.Errorf("%d bytes %s: behind the end: %d, %v", size, name, n, again)
			}
			if p := a.Place(5); p != s.Place(5) {
				t.Errorf("place %v", p)
			}
			if err := a.Close(); !errors.Is(err, errClosed) || !s.closed.Load() {
				t.Errorf("close: %v", err)
			}
		}
	}
}

// endless gives zeros for ever.
type endless struct{}

func (endless) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestAheadStops: nothing is read before it is asked for, only so much ahead,
// and nothing once Close has returned.
func TestAheadStops(t *testing.T) {
	s := &source{Reader: endless{}}
	a := format.Ahead(s)
	if n := s.reads.Load(); n != 0 {
		t.Errorf("%d reads before the first", n)
	}
	if _, err := io.ReadFull(a, make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); !errors.Is(err, errClosed) {
		t.Fatal(err)
	}
	if n := s.reads.Load(); n > 4+3 {
		t.Errorf("%d blocks read for the use of 4", n)
	}
	idle := &source{Reader: endless{}}
	if err := format.Ahead(idle).Close(); !errors.Is(err, errClosed) || idle.reads.Load() != 0 {
		t.Errorf("closed unread: %v, %d reads", err, idle.reads.Load())
	}
}

// TestAheadPanics: a panic of the stream is one of its reader.
func TestAheadPanics(t *testing.T) {
	a := format.Ahead(&source{Reader: nil})
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	_, err := a.Read(make([]byte, 1))
	t.Errorf("read without a reader: %v", err)
}

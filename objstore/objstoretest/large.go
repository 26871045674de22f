package objstoretest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tapline/objstore"
)

// large is more than stores send in one piece.
const large = 21<<20 + 12_345

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b) // it never fails
	return b
}

func putLarge(t *testing.T, s objstore.Store) {
	content := noise(large)
	o, err := s.Put(t.Context(), "large", objstore.Precondition{Absent: true}, pieces(content, nil))
	if err != nil {
		t.Fatal(err)
	}
	if o.Size != large {
		t.Errorf("Put says %d bytes, want %d", o.Size, large)
	}
	for _, offset := range []int64{0, large / 2, large - 1} {
		r, err := s.Open(t.Context(), o, offset)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, content[offset:]) {
			t.Errorf("from %d: %d bytes, not those that were put", offset, len(got))
		}
	}
}

// pieces writes b in pieces of odd sizes and returns err.
func pieces(b []byte, err error) func(io.Writer) error {
	return func(w io.Writer) error {
		for piece := range slices.Chunk(b, 77_777) {
			if _, err := w.Write(piece); err != nil {
				return err
			}
		}
		return err
	}
}

func failedLargeWrite(t *testing.T, s objstore.Store) {
	broken := errors.New("broken")
	_, err := s.Put(t.Context(), "large", objstore.Precondition{}, pieces(noise(large), broken))
	if !errors.Is(err, broken) {
		t.Errorf("Put = %v, want the error of write", err)
	}
	if got := names(t, s, ""); len(got) != 0 {
		t.Errorf("left %q", got)
	}
}

// race lets several write one object at once, only if there is none.
func race(t *testing.T, s objstore.Store) {
	var made atomic.Int32
	var winner atomic.Value
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			content := fmt.Sprintf("writer %d", i)
			_, err := s.Put(t.Context(), "one", objstore.Precondition{Absent: true}, text(content))
			switch {
			case err == nil:
				made.Add(1)
				winner.Store(content)
			case !errors.Is(err, objstore.ErrPrecondition):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 {
		t.Fatalf("%d writers made it, want 1", made.Load())
	}
	if got := read(t, s, objstore.Object{Name: "one"}, 0); got != winner.Load() {
		t.Errorf("read %q, want %q", got, winner.Load())
	}
}

// listMany: however many objects there are, few are in memory.
func listMany(t *testing.T, s Subject) {
	many := s.many()
	want := make([]string, many)
	for i := range want {
		want[i] = fmt.Sprintf("many/%03d/object-%06d.csv.gz", i/1000, i)
	}
	s.Fill(t, time.Now().Add(-time.Hour), want...)
	before, n := heap(), 0
	for o, err := range s.List(t.Context(), "many/") {
		if err != nil {
			t.Fatal(err)
		}
		if n == many || o.Name != want[n] {
			t.Fatalf("object %d is %s", n, o.Name)
		}
		if n++; n == many-many/50 {
			const most = 4 << 20 // less than the names and generations of 20,000 take
			if grown := heap() - before; grown > most {
				t.Errorf("after %d objects %d bytes more are in memory, want at most %d", n, grown, most)
			}
		}
	}
	if n != many {
		t.Errorf("listed %d objects, want %d", n, many)
	}
}

func (s Subject) many() int {
	if s.Many == 0 {
		return 20_000
	}
	return s.Many
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// listOneSecond: times that are equal hide nothing.
func listOneSecond(t *testing.T, s Subject) {
	many := max(100, s.many()/10)
	want := make([]string, many)
	for i := range want {
		want[i] = fmt.Sprintf("object-%04d", i)
	}
	at := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	s.Fill(t, at, want...)
	var got []string
	for _, o := range list(t, s.Store, "") {
		got = append(got, o.Name)
		if !o.Updated.Equal(at) || o.Generation == "" || o.Size == 0 {
			t.Fatalf("listed %+v, want it updated at %s", o, at)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %d objects, not the %d there are", len(got), many)
	}
	if got := read(t, s.Store, objstore.Object{Name: want[many/2]}, 0); got == "" {
		t.Error("an object is empty")
	}
}

package objstoretest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/objstore"
)

var tree = []string{"a", "b-c", "b.d", "b/a", "b/c/d", "b/c.e", "b0", "ba", "c/1", "c/10", "c/2"}

func listOrder(t *testing.T, s objstore.Store) {
	for _, name := range slices.Backward(tree) {
		put(t, s, name, name)
	}
	want := slices.Sorted(slices.Values(tree))
	if diff := cmp.Diff(want, names(t, s, "")); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
}

func listPrefix(t *testing.T, s objstore.Store) {
	for _, name := range tree {
		put(t, s, name, name)
	}
	for prefix, want := range map[string][]string{
		"b":    {"b-c", "b.d", "b/a", "b/c.e", "b/c/d", "b0", "ba"},
		"b/":   {"b/a", "b/c.e", "b/c/d"},
		"b/c":  {"b/c.e", "b/c/d"},
		"b/c/": {"b/c/d"},
		"c/1":  {"c/1", "c/10"},
		"zzz":  nil,
		"z/z/": nil,
		"a/":   nil,
	} {
		if diff := cmp.Diff(want, names(t, s, prefix)); diff != "" {
			t.Errorf("List(%q) (-want +got):\n%s", prefix, diff)
		}
	}
}

func listStops(t *testing.T, s objstore.Store) {
	for _, name := range tree {
		put(t, s, name, name)
	}
	for range s.List(t.Context(), "") {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n := 0
	for _, err := range s.List(ctx, "") {
		if n++; !errors.Is(err, context.Canceled) {
			t.Errorf("List with its context done yielded %v", err)
		}
	}
	if n != 1 {
		t.Errorf("List with its context done yielded %d times, want its error once", n)
	}
}

// swaps counts up in one object from several goroutines at once.
func swaps(t *testing.T, s objstore.Store) {
	put(t, s, "n", "0")
	const workers, each = 4, 15
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				if err := Increment(t.Context(), s, "n"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if got := read(t, s, objstore.Object{Name: "n"}, 0); got != strconv.Itoa(workers*each) {
		t.Errorf("counted %s, want %d", got, workers*each)
	}
}

// Increment adds one to the number that an object holds, by compare-and-swap:
// however many do it at once, none is lost.
func Increment(ctx context.Context, s objstore.Store, name string) error {
	for {
		var at objstore.Object
		for o, err := range s.List(ctx, name) {
			if err != nil {
				return err
			}
			at = o
		}
		n, err := number(ctx, s, at)
		if errors.Is(err, objstore.ErrChanged) {
			continue
		}
		if err != nil {
			return err
		}
		_, err = s.Put(ctx, name, objstore.Precondition{Generation: at.Generation}, text(strconv.Itoa(n+1)))
		if !errors.Is(err, objstore.ErrPrecondition) {
			return err
		}
	}
}

func number(ctx context.Context, s objstore.Store, o objstore.Object) (int, error) {
	r, err := s.Open(ctx, o, 0)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(string(b))
	if err != nil {
		return 0, fmt.Errorf("%s holds no number: %w", o.Name, err)
	}
	return n, nil
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func put(t *testing.T, s objstore.Store, name, content string) objstore.Object {
	t.Helper()
	o, err := s.Put(t.Context(), name, objstore.Precondition{}, text(content))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func read(t *testing.T, s objstore.Store, o objstore.Object, offset int64) string {
	t.Helper()
	r, err := s.Open(t.Context(), o, offset)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func list(t *testing.T, s objstore.Store, prefix string) (all []objstore.Object) {
	t.Helper()
	for o, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

func names(t *testing.T, s objstore.Store, prefix string) (all []string) {
	t.Helper()
	for _, o := range list(t, s, prefix) {
		all = append(all, o.Name)
	}
	return all
}

// Package objstoretest is the suite that every objstore.Store passes.
package objstoretest

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/objstore"
)

// Run tests the store that open returns: an empty one for each call.
func Run(t *testing.T, open func(t *testing.T) objstore.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, objstore.Store)
	}{
		{"PutThenOpen", putThenOpen},
		{"OpenFromOffset", openFromOffset},
		{"OpenErrNotExist", openErrNotExist},
		{"OpenErrChanged", openErrChanged},
		{"OpenReadsOneGeneration", openReadsOneGeneration},
		{"PutOfFailedWriteLeavesNothing", failedWrite},
		{"PutWithContextDoneLeavesNothing", cancelledWrite},
		{"PutOnlyIfAbsent", onlyIfAbsent},
		{"PutOnlyIfGeneration", onlyIfGeneration},
		{"GenerationChangesWithEachWrite", generations},
		{"SwapsDoNotLoseOne", swaps},
		{"ListInNameOrder", listOrder},
		{"ListByPrefix", listPrefix},
		{"ListStops", listStops},
		{"RemoveTwice", removeTwice},
		{"RefusesBadNames", badNames},
		{"OddNames", oddNames},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func putThenOpen(t *testing.T, s objstore.Store) {
	o := put(t, s, "a/b/c.txt", "hello")
	if o.Name != "a/b/c.txt" || o.Size != 5 || o.Generation == "" || o.URL == "" || o.Updated.IsZero() {
		t.Errorf("Put returned %+v", o)
	}
	for _, o := range []objstore.Object{o, {Name: "a/b/c.txt"}} {
		if got := read(t, s, o, 0); got != "hello" {
			t.Errorf("read %q, want hello", got)
		}
	}
	if diff := cmp.Diff([]objstore.Object{o}, list(t, s, "")); diff != "" {
		t.Errorf("List differs from what Put returned (-put +list):\n%s", diff)
	}
}

func openFromOffset(t *testing.T, s objstore.Store) {
	o := put(t, s, "a", "hello")
	for offset, want := range map[int64]string{0: "hello", 3: "lo", 5: ""} {
		if got := read(t, s, o, offset); got != want {
			t.Errorf("from %d: %q, want %q", offset, got, want)
		}
	}
}

func openErrNotExist(t *testing.T, s objstore.Store) {
	put(t, s, "folder/x", "x")
	for _, name := range []string{"nothing", "folder", "folder/nothing", "folder/x/y"} {
		_, err := s.Open(t.Context(), objstore.Object{Name: name}, 0)
		if !errors.Is(err, objstore.ErrNotExist) {
			t.Errorf("Open(%s) = %v, want ErrNotExist", name, err)
		}
	}
}

func openErrChanged(t *testing.T, s objstore.Store) {
	old := put(t, s, "a", "old")
	put(t, s, "a", "new")
	_, err := s.Open(t.Context(), old, 0)
	if !errors.Is(err, objstore.ErrChanged) {
		t.Errorf("Open of the old generation = %v, want ErrChanged", err)
	}
}

// openReadsOneGeneration: a reader gets the old bytes to the end, or an error.
func openReadsOneGeneration(t *testing.T, s objstore.Store) {
	old := strings.Repeat("old", 1<<17)
	o := put(t, s, "a", old)
	r, err := s.Open(t.Context(), o, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	head := make([]byte, 3)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", strings.Repeat("new", 1<<17))
	rest, err := io.ReadAll(r)
	switch {
	case errors.Is(err, objstore.ErrChanged):
	case err != nil:
		t.Fatal(err)
	case string(head)+string(rest) != old:
		t.Error("a reader saw a mixture of two generations")
	}
}

func failedWrite(t *testing.T, s objstore.Store) {
	broken := errors.New("broken")
	half := func(w io.Writer) error {
		_, err := io.WriteString(w, "half")
		return errors.Join(err, broken)
	}
	kept := put(t, s, "kept", "before")
	for _, name := range []string{"kept", "new/one"} {
		if _, err := s.Put(t.Context(), name, objstore.Precondition{}, half); !errors.Is(err, broken) {
			t.Errorf("Put(%s) = %v, want the error of write", name, err)
		}
	}
	if diff := cmp.Diff([]objstore.Object{kept}, list(t, s, "")); diff != "" {
		t.Errorf("a failed Put left its mark (-want +got):\n%s", diff)
	}
}

func cancelledWrite(t *testing.T, s objstore.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.Put(ctx, "a", objstore.Precondition{}, func(w io.Writer) error {
		cancel()
		_, err := io.WriteString(w, "late")
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Put = %v, want context.Canceled", err)
	}
	if got := list(t, s, ""); len(got) != 0 {
		t.Errorf("left %v", got)
	}
}

func onlyIfAbsent(t *testing.T, s objstore.Store) {
	absent := objstore.Precondition{Absent: true}
	if _, err := s.Put(t.Context(), "a", absent, text("one")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), "a", absent, text("two")); !errors.Is(err, objstore.ErrPrecondition) {
		t.Errorf("second Put = %v, want ErrPrecondition", err)
	}
	if got := read(t, s, objstore.Object{Name: "a"}, 0); got != "one" {
		t.Errorf("read %q, want one", got)
	}
}

func onlyIfGeneration(t *testing.T, s objstore.Store) {
	first := put(t, s, "a", "one")
	second, err := s.Put(t.Context(), "a", objstore.Precondition{Generation: first.Generation}, text("two"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Put(t.Context(), "a", objstore.Precondition{Generation: first.Generation}, text("three"))
	if !errors.Is(err, objstore.ErrPrecondition) {
		t.Errorf("Put on the old generation = %v, want ErrPrecondition", err)
	}
	if err := s.Remove(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	_, err = s.Put(t.Context(), "a", objstore.Precondition{Generation: second.Generation}, text("three"))
	if !errors.Is(err, objstore.ErrPrecondition) {
		t.Errorf("Put on what is gone = %v, want ErrPrecondition", err)
	}
}

// generations writes equal sizes as fast as it can: clocks tick slower.
func generations(t *testing.T, s objstore.Store) {
	seen := map[string]int{}
	for i := range 200 {
		g := put(t, s, "a", "same size").Generation
		if j, ok := seen[g]; ok {
			t.Fatalf("writes %d and %d share generation %s", j, i, g)
		}
		seen[g] = i
	}
}

func removeTwice(t *testing.T, s objstore.Store) {
	put(t, s, "a/b", "x")
	put(t, s, "a/c", "x")
	for range 2 {
		if err := s.Remove(t.Context(), "a/b", "never", "a"); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"a/c"}, names(t, s, "")); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

func badNames(t *testing.T, s objstore.Store) {
	for _, name := range []string{"", ".", "..", "/a", "a/", "a//b", "../a", "a/../../b", "a/./b", "a\x00b"} {
		if _, err := s.Put(t.Context(), name, objstore.Precondition{}, text("x")); err == nil {
			t.Errorf("Put(%q) was accepted", name)
		}
		if _, err := s.Open(t.Context(), objstore.Object{Name: name}, 0); err == nil {
			t.Errorf("Open(%q) was accepted", name)
		}
	}
}

func oddNames(t *testing.T, s objstore.Store) {
	odd := []string{"100% #1?.csv", "a b/c\nd", "~", "ünï/日本.gz", `back\slash`}
	for _, name := range odd {
		o := put(t, s, name, name)
		if got := read(t, s, o, 0); got != name {
			t.Errorf("read %q from %q", got, name)
		}
	}
	if got := names(t, s, ""); len(got) != len(odd) {
		t.Errorf("listed %q", got)
	}
}

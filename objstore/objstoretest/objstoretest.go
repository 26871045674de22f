// Package objstoretest is the suite that every objstore.Store passes.
package objstoretest

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tapline/objstore"
)

// A Subject is an empty store to be tested.
type Subject struct {
	objstore.Store
	// Fill makes objects of a few bytes each, updated at the time, faster than
	// Put does. Stores keep whole seconds of the time at least.
	Fill func(t *testing.T, at time.Time, names ...string)
	// Many is how many objects the listing of many lists, ten times those of
	// the listing of one second; 0 = 20,000. For servers that fill slowly.
	Many int
	// ByContent says that writes of equal content may share a generation: it
	// is a hash.
	ByContent bool
}

// Run tests the store that open returns: an empty one for each call.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Subject)
	}{
		{"PutThenOpen", onStore(putThenOpen)},
		{"PutLarge", onStore(putLarge)},
		{"OpenFromOffset", onStore(openFromOffset)},
		{"OpenErrNotExist", onStore(openErrNotExist)},
		{"OpenErrChanged", onStore(openErrChanged)},
		{"OpenErrChangedWhenGone", onStore(openGone)},
		{"OpenReadsOneGeneration", onStore(openReadsOneGeneration)},
		{"OpenWithContextDone", onStore(openCancelled)},
		{"PutOfFailedWriteLeavesNothing", onStore(failedWrite)},
		{"PutLargeOfFailedWriteLeavesNothing", onStore(failedLargeWrite)},
		{"PutWithContextDoneLeavesNothing", onStore(cancelledWrite)},
		{"PutOnlyIfAbsent", onStore(onlyIfAbsent)},
		{"PutOnlyIfGeneration", onStore(onlyIfGeneration)},
		{"GenerationChangesWithEachWrite", generations},
		{"Checksums", onStore(checksums)},
		{"SwapsDoNotLoseOne", onStore(swaps)},
		{"OneOfManyMakesIt", onStore(race)},
		{"ListInNameOrder", onStore(listOrder)},
		{"ListByPrefix", onStore(listPrefix)},
		{"ListStops", onStore(listStops)},
		{"ListManyStreams", listMany},
		{"ListOfOneSecond", listOneSecond},
		{"RemoveTwice", onStore(removeTwice)},
		{"RefusesBadNames", onStore(badNames)},
		{"OddNames", onStore(oddNames)},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func onStore(test func(*testing.T, objstore.Store)) func(*testing.T, Subject) {
	return func(t *testing.T, s Subject) { test(t, s.Store) }
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

// openGone: what was listed and is gone is a change; nothing else is.
func openGone(t *testing.T, s objstore.Store) {
	o := put(t, s, "a", "x")
	if err := s.Remove(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), o, 0); !errors.Is(err, objstore.ErrChanged) {
		t.Errorf("Open of a generation that is gone = %v, want ErrChanged", err)
	}
	if _, err := s.Open(t.Context(), objstore.Object{Name: "a"}, 0); !errors.Is(err, objstore.ErrNotExist) {
		t.Errorf("Open of an object that is gone = %v, want ErrNotExist", err)
	}
}

func openCancelled(t *testing.T, s objstore.Store) {
	o := put(t, s, "a", strings.Repeat("x", 1<<22))
	ctx, cancel := context.WithCancel(t.Context())
	r, err := s.Open(ctx, o, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, context.Canceled) {
		t.Errorf("reading on = %v, want context.Canceled", err)
	}
	if _, err := s.Open(ctx, o, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("Open = %v, want context.Canceled", err)
	}
}

// openReadsOneGeneration: a reader gets the old bytes to the end, or an error.
func openReadsOneGeneration(t *testing.T, s objstore.Store) {
	const times = 1 << 21 // more than connections buffer
	old := strings.Repeat("old", times)
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
	put(t, s, "a", strings.Repeat("new", times))
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
func generations(t *testing.T, s Subject) {
	seen := map[string]int{}
	for i := range 200 {
		content := "same size"
		if s.ByContent {
			content = fmt.Sprintf("same %04d", i)
		}
		g := put(t, s.Store, "a", content).Generation
		if j, ok := seen[g]; ok {
			t.Fatalf("writes %d and %d share generation %s", j, i, g)
		}
		seen[g] = i
	}
}

// checksums: a store need not tell one, but what it tells is right.
func checksums(t *testing.T, s objstore.Store) {
	const content = "hello, checksum"
	told := put(t, s, "a", content).Checksum
	kind, got, _ := strings.Cut(told, ":")
	want := got
	switch kind {
	case "crc32c":
		want = fmt.Sprintf("%08x", crc32.Checksum([]byte(content), crc32.MakeTable(crc32.Castagnoli)))
	case "md5":
		want = fmt.Sprintf("%x", md5.Sum([]byte(content)))
	case "":
	default:
		t.Errorf("Checksum %q is of no known kind", told)
	}
	if got != want {
		t.Errorf("Checksum %s, want %s", told, want)
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
	segment := strings.Repeat("s", 200)
	odd := []string{
		"100% #1?.csv", "a b/c\nd", "~", "ünï/日本.gz", `back\slash`, "a%2Fb", "a+b", "a&b=c;d", "$@:,'\"*<>|",
		"e\u0301.csv", "\u00e9.csv", // one letter, written in two ways: two objects
		"...", "a/...", ".hidden", strings.Join([]string{segment, segment, segment, segment, "end"}, "/"),
	}
	for _, name := range odd {
		o := put(t, s, name, name)
		for _, o := range []objstore.Object{o, {Name: name}} {
			if got := read(t, s, o, 0); got != name {
				t.Errorf("read %q from %q", got, name)
			}
		}
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(odd)), names(t, s, "")); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
	if err := s.Remove(t.Context(), odd...); err != nil {
		t.Fatal(err)
	}
	if got := names(t, s, ""); len(got) != 0 {
		t.Errorf("Remove left %q", got)
	}
}

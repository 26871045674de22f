package objstore_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tapline/objstore"
	"tapline/objstore/objstoretest"
)

const (
	counterDir = "OBJSTORE_TEST_COUNTER_DIR"
	increments = 60
)

// TestMain lets the test binary be the other process of TestLocalTwoProcesses.
func TestMain(m *testing.M) {
	if dir := os.Getenv(counterDir); dir != "" {
		if err := count(dir); err != nil {
			println(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func count(dir string) error {
	s, err := objstore.NewLocal(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	for range increments {
		if err := objstoretest.Increment(context.Background(), s, "n"); err != nil {
			return err
		}
	}
	return nil
}

func TestLocal(t *testing.T) {
	objstoretest.Run(t, func(t *testing.T) objstoretest.Subject {
		dir := t.TempDir()
		return objstoretest.Subject{
			Store: local(t, dir),
			Fill:  func(t *testing.T, at time.Time, names ...string) { fill(t, dir, at, names) },
		}
	})
}

// fill makes one file, and the others links to it: many files take long.
func fill(t *testing.T, dir string, at time.Time, names []string) {
	t.Helper()
	first := filepath.Join(t.TempDir(), "first")
	if err := errors.Join(os.WriteFile(first, []byte("x"), 0o600), os.Chtimes(first, at, at)); err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	for _, name := range names {
		path := filepath.Join(dir, name)
		if folder := filepath.Dir(path); !made[folder] {
			made[folder] = true
			if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Link(first, path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLocalTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	s := local(t, dir)
	if _, err := s.Put(t.Context(), "n", objstore.Precondition{}, content("0")); err != nil {
		t.Fatal(err)
	}
	var children []*exec.Cmd
	for range 2 {
		c := exec.CommandContext(t.Context(), os.Args[0])
		c.Env = append(os.Environ(), counterDir+"="+dir)
		c.Stderr = os.Stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		children = append(children, c)
	}
	for _, c := range children {
		if err := c.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "n"))
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != strconv.Itoa(2*increments) {
		t.Errorf("counted %s, want %d", b, 2*increments)
	}
}

func TestLocalPlaces(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "some where", "stage")
	s := local(t, dir)
	o, err := s.Put(t.Context(), "a/b.parquet", objstore.Precondition{}, content("x"))
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "a", "b.parquet"); o.Path != want {
		t.Errorf("Path %s, want %s", o.Path, want)
	}
	if !strings.HasPrefix(o.URL, "file:///") || !strings.HasSuffix(o.URL, "/some%20where/stage/a/b.parquet") {
		t.Errorf("URL %s", o.URL)
	}
	for path, want := range map[string]fs.FileMode{dir: 0o700, filepath.Join(dir, "a"): 0o700, o.Path: 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
	}
	if err := s.Remove(t.Context(), "a/b.parquet"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the empty folder stayed: %v", err)
	}
}

func TestLocalErrUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := objstore.NewLocal(filepath.Join(file, "stage")); !errors.Is(err, objstore.ErrUnwritable) {
		t.Errorf("NewLocal below a file = %v, want ErrUnwritable", err)
	}
	s := local(t, t.TempDir())
	for _, name := range []string{"a", "a/b"} {
		_, err := s.Put(t.Context(), name, objstore.Precondition{}, content("x"))
		if name == "a/b" && !errors.Is(err, objstore.ErrUnwritable) {
			t.Errorf("Put below an object = %v, want ErrUnwritable", err)
		}
	}
}

func TestLocalStaysInside(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	s := local(t, dir)
	if r, err := s.Open(t.Context(), objstore.Object{Name: "link/secret"}, 0); err == nil {
		r.Close()
		t.Error("Open followed a link out of the store")
	}
	if _, err := s.Put(t.Context(), "link/new", objstore.Precondition{}, content("x")); err == nil {
		t.Error("Put followed a link out of the store")
	}
	for o, err := range s.List(t.Context(), "") {
		t.Errorf("List yields %v %v", o.Name, err)
	}
}

// TestLocalChangedInPlace: other programs do not rename.
func TestLocalChangedInPlace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := os.WriteFile(path, []byte(strings.Repeat("x", 1<<16)), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := local(t, dir).Open(t.Context(), objstore.Object{Name: "a"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("shorter"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); !errors.Is(err, objstore.ErrChanged) {
		t.Errorf("reading on = %v, want ErrChanged", err)
	}
}

func TestLocalLeftovers(t *testing.T) {
	dir := t.TempDir()
	scratch := filepath.Join(dir, ".tapline-tmp")
	if err := os.Mkdir(scratch, 0o700); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-48 * time.Hour)
	for name, at := range map[string]time.Time{"old": old, "young": time.Now(), "lock": old} {
		path := filepath.Join(scratch, name)
		if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	s := local(t, dir)
	for o := range s.List(t.Context(), "") {
		t.Errorf("List yields %s", o.Name)
	}
	for name, want := range map[string]bool{"old": false, "young": true, "lock": true} {
		_, err := os.Stat(filepath.Join(scratch, name))
		if got := err == nil; got != want {
			t.Errorf("%s is there: %t, want %t", name, got, want)
		}
	}
}

func local(t *testing.T, dir string) *objstore.Local {
	t.Helper()
	s, err := objstore.NewLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func content(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

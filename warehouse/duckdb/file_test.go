//go:build cgo

package duckdb

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"tapline/warehouse"
)

// Files that do not open say what to do about it, and stay as they are.
func TestUnreachable(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database\n", 1000)), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, want string }{
		{"not a database", text, "not a DuckDB database"},
		{"no folder", filepath.Join(dir, "none", "bi.duckdb"), "does not exist; make it"},
		{"folder is a file", filepath.Join(text, "bi.duckdb"), "is not a folder"},
		{"path is a folder", dir, "name a file in it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := open(t, Config{Path: c.path})
			for what, err := range map[string]error{
				"Check":  w.Check(t.Context()),
				"Ensure": w.Ensure(t.Context(), warehouse.Table{Name: "t", Columns: taplineColumns()}),
				"Load":   second(w.Load(t.Context(), revision(childLoad{Rev: 1}))),
			} {
				if !errors.Is(err, warehouse.ErrUnreachable) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.path) {
					t.Errorf("%s: error = %v, want ErrUnreachable with %q", what, err, c.want)
				}
			}
		})
	}
}

// A user without the right to write gets told so. Where the tests run as root,
// the operations run on a thread with the file rights of nobody.
func TestNotWritable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	path := filepath.Join(dir, "bi.duckdb")
	if err := os.Mkdir(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	asNobody := func(f func() error) error {
		done := make(chan error)
		go func() {
			if os.Geteuid() == 0 {
				runtime.LockOSThread() // and never unlock: the thread ends with this function
				if err := syscall.Setfsuid(65534); err != nil {
					done <- err
					return
				}
			}
			done <- f()
		}()
		return <-done
	}
	for _, open := range []string{filepath.Dir(dir), filepath.Dir(filepath.Dir(dir))} {
		if err := os.Chmod(open, 0o755); err != nil { // nobody has to get as far as dir
			t.Fatal(err)
		}
	}
	w := open(t, Config{Path: path})
	for what, f := range map[string]func() error{
		"Check":  func() error { return w.Check(t.Context()) },
		"Ensure": func() error { return w.Ensure(t.Context(), warehouse.Table{Name: "t", Columns: taplineColumns()}) },
	} {
		if err := asNobody(f); !errors.Is(err, warehouse.ErrUnreachable) || !strings.Contains(err.Error(), "the right to") {
			t.Errorf("%s: error = %v, want ErrUnreachable with a remedy", what, err)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is there: %v", err)
	}
}

func TestNewerTapline(t *testing.T) {
	w := open(t, Config{Path: filepath.Join(t.TempDir(), "bi.duckdb")})
	prepare(t, w)
	if err := execRaw(t.Context(), w, "UPDATE _tapline_schema SET version = version + 1"); err != nil {
		t.Fatal(err)
	}
	errs := map[string]error{
		"Ensure": w.Ensure(t.Context(), warehouse.Table{Name: "t", Columns: taplineColumns()}),
		"Load":   second(w.Load(t.Context(), revision(childLoad{Rev: 1}))),
		"Table":  second(w.Table(t.Context(), "t")),
		"Check":  w.Check(t.Context()),
		"Purge":  second(w.Purge(t.Context(), warehouse.Filter{})),
	}
	for _, err := range w.Receipts(t.Context(), "") {
		errs["Receipts"] = err
	}
	for _, err := range w.Verify(t.Context(), "") {
		errs["Verify"] = err
	}
	if len(errs) != 7 {
		t.Errorf("errors of %v", errs)
	}
	for what, err := range errs {
		if err == nil || !strings.Contains(err.Error(), "newer tapline") {
			t.Errorf("%s: error = %v, want one about a newer tapline", what, err)
		}
	}
}

func TestPublish(t *testing.T) {
	dir := t.TempDir()
	w := open(t, Config{Path: filepath.Join(dir, "bi.duckdb"), Snapshot: filepath.Join(dir, "read.duckdb")})
	copied := open(t, Config{Path: w.cfg.Snapshot})
	prepare(t, w)
	count := func() string { return scalar(t, copied, "SELECT count(*) FROM t") }
	publish := func() {
		t.Helper()
		if err := w.Publish(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	publish()
	if n := count(); n != "0" {
		t.Errorf("%s rows", n)
	}
	if _, err := w.Load(t.Context(), revision(writeRevision(t, dir, 1, 100))); err != nil {
		t.Fatal(err)
	}
	// A reader with the old copy open neither blocks nor sees the new one.
	c := play(t, childPart{Do: "hold", Path: w.cfg.Snapshot})
	isReady(t, c)
	publish()
	if n := count(); n != "100" {
		t.Errorf("%s rows", n)
	}
	c.end()
	info, err := os.Stat(w.cfg.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	publish() // nothing was written since
	again, err := os.Stat(w.cfg.Snapshot)
	if err != nil || !os.SameFile(info, again) {
		t.Errorf("a copy of what was published already: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// While Publish copies, the file stays locked against other processes: closing
// our own descriptor must not let go of DuckDB's lock.
func TestPublishKeepsTheLock(t *testing.T) {
	dir := t.TempDir()
	w := open(t, Config{Path: filepath.Join(dir, "bi.duckdb")})
	prepare(t, w)
	err := w.with(t.Context(), access{threads: 1}, func(s *session) error {
		var err error
		if s.copied, err = os.Open(w.cfg.Path); err != nil {
			return err
		}
		temp, err := copyBeside(t.Context(), s.copied, filepath.Join(dir, "copy"))
		if err != nil {
			return err
		}
		c := play(t, childPart{Do: "load", Path: w.cfg.Path, LockWait: 1, Loads: []childLoad{{Rev: 1}}})
		isReady(t, c)
		if line := c.line(); !strings.Contains(line, "locked by another process") {
			t.Errorf("another process says %q while the file is copied", line)
		}
		return os.Remove(temp)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPublishUnwritable(t *testing.T) {
	dir := t.TempDir()
	w := open(t, Config{Path: filepath.Join(dir, "bi.duckdb"), Snapshot: filepath.Join(dir, "none", "read.duckdb")})
	prepare(t, w)
	for what, err := range map[string]error{"Publish": w.Publish(t.Context()), "Check": w.Check(t.Context())} {
		if !errors.Is(err, warehouse.ErrUnreachable) || !strings.Contains(err.Error(), "does not exist; make it") {
			t.Errorf("%s: error = %v, want ErrUnreachable with a remedy", what, err)
		}
	}
}

//go:build cgo

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tapline/warehouse"
)

func isFullError(err error) bool { return errors.Is(err, warehouse.ErrFull) }

func TestLockedByAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bi.duckdb")
	prepare(t, open(t, Config{Path: path}))
	c := play(t, childPart{Do: "hold", Path: path})
	isReady(t, c)

	w := open(t, Config{Path: path, LockWait: 50 * time.Millisecond})
	_, err := w.Load(t.Context(), revision(childLoad{Rev: 1}))
	if !errors.Is(err, warehouse.ErrLocked) {
		t.Fatalf("error = %v, want ErrLocked", err)
	}
	name := filepath.Base(os.Args[0])
	if len(name) > 15 {
		name = name[:15] // as the kernel keeps it
	}
	for _, want := range []string{fmt.Sprintf("(PID %d)", c.cmd.Process.Pid), name, path, "lock_wait"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want one with %q", err, want)
		}
	}
	for what, err := range map[string]error{"Check": w.Check(t.Context()), "Table": second(w.Table(t.Context(), "t"))} {
		if !errors.Is(err, warehouse.ErrLocked) {
			t.Errorf("%s: error = %v, want ErrLocked", what, err)
		}
	}

	// A cancelled context ends the waiting.
	patient := open(t, Config{Path: path, LockWait: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := patient.Load(ctx, revision(childLoad{Rev: 1})); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v, want DeadlineExceeded", err)
	}

	// One that waits gets the file when the other lets go of it.
	done := make(chan error)
	go func() { done <- second(patient.Load(t.Context(), revision(childLoad{Rev: 1}))) }()
	c.end()
	if err := <-done; err != nil {
		t.Errorf("after waiting: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

// A query of this process that its reader does not end is a lock as well; a
// load that takes long is not.
func TestLockedByOwnQuery(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bi.duckdb")
	w := open(t, Config{Path: path, LockWait: 20 * time.Millisecond})
	prepare(t, w)
	for _, err := range w.Query(t.Context(), "SELECT * FROM range(100000)") {
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Check(t.Context()); !errors.Is(err, warehouse.ErrLocked) {
			t.Errorf("error = %v, want ErrLocked", err)
		}
		break
	}
	if err := w.Check(t.Context()); err != nil {
		t.Error(err)
	}
	ready, release := make(chan struct{}), make(chan struct{})
	held := make(chan error)
	go func() {
		held <- w.with(t.Context(), access{threads: 1}, func(*session) error { close(ready); <-release; return nil })
	}()
	<-ready
	checked := make(chan error)
	go func() { checked <- w.Check(t.Context()) }()
	select {
	case err := <-checked:
		t.Errorf("Check did not wait: %v", err)
	case <-time.After(5 * w.cfg.LockWait):
	}
	close(release)
	if err := errors.Join(<-held, <-checked); err != nil {
		t.Error(err)
	}
}

// Killed at any moment of a load, the file holds the old rows or the new ones.
func TestKilledInLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "bi.duckdb")
	w := open(t, Config{Path: path})
	prepare(t, w)
	const rows = 15000
	base := writeRevision(t, dir, 1, rows)
	began := time.Now()
	if _, err := w.Load(t.Context(), revision(base)); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	outcomes := make(map[bool]int)
	for cycle := range 8 {
		next := writeRevision(t, dir, 2+cycle, rows+cycle)
		c := play(t, childPart{Do: "load", Path: path, Loads: []childLoad{next}})
		isReady(t, c)
		select {
		case <-time.After(took * time.Duration(cycle) / 8):
		case <-t.Context().Done():
		}
		if err := c.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		c.end()
		have := scalar(t, w, "SELECT concat_ws(' ', count(*), min(rev), max(rev), count(DISTINCT _tapline_row)) FROM t")
		old := fmt.Sprint(base.Rows, base.Rev, base.Rev, base.Rows)
		renewed := fmt.Sprint(next.Rows, next.Rev, next.Rev, next.Rows)
		if have != old && have != renewed {
			t.Fatalf("cycle %d: the table has %q, want %q or %q", cycle, have, old, renewed)
		}
		outcomes[have == renewed]++
		for p, err := range w.Verify(t.Context(), "") {
			if err != nil || !p.OK() {
				t.Fatalf("cycle %d: %+v, %v", cycle, p, err)
			}
		}
		// The same load again, as the next run would do.
		if _, err := w.Load(t.Context(), revision(next)); err != nil {
			t.Fatal(err)
		}
		if have := scalar(t, w, "SELECT concat_ws(' ', count(*), min(rev), max(rev), count(DISTINCT _tapline_row)) FROM t"); have != renewed {
			t.Fatalf("cycle %d, loaded again: %q, want %q", cycle, have, renewed)
		}
		base = next
	}
	t.Logf("killed before the commit %d times, after it %d times", outcomes[false], outcomes[true])
}

// Another process reads while this one replaces a slice, and never sees a
// mixture.
func TestReaderInAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "bi.duckdb")
	w := open(t, Config{Path: path})
	prepare(t, w)
	var loads []childLoad
	for rev := 1; rev <= 10; rev++ {
		loads = append(loads, writeRevision(t, dir, rev, 1000+rev))
	}
	c := play(t, childPart{Do: "load", Path: path, Loads: loads})
	isReady(t, c)
	gone := make(chan string)
	go func() {
		last := ""
		for line := c.line(); line != ""; line = c.line() {
			last = line
		}
		gone <- last
	}()
	for looks := 0; ; looks++ {
		have := scalar(t, w, "SELECT concat_ws(' ', count(*), coalesce(min(rev), 0), coalesce(max(rev), 0)) FROM t")
		var n, low, high int
		if _, err := fmt.Sscan(have, &n, &low, &high); err != nil {
			t.Fatal(err)
		}
		if low != high || n != 0 && n != 1000+low {
			t.Fatalf("a reader saw %s (rows, least and greatest revision)", have)
		}
		select {
		case last := <-gone:
			if last != "loaded 10" || looks == 0 {
				t.Errorf("after %d looks the child said %q", looks, last)
			}
			return
		default:
		}
	}
}

func TestFull(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "bi.duckdb")
	w := open(t, Config{Path: path})
	prepare(t, w)
	c := play(t, childPart{Do: "full", Path: path, Loads: []childLoad{writeRevision(t, dir, 1, 100000)}})
	if line := c.line(); !strings.HasPrefix(line, "full: true") {
		t.Errorf("the child says %q, want an ErrFull", line)
	}
	c.end()
	if n := scalar(t, w, "SELECT count(*) FROM t"); n != "0" {
		t.Errorf("%s rows of a load that failed", n)
	}
	if n := scalar(t, w, "SELECT count(*) FROM _tapline_receipts"); n != "0" {
		t.Errorf("%s receipts of a load that failed", n)
	}
}

//go:build cgo

package duckdb

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Between loads that follow each other the file stays open; after the last one,
// or when none comes, it is closed, with everything in it and no log beside it.
func TestLoadsInARow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bi.duckdb")
	w := open(t, Config{Path: path})
	prepare(t, w)
	load := func(rev int, more bool) {
		l := revision(childLoad{Rev: rev})
		l.More = more
		if _, err := w.Load(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	opened := func() *session {
		w.turn.taken <- struct{}{}
		defer w.turn.give()
		return w.turn.idle.s
	}
	load(1, true)
	first := opened()
	if first == nil {
		t.Fatal("the file is closed although another load follows")
	}
	if _, err := w.Table(t.Context(), "t"); err != nil {
		t.Fatal(err)
	}
	load(2, true)
	if opened() != first {
		t.Error("the file was closed between two loads")
	}
	load(3, false)
	closed(t, w, path)

	load(4, true)
	for began := time.Now(); opened() != nil; time.Sleep(idleAtMost / 10) {
		if time.Since(began) > 100*idleAtMost {
			t.Fatal("the file stays open although no load follows")
		}
	}
	closed(t, w, path)

	load(5, true)
	for _, err := range w.Query(t.Context(), "SELECT 1") { // foreign SQL has an engine of its own
		if err != nil {
			t.Fatal(err)
		}
	}
	closed(t, w, path)

	load(6, true)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	closed(t, w, path)
	for p, err := range w.Verify(t.Context(), "") {
		if err != nil || !p.OK() {
			t.Errorf("%v: %+v", err, p)
		}
	}
}

func closed(t *testing.T, w *Warehouse, path string) {
	t.Helper()
	if w.turn.idle.s != nil {
		t.Error("the file is open")
	}
	if info, err := os.Stat(path + ".wal"); err == nil && info.Size() > 0 {
		t.Errorf("%d bytes are in the log beside the file", info.Size())
	}
}

//go:build cgo

package duckdb

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAppetite(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		limit         int64
		threads       int
		columns, rows int64
		memory        int64
		fed           int
	}{
		{96 * mib, 4, 30, 5_000_000, 96 * mib, 1},
		{192 * mib, 4, 30, 5_000_000, 192 * mib, 2},
		{1024 * mib, 4, 30, 5_000_000, 1024 * mib, 4},
		{96 * mib, 4, 200, 5_000_000, 264 * mib, 1},
		{96 * mib, 4, 9999, 10, 64*mib + 9999*columnLeast, 1},
		{96 * mib, 4, 5, 10, 96 * mib, 4},
		{96 * mib, 4, 0, 0, 96 * mib, 4},
	} {
		w := &Warehouse{cfg: Config{MemoryLimit: c.limit, Threads: c.threads}}
		if a := w.appetite(c.columns, c.rows); a.memory != c.memory || a.threads != c.fed {
			t.Errorf("%d columns, %d rows, limit %d: %d bytes and %d threads, want %d and %d",
				c.columns, c.rows, c.limit, a.memory, a.threads, c.memory, c.fed)
		}
	}
}

func TestRetrying(t *testing.T) {
	scarce := errors.New("Out of Memory Error: could not allocate block")
	var tried []string
	attempt := func(enough int64) func(access) error {
		tried = nil
		return func(a access) error {
			tried = append(tried, fmt.Sprintf("%d/%d", a.memory>>20, a.threads))
			if a.memory != 0 && (enough == 0 || a.memory < enough) {
				return scarce
			}
			return nil
		}
	}
	start := access{memory: 1 << 30, threads: 2}
	if err := retrying(start, attempt(4<<30)); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff([]string{"1024/2", "2048/1", "4096/1"}, tried); d != "" {
		t.Error(d)
	}
	if err := retrying(start, attempt(0)); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff([]string{"1024/2", "2048/1", "4096/1", "8192/1", "0/1"}, tried); d != "" {
		t.Error(d)
	}
	other := errors.New("another error")
	if err := retrying(start, func(access) error { return other }); err != other {
		t.Errorf("error = %v", err)
	}
	if err := retrying(access{}, func(access) error { return scarce }); err != scarce {
		t.Errorf("error = %v", err)
	}
}

// Texts as DuckDB and systems write them.
func TestErrorTexts(t *testing.T) {
	for _, c := range []struct {
		text                 string
		locked, full, memory bool
	}{
		{`IO Error: Could not set lock on file "/a": Conflicting lock is held in /usr/bin/duckdb (PID 12). See also`, true, false, false},
		{`IO Error: Could not write file "/a": No space left on device`, false, true, false},
		{`Out of Memory Error: failed to offload data block of size 256.0 KiB (1 GiB/1 GiB used).`, false, true, false},
		{`IO Error: Could not write all bytes to file "/a": Disk quota exceeded`, false, true, false},
		{`Out of Memory Error: could not allocate block of size 256.0 KiB (91.5 MiB/91.5 MiB used)`, false, false, true},
		{`Catalog Error: Table with name t does not exist!`, false, false, false},
	} {
		err := errors.New(c.text)
		if isLocked(err) != c.locked || isFull(err) != c.full || isOutOfMemory(err) != c.memory {
			t.Errorf("%s: locked %t, full %t, memory %t", c.text, isLocked(err), isFull(err), isOutOfMemory(err))
		}
	}
	for text, want := range map[string]string{
		"Conflicting lock is held in /opt/a b/metabase (PID 4194303) by user x.": "metabase (PID 4194303)",
		"Conflicting lock is held in PID 4194303.":                               "another program (PID 4194303)",
		"Conflicting lock is held":                                               "another program",
	} {
		if have := holder(text); have != want {
			t.Errorf("holder(%q) = %q, want %q", text, have, want)
		}
	}
}

//go:build cgo

package duckdb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"tapline/warehouse"
)

// DuckDB tells the kind of an error in its text alone, so the text decides here
// and nowhere else. Texts are those of DuckDB 1.5.

// isLocked reports whether another process, or another opening of the file in
// this one, holds the file.
func isLocked(err error) bool {
	return hasAny(err, "Could not set lock on file", "with a different configuration than existing connections",
		"Unique file handle conflict")
}

// isOutOfMemory reports whether DuckDB could not work within its memory limit.
func isOutOfMemory(err error) bool {
	return hasAny(err, "Out of Memory Error", "OutOfMemoryException") && !isFull(err)
}

func isFull(err error) bool {
	return hasAny(err, "No space left on device", "Disk quota exceeded", "File too large",
		"failed to offload data block", "max_temp_directory_size")
}

func hasAny(err error, texts ...string) bool {
	msg := err.Error()
	for _, t := range texts {
		if strings.Contains(msg, t) {
			return true
		}
	}
	return false
}

// explain turns an error of DuckDB into one of the contract, with a remedy.
func (w *Warehouse) explain(ctx context.Context, err error) error {
	if cerr := ctx.Err(); cerr != nil {
		return cerr
	}
	path := w.cfg.Path
	switch {
	case isLocked(err):
		return lockedError(path, 0, err)
	case isFull(err):
		return fmt.Errorf("%s: %w: free some on its disk, or set a temporary folder on another: %w", path, warehouse.ErrFull, err)
	case isOutOfMemory(err):
		return fmt.Errorf("%s: DuckDB needs more memory than it may take: %w", path, err)
	}
	return err
}

// explainOpen does the same for an error of opening the file.
func (w *Warehouse) explainOpen(ctx context.Context, err error) error {
	path, known := w.cfg.Path, w.explain(ctx, err)
	switch {
	case known != err: // explained
		return known
	case hasAny(err, "is not a valid DuckDB database file"):
		return fmt.Errorf("%s: %w: the file is not a DuckDB database; name another file, or move this one away: %w",
			path, warehouse.ErrUnreachable, err)
	}
	return fmt.Errorf("%s: %w: %s: %w", path, warehouse.ErrUnreachable, openRemedy(path), err)
}

// openRemedy says what to do about a file that does not open. It looks at the
// folder alone: opening and closing the file here would let go of a lock.
func openRemedy(path string) string {
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	switch {
	case os.IsNotExist(err):
		return fmt.Sprintf("the folder %s does not exist; make it, or change the path", dir)
	case err != nil:
		return fmt.Sprintf("give this user the right to read the folder %s", dir)
	case !info.IsDir():
		return fmt.Sprintf("%s is not a folder; change the path", dir)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return "the path is a folder; name a file in it"
	}
	return "give this user the right to read and write the file and its folder"
}

// lockedError names the process that holds the file, as far as it can be told.
func lockedError(path string, waited time.Duration, err error) error {
	after := ""
	if waited > 0 {
		after = fmt.Sprintf(", after waiting %s", waited)
	}
	return fmt.Errorf("%s: %w%s: %s has it open; close it there, wait longer (lock_wait), or let it read a snapshot",
		path, warehouse.ErrLocked, after, holder(err.Error()))
}

// holderText is how DuckDB names the holder: a program's file, where the
// system tells, and its process id.
func holderText() *regexp.Regexp {
	return regexp.MustCompile(`held in (.+) \(PID (\d+)\)`)
}

// holder describes the process that a lock message of DuckDB names.
func holder(msg string) string {
	m := holderText().FindStringSubmatch(msg)
	if m == nil {
		if m = regexp.MustCompile(`PID (\d+)`).FindStringSubmatch(msg); m == nil {
			return "another program"
		}
		m = []string{m[0], "", m[1]}
	}
	name := filepath.Base(m[1])
	if comm, err := os.ReadFile("/proc/" + m[2] + "/comm"); err == nil {
		name = strings.TrimSpace(string(comm))
	}
	if name == "" || name == "." {
		name = "another program"
	}
	return fmt.Sprintf("%s (PID %s)", name, m[2])
}

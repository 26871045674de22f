//go:build cgo

package duckdb

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// A turn lets one operation of a process at a time have the file. Waiting for a
// load of this process has no limit but the context, because loads end; a
// query lasts as long as its reader likes, so waiting for one is limited.
type turn struct {
	taken   chan struct{} // holds one token while the file is in use
	reading atomic.Bool   // the holder is a query
	idle    idle          // who has the turn has it
}

// turns holds the turn of every database file of the process, by its path. It
// is a global because locks on files are: they hold between processes, and any
// part of a process that closes the file lets go of them for all.
var turns sync.Map

// turnOf returns the turn of a file, however its folder is written.
func turnOf(path string) *turn {
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(dir, filepath.Base(path))
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	t, _ := turns.LoadOrStore(path, &turn{taken: make(chan struct{}, 1)})
	return t.(*turn)
}

// take waits for the turn; false means that a query of this process kept it for
// all of limit.
func (t *turn) take(ctx context.Context, query bool, limit time.Duration) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	for {
		timer := time.NewTimer(limit)
		select {
		case t.taken <- struct{}{}:
			timer.Stop()
			t.reading.Store(query)
			return true, nil
		case <-ctx.Done():
			timer.Stop()
			return false, ctx.Err()
		case <-timer.C:
			if t.reading.Load() {
				return false, nil
			}
		}
	}
}

func (t *turn) give() {
	t.reading.Store(false)
	<-t.taken
}

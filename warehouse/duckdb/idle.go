//go:build cgo

package duckdb

import (
	"context"
	"time"
)

// An idle is a session between two loads that follow each other at once: the
// file stays open, and what was committed stays in the log beside it. Moving
// that into the file takes several times as long as committing a small load.
type idle struct {
	s     *session
	timer *time.Timer
}

// The longest that a file waits for the next load, and that it is open for a
// row of loads, so that readers get their turn.
const (
	idleAtMost = 200 * time.Millisecond
	openAtMost = 2 * time.Second
)

// shut closes the file if a session rests.
func (i *idle) shut() error {
	s := i.take()
	if s == nil {
		return nil
	}
	return s.shut(false)
}

// take returns the session that rests, or nil, and has it rest no more.
func (i *idle) take() *session {
	s := i.s
	if s != nil {
		i.timer.Stop()
		i.s = nil
	}
	return s
}

// resume returns the session that rests if it can do what a asks for, and closes
// the file if it cannot. The caller has the turn.
func (w *Warehouse) resume(ctx context.Context, a access) *session {
	s := w.turn.idle.take()
	if s == nil {
		return nil
	}
	if s.w == w && !a.query && (a.readOnly || !s.access.readOnly) {
		a.readOnly = s.access.readOnly
		s.access, s.changes = a, 0
		if err := s.engine.set(ctx, s); err == nil {
			return s
		}
	}
	if err := s.shut(false); err != nil {
		w.cfg.Log.Warn("closing the database", "path", w.cfg.Path, "err", err)
	}
	return nil
}

// rest leaves the file open for the next load and gives the turn away. It
// reports false when the file is to be closed.
func (s *session) rest() bool {
	if !s.more || s.access.query || s.copied != nil || time.Since(s.opened) > openAtMost {
		return false
	}
	if s.begun {
		if err := s.run(context.Background(), "rollback", nil); err != nil {
			return false
		}
		s.begun = false
	}
	t := s.w.turn
	t.idle = idle{s, time.AfterFunc(idleAtMost, func() { s.expire() })}
	t.give()
	return true
}

// expire closes the file when nobody came for it.
func (s *session) expire() {
	t := s.w.turn
	t.taken <- struct{}{} // whoever has the turn has seen to the file meanwhile
	defer t.give()
	if t.idle.s != s {
		return
	}
	if err := t.idle.shut(); err != nil {
		s.w.cfg.Log.Warn("closing the database", "path", s.w.cfg.Path, "err", err)
	}
}

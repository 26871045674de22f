//go:build cgo && !noduckdb

package bigquerytest

import (
	"context"
	"sync"
)

// A hold is how a statement holds a table. Appends run beside each other and
// beside a mutation, as in BigQuery; a change of the table's shape runs alone.
type hold int

const (
	appends hold = iota
	mutates
	alters
)

func (h hold) meets(other hold) bool {
	return h == appends && other != alters || h == mutates && other == appends
}

// locks hold tables for jobs. An owner is a job: it never waits for itself.
type locks struct {
	mu      sync.Mutex
	changed chan struct{} // closed when a lock is given back
	held    map[string]map[any]held
}

type held struct {
	hold        hold
	transaction bool
}

func newLocks() *locks {
	return &locks{changed: make(chan struct{}), held: map[string]map[any]held{}}
}

// take holds a table for the owner. It waits for others, except when both are
// transactions that mutate: then it reports a conflict, as BigQuery cancels the
// later one.
func (l *locks) take(ctx context.Context, owner any, table string, want held) (conflict bool, err error) {
	for {
		l.mu.Lock()
		free := true
		for other, h := range l.held[table] {
			if other == owner || want.hold.meets(h.hold) {
				continue
			}
			free = false
			if want.transaction && h.transaction {
				l.mu.Unlock()
				return true, nil
			}
		}
		if free {
			if l.held[table] == nil {
				l.held[table] = map[any]held{}
			}
			if mine, ok := l.held[table][owner]; !ok || mine.hold < want.hold {
				l.held[table][owner] = want
			}
			l.mu.Unlock()
			return false, nil
		}
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// drop gives back all that the owner holds.
func (l *locks) drop(owner any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for table, owners := range l.held {
		delete(owners, owner)
		if len(owners) == 0 {
			delete(l.held, table)
		}
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

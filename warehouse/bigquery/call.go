package bigquery

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Pauses between repetitions of a call, and between looks at a job.
const (
	shortestPause = 250 * time.Millisecond
	longestPause  = 20 * time.Second
)

// A pacing makes pauses that grow.
type pacing struct{ next time.Duration }

func (p *pacing) pause(ctx context.Context, w *Warehouse) error {
	p.next = min(max(p.next*8/5, shortestPause), longestPause)
	return w.cfg.Sleep(ctx, p.next)
}

// calling repeats a call that may be repeated while what goes wrong may pass,
// for as long as Patience. The client repeats some errors by itself within
// that time. Right is the permission that the call needs.
func (w *Warehouse) calling(ctx context.Context, right string, call func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, w.cfg.Patience)
	defer cancel()
	var p pacing
	var err error
	for range mostTries {
		if err = call(limited); err == nil {
			return nil
		}
		if ctx.Err() != nil || limited.Err() != nil || !isPassing(err) {
			break
		}
		if p.pause(limited, w) != nil {
			break
		}
	}
	if ctx.Err() == nil && limited.Err() != nil && !errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w (%w)", err, context.DeadlineExceeded)
	}
	return w.explain(ctx, right, err)
}

// mostTries bounds what is tried again in one operation.
const mostTries = 12

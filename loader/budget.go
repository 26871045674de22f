package loader

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// A budget bounds what batches hold in memory, in bytes. Whoever wants a batch
// takes its share first and waits for it, in turn: that is the back-pressure.
type budget struct {
	total, share int64
	sem          *semaphore.Weighted
}

// shares is how many batches there may be at a time: one that a source fills,
// one that waits and one that is written, of one slice or of several.
const shares = 3

// newBudget gives three eighths of the memory to batches. The rest is for pages,
// encoders and what the collector has not yet taken back.
func newBudget(memory int64) *budget {
	share := max(memory/8, 1)
	return &budget{total: shares * share, share: share, sem: semaphore.NewWeighted(shares * share)}
}

// take waits for n bytes, or all there are if that is less, and returns what to
// release.
func (b *budget) take(ctx context.Context, n int64) (int64, error) {
	n = min(n, b.total)
	if err := b.sem.Acquire(ctx, n); err != nil {
		return 0, context.Cause(ctx)
	}
	return n, nil
}

func (b *budget) release(n int64) {
	if n > 0 {
		b.sem.Release(n)
	}
}

// BatchBytes is how large a source's batches may be, in bytes, for a loader of
// this memory to keep within its budget. 0 stands for the loader's default.
func BatchBytes(memory int64) int64 {
	if memory <= 0 {
		memory = defaultMemory
	}
	return newBudget(memory).share
}

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

// newBudget divides the memory among the slices read at once. A slice holds up
// to three batches: one that the source fills, one that waits and one that is
// written.
func newBudget(total int64, slices int) *budget {
	return &budget{total: total, share: max(total/int64(3*slices), 1), sem: semaphore.NewWeighted(total)}
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
// this memory and concurrency to keep within its budget. 0 stands for the
// loader's defaults.
func BatchBytes(memory int64, concurrency int) int64 {
	if memory <= 0 {
		memory = defaultMemory
	}
	if concurrency <= 0 {
		concurrency = defaultConcurrency
	}
	return newBudget(memory, concurrency).share
}

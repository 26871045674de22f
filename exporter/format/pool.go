package format

import (
	"math/bits"
	"sync"
	"unsafe"
)

const (
	alignment   = 64 // what Arrow asks of its buffers
	defaultPool = 64 << 20
)

// A Pool is a memory.Allocator that keeps freed buffers for the next batch:
// fresh memory costs its clearing and its page faults. Memory comes from it
// uncleared. It is safe for concurrent use.
type Pool struct {
	limit int64

	mu   sync.Mutex
	held int64
	free map[int][][]byte // by size, see sizeFor
}

// NewPool returns a Pool that keeps at most limit bytes of freed buffers; what
// is freed beyond that goes to the garbage collector. 0 = 64 MiB.
func NewPool(limit int64) *Pool {
	if limit == 0 {
		limit = defaultPool
	}
	return &Pool{limit: limit, free: make(map[int][][]byte)}
}

// Held tells how many bytes of freed buffers the Pool keeps.
func (p *Pool) Held() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held
}

// Allocate returns size bytes, aligned to 64. Their content is undefined.
func (p *Pool) Allocate(size int) []byte {
	full := sizeFor(size)
	if b := p.take(full); b != nil {
		return b[:size]
	}
	b := make([]byte, full+alignment)
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (alignment - 1)
	return b[skip : skip+size : skip+full]
}

// take returns a freed buffer of that size, or nil.
func (p *Pool) take(full int) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.free[full]
	if len(l) == 0 {
		return nil
	}
	b := l[len(l)-1]
	l[len(l)-1] = nil
	p.free[full] = l[:len(l)-1]
	p.held -= int64(full)
	return b
}

// Reallocate returns size bytes that begin with those of b, and takes b back.
func (p *Pool) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	out := p.Allocate(size)
	copy(out, b)
	p.Free(b)
	return out
}

// Free takes b back; nobody may use it any more. What did not come from a Pool
// is left to the garbage collector.
func (p *Pool) Free(b []byte) {
	full := cap(b)
	if full != sizeFor(full) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held+int64(full) > p.limit {
		return
	}
	p.held += int64(full)
	p.free[full] = append(p.free[full], b[:0])
}

// sizeFor returns how large the buffers are that serve for size bytes. There
// are four sizes for each power of two, so that at most a fifth goes unused.
func sizeFor(size int) int {
	step := max(alignment, 1<<bits.Len(uint(max(size, 1)-1))>>3)
	return max(step, (size+step-1)/step*step)
}

package format

import (
	"math/bits"
	"sync"
	"unsafe"
)

const (
	alignment   = 64 // what Arrow asks of its buffers
	minClass    = 6  // the smallest buffers hold 1<<minClass bytes
	defaultPool = 64 << 20
)

// A Pool is a memory.Allocator that keeps freed buffers for the next batch:
// fresh memory costs its clearing and its page faults. Memory comes from it
// uncleared. It is safe for concurrent use.
type Pool struct {
	limit int64

	mu   sync.Mutex
	held int64
	free [bits.UintSize][][]byte // free[k] holds buffers of 1<<k bytes
}

// NewPool returns a Pool that keeps at most limit bytes of freed buffers; what
// is freed beyond that goes to the garbage collector. 0 = 64 MiB.
func NewPool(limit int64) *Pool {
	if limit == 0 {
		limit = defaultPool
	}
	return &Pool{limit: limit}
}

// Held tells how many bytes of freed buffers the Pool keeps.
func (p *Pool) Held() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held
}

// Allocate returns size bytes, aligned to 64. Their content is undefined.
func (p *Pool) Allocate(size int) []byte {
	k := class(size)
	p.mu.Lock()
	if l := p.free[k]; len(l) > 0 {
		b := l[len(l)-1]
		l[len(l)-1] = nil
		p.free[k] = l[:len(l)-1]
		p.held -= 1 << k
		p.mu.Unlock()
		return b[:size]
	}
	p.mu.Unlock()
	b := make([]byte, 1<<k+alignment)
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (alignment - 1)
	return b[skip : skip+size : skip+1<<k]
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
	k := class(cap(b))
	if cap(b) != 1<<k {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held+1<<k > p.limit {
		return
	}
	p.held += 1 << k
	p.free[k] = append(p.free[k], b[:0])
}

// class returns the k of the smallest buffers that hold size bytes.
func class(size int) int {
	return max(bits.Len(uint(max(size, 1)-1)), minClass)
}

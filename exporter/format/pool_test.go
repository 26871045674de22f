package format

import (
	"bytes"
	"sync"
	"testing"
	"unsafe"
)

func TestPool(t *testing.T) {
	p := NewPool(1 << 12)
	for _, size := range []int{0, 1, 63, 64, 65, 1000, 1 << 20} {
		b := p.Allocate(size)
		if len(b) != size || size > 0 && uintptr(unsafe.Pointer(&b[0]))%alignment != 0 {
			t.Errorf("Allocate(%d): %d bytes at %p", size, len(b), b)
		}
		copy(b, bytes.Repeat([]byte{7}, size))
		grown := p.Reallocate(2*size+1, b)
		if len(grown) != 2*size+1 || !bytes.Equal(grown[:size], bytes.Repeat([]byte{7}, size)) {
			t.Errorf("Reallocate(%d, %d bytes): %d bytes, or others", 2*size+1, size, len(grown))
		}
		p.Free(grown)
		if p.Held() > 1<<12 {
			t.Errorf("the pool holds %d bytes", p.Held())
		}
	}
	p.Free(make([]byte, 100)) // somebody else's
	p.Free(nil)

	one := p.Allocate(1000)
	p.Free(one)
	if two := p.Allocate(900); &one[0] != &two[0] {
		t.Error("a freed buffer is not used again")
	}
}

func TestPoolConcurrent(t *testing.T) {
	p := NewPool(0)
	var wg sync.WaitGroup
	for g := range byte(8) {
		wg.Go(func() {
			for i := range 500 {
				b := p.Allocate(1 + i%300)
				for k := range b {
					b[k] = g
				}
				if bytes.Count(b, []byte{g}) != len(b) {
					t.Error("two have the same buffer")
				}
				p.Free(b)
			}
		})
	}
	wg.Wait()
}

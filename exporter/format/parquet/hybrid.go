package parquet

import (
	"encoding/binary"
	"errors"
)

var errShort = errors.New("a page ends before its last value")

// maxRun is beyond any page, and keeps the sums of this file in 64 bits.
const maxRun = 1 << 40

// A hybrid decodes runs of equal numbers and bit-packed numbers: levels and
// indexes into a dictionary.
type hybrid struct {
	b      []byte
	width  uint   // bits of a number, at most 32
	left   uint64 // numbers left of the run
	packed bool
	value  uint32 // of a run of equal numbers
	bits   []byte // of a bit-packed run
	bit    uint64 // place in bits
}

// read fills dst.
func (h *hybrid) read(dst []uint32) error {
	for len(dst) > 0 {
		if h.left == 0 {
			if err := h.run(); err != nil {
				return err
			}
			continue
		}
		n := int(min(uint64(len(dst)), h.left))
		if h.packed {
			unpack(dst[:n], h.bits, h.bit, h.width)
			h.bit += uint64(n) * uint64(h.width)
		} else {
			for i := range dst[:n] {
				dst[i] = h.value
			}
		}
		h.left -= uint64(n)
		dst = dst[n:]
	}
	return nil
}

// run reads the head of the next run.
func (h *hybrid) run() error {
	head, n := binary.Uvarint(h.b)
	if n <= 0 {
		return errShort
	}
	h.b = h.b[n:]
	h.left = min(head>>1, maxRun)
	if h.packed = head&1 == 1; h.packed {
		return h.groups()
	}
	size := int(h.width+7) / 8
	if size > len(h.b) {
		return errShort
	}
	var v [4]byte
	copy(v[:], h.b[:size])
	h.value = binary.LittleEndian.Uint32(v[:])
	h.b = h.b[size:]
	if h.width < 32 && h.value>>h.width != 0 {
		return errors.New("a page holds a number that is too large for its width")
	}
	return nil
}

// groups makes a run of h.left groups of eight bit-packed numbers. Some writers
// cut the last one short.
func (h *hybrid) groups() error {
	if h.width == 0 {
		h.packed, h.value = false, 0
		h.left *= 8
		return nil
	}
	size := min(uint64(len(h.b)), h.left*uint64(h.width))
	h.left = min(h.left*8, size*8/uint64(h.width))
	h.bits, h.bit = h.b[:size], 0
	h.b = h.b[size:]
	if h.left == 0 {
		return errShort
	}
	return nil
}

// unpack reads numbers of width bits from the place at in b, which holds them all.
func unpack(dst []uint32, b []byte, at uint64, width uint) {
	mask := uint64(1)<<width - 1
	for i := range dst {
		dst[i] = uint32(load(b, at) & mask)
		at += uint64(width)
	}
}

// load returns the bits from the place at on: at least 57 of them, or all.
func load(b []byte, at uint64) uint64 {
	b = b[at>>3:]
	if len(b) >= 8 {
		return binary.LittleEndian.Uint64(b) >> (at & 7)
	}
	var v [8]byte
	copy(v[:], b)
	return binary.LittleEndian.Uint64(v[:]) >> (at & 7)
}

// load64 returns 64 bits from the place at on, zeros beyond the end.
func load64(b []byte, at uint64) uint64 {
	v := load(b, at)
	if shift := at & 7; shift > 0 && at>>3+8 < uint64(len(b)) {
		v |= uint64(b[at>>3+8]) << (64 - shift)
	}
	return v
}

// A delta decodes DELTA_BINARY_PACKED integers.
type delta struct {
	b      []byte // after the block that is being read
	minis  int    // miniblocks of a block
	size   int    // numbers of a miniblock
	left   uint64 // numbers left in all
	value  int64  // the next number, but for its delta
	first  bool
	least  int64  // the smallest delta of the block
	widths []byte // of the miniblocks to come
	width  uint
	bits   []byte // of the miniblock
	bit    uint64
	room   int // numbers left of the miniblock
}

func newDelta(b []byte) (*delta, error) {
	d := &delta{first: true}
	var head [3]uint64
	for i := range head {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, errShort
		}
		head[i], b = v, b[n:]
	}
	v, n := binary.Varint(b)
	if n <= 0 {
		return nil, errShort
	}
	block, minis := head[0], head[1]
	if minis == 0 || block == 0 || block > 1<<24 || block%minis != 0 || (block/minis)%8 != 0 {
		return nil, errors.New("a delta-encoded page has impossible block sizes")
	}
	d.minis, d.size = int(minis), int(block/minis)
	d.left, d.value, d.b = head[2], v, b[n:]
	return d, nil
}

// next returns the next number.
func (d *delta) next() (int64, error) {
	if d.left == 0 {
		return 0, errShort
	}
	d.left--
	if d.first {
		d.first = false
		return d.value, nil
	}
	if d.room == 0 {
		if err := d.mini(); err != nil {
			return 0, err
		}
	}
	d.room--
	v := uint64(0)
	if d.width > 0 {
		v = load64(d.bits, d.bit)
		if d.width < 64 {
			v &= 1<<d.width - 1
		}
		d.bit += uint64(d.width)
	}
	d.value += d.least + int64(v)
	return d.value, nil
}

// mini goes to the next miniblock.
func (d *delta) mini() error {
	if len(d.widths) == 0 {
		least, n := binary.Varint(d.b)
		if n <= 0 || len(d.b)-n < d.minis {
			return errShort
		}
		d.least = least
		d.widths, d.b = d.b[n:n+d.minis], d.b[n+d.minis:]
	}
	d.width, d.widths = uint(d.widths[0]), d.widths[1:]
	size := d.size / 8 * int(d.width)
	if d.width > 64 || size > len(d.b) {
		return errShort
	}
	d.bits, d.b = d.b[:size], d.b[size:]
	d.bit, d.room = 0, d.size
	return nil
}

// skip passes over the numbers and returns what follows. It takes time for the
// bytes there are, however many numbers they are said to be.
func (d *delta) skip() ([]byte, error) {
	if d.first && d.left > 0 {
		d.first = false
		d.left--
	}
	for d.left > 0 {
		if d.room == 0 {
			if err := d.mini(); err != nil {
				return nil, err
			}
		}
		n := min(d.left, uint64(d.room))
		d.left -= n
		d.room -= int(n)
	}
	return d.b, nil
}

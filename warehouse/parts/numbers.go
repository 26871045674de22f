package parts

import (
	"encoding/binary"
	"fmt"
	"math"
)

// numbers are numbers of dictionary entries in the format's hybrid encoding: runs
// of one number, and runs of numbers packed bit by bit, eight to a group.
type numbers struct {
	bytes  []byte // after the run at hand
	width  int    // bits of a number, 1 to 32
	left   int    // numbers left of the run at hand
	packed []byte // that run, nil = it is one number
	at     int    // the next number's bit in packed
	value  uint32 // the one number
}

// open begins with the width, which stands before the runs.
func (d *numbers) open(b []byte) error {
	if len(b) == 0 || b[0] < 1 || b[0] > 32 {
		return fmt.Errorf("%w: numbers of a strange width", errDamaged)
	}
	*d = numbers{bytes: b[1:], width: int(b[0])}
	return nil
}

// read fills dst with the numbers that come next, all below limit.
func (d *numbers) read(dst []uint32, limit int) error {
	for len(dst) > 0 {
		if d.left == 0 {
			if err := d.run(); err != nil {
				return err
			}
			continue
		}
		n := min(len(dst), d.left)
		if d.packed == nil {
			for i := range dst[:n] {
				dst[i] = d.value
			}
			if int(d.value) >= limit {
				return errBeyond
			}
		} else if int(d.unpack(dst[:n])) >= limit {
			return errBeyond
		}
		d.left -= n
		dst = dst[n:]
	}
	return nil
}

var (
	errBeyond = fmt.Errorf("%w: a number is beyond the dictionary", errDamaged)
	errEnds   = fmt.Errorf("%w: a page ends before its values do", errDamaged)
)

// run begins the next run.
func (d *numbers) run() error {
	head, n := binary.Uvarint(d.bytes)
	if n <= 0 {
		return errEnds
	}
	d.bytes = d.bytes[n:]
	count, size := head>>1, uint64(d.width+7)/8
	if head&1 == 1 {
		size = uint64(d.width)
		if count > uint64(len(d.bytes))/size {
			return errEnds
		}
		size *= count
		d.packed, d.at, d.left = d.bytes[:size:size], 0, int(count)*8
	} else {
		if size > uint64(len(d.bytes)) {
			return errEnds
		}
		var v [4]byte
		copy(v[:], d.bytes[:size])
		d.packed, d.value, d.left = nil, binary.LittleEndian.Uint32(v[:]), int(min(count, math.MaxInt32))
	}
	d.bytes = d.bytes[size:]
	return nil
}

// unpack reads packed numbers, which are there, and returns the greatest.
func (d *numbers) unpack(dst []uint32) (most uint32) {
	width, at, b := uint(d.width), uint(d.at), d.packed
	mask := uint64(1)<<width - 1
	d.at += len(dst) * d.width
	i := 0
	if len(b) >= 8 { // eight bytes are taken for each, as long as there are as many
		last := uint(len(b)-8)*8 + 7
		for ; i < len(dst) && at <= last; i++ {
			v := uint32(binary.LittleEndian.Uint64(b[at>>3:]) >> (at & 7) & mask)
			dst[i] = v
			most = max(most, v)
			at += width
		}
	}
	for ; i < len(dst); i++ {
		var end [8]byte
		copy(end[:], b[at>>3:])
		v := uint32(binary.LittleEndian.Uint64(end[:]) >> (at & 7) & mask)
		dst[i] = v
		most = max(most, v)
		at += width
	}
	return most
}

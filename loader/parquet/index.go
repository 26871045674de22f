package parquet

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// indexPages writes a column's values as numbers of entries of its dictionary.
func (e *encoder) indexPages(out *chunk, lv levels, index []uint32, entries int) {
	width := max(1, bits.Len(uint(entries-1)))
	e.pages(out, lv, encRLEDictionary, byRows(lv), func(dst []byte, from, to int) []byte {
		return appendIndex(append(dst, byte(width)), index[from:to], width)
	})
}

// appendIndex appends numbers of at most 16 bits in the format's hybrid
// encoding: runs of one number, and runs of numbers packed in groups of eight.
func appendIndex(dst []byte, index []uint32, width int) []byte {
	// A shorter run costs more than it saves, since it parts two packed ones.
	shortest := max(8, 64/width&^7)
	packed := 0 // where the open run of packed numbers began
	for i := 0; i+8 <= len(index); {
		n := 0
		if index[i] == index[i+1] && index[i] == index[i+7] {
			n = sameFrom(index[i:])
		}
		if n < shortest {
			i += 8
			continue
		}
		dst = appendPacked(dst, index[packed:i], width)
		dst = appendRun(dst, index[i], n, width)
		i += n
		packed = i
	}
	return appendPacked(dst, index[packed:], width)
}

// sameFrom counts how often the first number stands at the beginning.
func sameFrom(index []uint32) int {
	n := 1
	for n < len(index) && index[n] == index[0] {
		n++
	}
	return n
}

func appendRun(dst []byte, v uint32, n, width int) []byte {
	dst = binary.AppendUvarint(dst, uint64(n)<<1)
	dst = append(dst, byte(v))
	if width > 8 {
		dst = append(dst, byte(v>>8))
	}
	return dst
}

// appendPacked appends a run of numbers, width bits each, low bits first, and
// zeros up to a whole group of eight. Only the last run of a page may need them.
func appendPacked(dst []byte, index []uint32, width int) []byte {
	if len(index) == 0 {
		return dst
	}
	groups := (len(index) + 7) / 8
	dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
	at := len(dst)
	end := at + groups*width
	dst = slices.Grow(dst, end-at+16)[:end+16] // each group is stored as 16 bytes
	for ; len(index) >= 8; index = index[8:] {
		pack8(dst[at:], (*[8]uint32)(index), width)
		at += width
	}
	if len(index) > 0 {
		var last [8]uint32
		copy(last[:], index)
		pack8(dst[at:], &last, width)
	}
	return dst[:end]
}

// pack8 stores eight numbers in the first width bytes of dst, and zeros in the
// rest of its first 16.
func pack8(dst []byte, v *[8]uint32, width int) {
	w := uint(width)
	lo := uint64(v[0]) | uint64(v[1])<<w | uint64(v[2])<<(2*w) | uint64(v[3])<<(3*w)
	hi := uint64(v[4]) | uint64(v[5])<<w | uint64(v[6])<<(2*w) | uint64(v[7])<<(3*w)
	binary.LittleEndian.PutUint64(dst, lo|hi<<(4*w))
	binary.LittleEndian.PutUint64(dst[8:], hi>>(64-4*w))
}

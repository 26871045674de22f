package parquet

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
)

// levels tells which rows of a column are present. In a flat column a row's
// definition level is 1 when it is, and 0 when it is NULL.
type levels struct {
	rows, nulls int
	// bits has a bit for each row, from bit 0 on, and zeros up to a whole
	// number of 64-bit words. Nil when no row is NULL.
	bits []byte
}

// levels takes the validity bitmap of an array. Its nulls are counted here and
// not asked for: an array counts them on first demand, which is no safe thing to
// do when two columns share one array.
func (e *encoder) levels(arr arrow.Array) levels {
	n, bitmap, offset := arr.Len(), arr.NullBitmapBytes(), arr.Data().Offset()
	if len(bitmap) == 0 {
		return levels{rows: n}
	}
	nulls := n - bitutil.CountSetBits(bitmap, offset, n)
	if nulls == 0 {
		return levels{rows: n}
	}
	e.valid = zeroed(e.valid, (n+63)/64*8)
	bitutil.CopyBitmap(bitmap, offset, n, e.valid, 0)
	return levels{n, nulls, e.valid}
}

// zeroed returns n zero bytes, in b if it is large enough.
func zeroed(b []byte, n int) []byte {
	b = slices.Grow(b[:0], n)[:n]
	clear(b)
	return b
}

// present counts the rows of a range that are.
func (l levels) present(from, to int) int {
	if l.bits == nil {
		return to - from
	}
	return bitutil.CountSetBits(l.bits, from, to-from)
}

// each calls f with the rows that are present, in order.
func (l levels) each(f func(row int)) {
	if l.bits == nil {
		for i := range l.rows {
			f(i)
		}
		return
	}
	for i := 0; i < l.rows; i += 64 {
		for m := l.word(i); m != 0; m &= m - 1 {
			f(i + bits.TrailingZeros64(m))
		}
	}
}

// word returns the bits of 64 rows, the first of which is a multiple of 64.
func (l levels) word(row int) uint64 { return binary.LittleEndian.Uint64(l.bits[row/8:]) }

// append appends the definition levels of a range of rows: the length of what
// follows, then one run, which is the bitmap itself unless all are the same.
func (l levels) append(dst []byte, from, to int) []byte {
	at, n := len(dst), to-from
	dst = append(dst, 0, 0, 0, 0)
	switch l.present(from, to) {
	case n:
		dst = append(binary.AppendUvarint(dst, uint64(n)<<1), 1)
	case 0:
		dst = append(binary.AppendUvarint(dst, uint64(n)<<1), 0)
	default:
		groups := (n + 7) / 8
		dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
		dst = appendBits(dst, l.bits, from, n)
	}
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// appendBits appends n bits of a bitmap, from a bit on, and zeros up to a whole
// byte.
func appendBits(dst, bitmap []byte, from, n int) []byte {
	at := len(dst)
	dst = slices.Grow(dst, (n+7)/8)[:at+(n+7)/8]
	clear(dst[at:])
	bitutil.CopyBitmap(bitmap, from, n, dst[at:], 0)
	return dst
}

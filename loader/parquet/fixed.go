package parquet

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
)

// word is a value of fixed width, as its bits.
type word interface{ uint32 | uint64 }

// errShort says that an array is not what its length says.
var errShort = errors.New("the array's buffers are shorter than its length")

// fixed is the memory in which columns of one width are encoded.
type fixed[W word] struct {
	dense []W
	dict  wordDict[W]
}

// encodeFixed encodes a column of integers, floats, dates or timestamps.
func encodeFixed[W word](e *encoder, f *fixed[W], out *chunk, lv levels, k kind, data arrow.ArrayData) error {
	all, ok := wordsOf[W](data)
	if !ok {
		return errShort
	}
	values := f.present(all, lv)
	if f.dict.build(values) {
		out.stats.words(k, f.dict.keys)
		if !out.stats.known {
			out.stats.nans = countNaNs(f.dict.keys, f.dict.index)
		}
		e.page = appendWords(e.page[:0], f.dict.keys)
		e.flush(out, dictionaryPage, len(f.dict.keys))
		e.indexPages(out, lv, f.dict.index, len(f.dict.keys))
		return nil
	}
	out.stats.words(k, values)
	if !out.stats.known {
		out.stats.nans = countNaNs(values, nil)
	}
	e.pages(out, lv, encPlain, byRows(lv), func(dst []byte, from, to int) []byte {
		return appendWords(dst, values[from:to])
	})
	return nil
}

// wordsOf returns the array's values, those of NULLs included.
func wordsOf[W word](data arrow.ArrayData) ([]W, bool) {
	buf := data.Buffers()[1]
	if buf == nil {
		return nil, false
	}
	all := arrow.GetData[W](buf.Bytes())
	from, to := data.Offset(), data.Offset()+data.Len()
	if len(all) < to {
		return nil, false
	}
	return all[from:to], true
}

// present returns the values that are not NULL: all itself if none is.
func (f *fixed[W]) present(all []W, lv levels) []W {
	if lv.bits == nil {
		return all
	}
	f.dense = slices.Grow(f.dense[:0], lv.rows)[:lv.rows]
	n := 0
	for i := 0; i < lv.rows; i += 64 {
		block := all[i:min(i+64, lv.rows)]
		switch m := lv.word(i); m {
		case 0:
		case ^uint64(0):
			n += copy(f.dense[n:], block)
		default:
			for ; m != 0; m &= m - 1 {
				f.dense[n] = block[bits.TrailingZeros64(m)]
				n++
			}
		}
	}
	return f.dense[:n]
}

// appendWords appends values as the file stores them, low byte first.
func appendWords[W word](dst []byte, values []W) []byte {
	at, size := len(dst), int(unsafe.Sizeof(W(0)))
	dst = slices.Grow(dst, len(values)*size)[:at+len(values)*size]
	b := dst[at:]
	switch values := any(values).(type) {
	case []uint64:
		for i, v := range values {
			binary.LittleEndian.PutUint64(b[i*8:], v)
		}
	case []uint32:
		for i, v := range values {
			binary.LittleEndian.PutUint32(b[i*4:], v)
		}
	}
	return dst
}

// booleans encodes a column of booleans, a bit each.
func (e *encoder) booleans(out *chunk, lv levels, data arrow.ArrayData) error {
	buf := data.Buffers()[1]
	if buf == nil || buf.Len()*8 < data.Offset()+data.Len() {
		return errShort
	}
	bitmap, from, n := buf.Bytes(), data.Offset(), lv.rows-lv.nulls
	if lv.bits != nil {
		e.bits = zeroed(e.bits, (n+7)/8)
		i := 0
		lv.each(func(row int) {
			if bitutil.BitIsSet(bitmap, from+row) {
				bitutil.SetBit(e.bits, i)
			}
			i++
		})
		bitmap, from = e.bits, 0
	}
	out.stats.booleans(n, bitutil.CountSetBits(bitmap, from, n))
	e.pages(out, lv, encPlain, byRows(lv), func(dst []byte, lo, hi int) []byte {
		return appendBits(dst, bitmap, from+lo, hi-lo)
	})
	return nil
}

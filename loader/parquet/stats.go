package parquet

import (
	"bytes"
	"encoding/binary"
	"math"
	"unsafe"
)

// statistics are what a reader may know of a chunk without reading it.
type statistics struct {
	nulls int
	nans  int // of a column of floats
	// min and max are values as the file stores them. known is false when the
	// chunk has none, or none that may be told.
	known    bool
	min, max []byte
}

func (s *statistics) reset() {
	s.nulls, s.nans, s.known, s.min, s.max = 0, 0, false, s.min[:0], s.max[:0]
}

func (s *statistics) append(t *thrift, k kind) {
	t.begin(12)
	t.i64(3, int64(s.nulls))
	if s.known {
		t.binary(5, s.max)
		t.binary(6, s.min)
		t.bool(7, true) // max is a value of the chunk
		t.bool(8, true) // min likewise
	}
	if k == float {
		t.i64(9, int64(s.nans)) // must be told, even if there is none
	}
	t.end()
}

// words takes the least and the greatest of the values, of which there is one
// at least.
func (s *statistics) words(k kind, values any) {
	switch values := values.(type) {
	case []uint32:
		lo, hi := signedBounds(values)
		s.known = true
		s.min = binary.LittleEndian.AppendUint32(s.min, lo)
		s.max = binary.LittleEndian.AppendUint32(s.max, hi)
	case []uint64:
		var lo, hi uint64
		if k == float {
			lo, hi, s.known = floatBounds(values)
		} else {
			lo, hi = signedBounds(values)
			s.known = true
		}
		s.min = binary.LittleEndian.AppendUint64(s.min, lo)
		s.max = binary.LittleEndian.AppendUint64(s.max, hi)
	}
}

// signedBounds orders the values as signed integers.
func signedBounds[W word](values []W) (lo, hi W) {
	sign := W(1) << (unsafe.Sizeof(W(0))*8 - 1)
	lo, hi = ^W(0), 0
	for _, v := range values {
		lo, hi = min(lo, v^sign), max(hi, v^sign)
	}
	return lo ^ sign, hi ^ sign
}

// floatBounds knows none when a value is NaN, which readers order in several
// ways: one that holds NaN for the greatest would pass over the chunk. The two
// zeros are equal to some readers, so a bound that is zero is the outer one.
func floatBounds(values []uint64) (lo, hi uint64, ok bool) {
	least, most := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		f := math.Float64frombits(v)
		least, most = min(least, f), max(most, f) // NaN when f is
	}
	if math.IsNaN(least) {
		return 0, 0, false
	}
	if least == 0 {
		least = math.Copysign(0, -1)
	}
	if most == 0 {
		most = 0
	}
	return math.Float64bits(least), math.Float64bits(most), true
}

// countNaNs counts those among floats, or among the floats that index names.
func countNaNs[W word](floats []W, index []uint32) int {
	isNaN := func(v W) bool { return math.IsNaN(math.Float64frombits(uint64(v))) }
	n := 0
	if index == nil {
		for _, v := range floats {
			if isNaN(v) {
				n++
			}
		}
		return n
	}
	for _, i := range index {
		if isNaN(floats[i]) {
			n++
		}
	}
	return n
}

// booleans takes the bounds of n values, so many of which are true.
func (s *statistics) booleans(n, trues int) {
	s.known = true
	s.min = append(s.min, bit(trues == n))
	s.max = append(s.max, bit(trues > 0))
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// longestBound is how long a text may be to be told as a bound. A longer one is
// left out rather than cut: few readers know that a bound can be no value.
const longestBound = 64

// texts takes the least and the greatest of the texts, by bytes.
func (s *statistics) texts(data []byte, values []span) {
	lo, hi := textBounds(data, values)
	if len(lo) > longestBound || len(hi) > longestBound {
		return
	}
	s.known = true
	s.min = append(s.min, lo...)
	s.max = append(s.max, hi...)
}

func textBounds(data []byte, values []span) (lo, hi []byte) {
	lo = values[0].of(data)
	hi = lo
	least, most := prefix(data, values[0]), prefix(data, values[0])
	for _, v := range values[1:] {
		// Mostly the first eight bytes tell.
		p := prefix(data, v)
		if p <= least && (p < least || bytes.Compare(v.of(data), lo) < 0) {
			lo, least = v.of(data), p
		}
		if p >= most && (p > most || bytes.Compare(v.of(data), hi) > 0) {
			hi, most = v.of(data), p
		}
	}
	return lo, hi
}

// prefix returns the first eight bytes of a text, zeros for those it has not,
// so that prefixes order as texts do unless they are equal.
func prefix(data []byte, s span) uint64 {
	n := int(s.hi - s.lo)
	if int(s.lo)+8 <= len(data) {
		p := binary.BigEndian.Uint64(data[s.lo:])
		if n < 8 {
			p &^= math.MaxUint64 >> (8 * n)
		}
		return p
	}
	var b [8]byte
	copy(b[:], s.of(data))
	return binary.BigEndian.Uint64(b[:])
}

package csv

import (
	"encoding/binary"
	"math/bits"
)

const (
	everyByte = 0x0101010101010101
	highBits  = 0x8080808080808080
	group     = 64 // bytes that are looked at at a time, a bit each
)

// A sweep is the state of a fast scan between two groups.
type sweep struct {
	inside uint64 // all ones within quotes
	before uint64 // 1 if a field may begin: behind a separator, or a closing quote that is doubled
	closed uint64 // 1 behind a closing quote
	cr     uint64 // 1 behind a CR outside of quotes
}

// fast scans records that are written as they should be, and returns where the
// first one begins that it leaves to exact, or that does not end before hi.
//
// It looks for the separators of 64 bytes at once: within quotes there are
// none, and whether a byte is within is the parity of the quotes up to it. That
// is so as long as quotes open at the start of a field only, are doubled
// within, and close at the end: else it stops. The buffer must go on for group
// bytes behind hi.
func (x *index) fast(buf []byte, p, hi int) int {
	first := len(x.starts)
	n := first + 1
	starts := x.starts[:cap(x.starts)]
	starts[first] = uint32(p)
	w := sweep{before: 1}
	odd, cr := uint64(0), x.cr
	for at := p; at < hi && n+group+8 <= len(starts); at += group {
		b := (*[group]byte)(buf[at:])
		seps, ends, special := x.separators(b)
		if left := hi - at; left < group {
			seps &= 1<<left - 1
			ends &= 1<<left - 1
		}
		if special|w.inside|w.closed|cr != 0 {
			if seps, ends, odd = w.quotes(x.masks(b, hi-at), seps, ends); odd != 0 {
				break
			}
		} else {
			w.before = seps >> 63
		}
		base := uint32(at + 1)
		for m, k := seps, n; m != 0; k += 4 {
			to := starts[k : k+4 : k+4]
			to[0] = base + uint32(bits.TrailingZeros64(m))
			m &= m - 1
			to[1] = base + uint32(bits.TrailingZeros64(m))
			m &= m - 1
			to[2] = base + uint32(bits.TrailingZeros64(m))
			m &= m - 1
			to[3] = base + uint32(bits.TrailingZeros64(m))
			m &= m - 1
		}
		for m := ends; m != 0; m &= m - 1 {
			bit := bits.TrailingZeros64(m)
			next := n + bits.OnesCount64(seps&(1<<bit-1))
			end := at + bit
			if start := int(starts[first]); end > start && buf[end-1] == '\r' {
				end--
			}
			if end-p > x.maxRecord {
				at = hi // for exact to say what is wrong
				break
			}
			x.records = append(x.records, record{uint32(first), int32(next - first), uint32(end)})
			first, p = next, at+bit+1
		}
		n += bits.OnesCount64(seps)
	}
	if first > len(x.starts) {
		x.starts = starts[:first+1]
	}
	return p
}

// separators tells which bytes are delimiters or ends of lines, and which are
// ends of lines, quotes left aside; and whether there is a quote among them.
func (x *index) separators(b *[group]byte) (seps, ends, special uint64) {
	delim, quote := x.delims, x.quotes
	for i := 0; i < group; i += 8 {
		w := binary.LittleEndian.Uint64(b[i : i+8])
		low, ascii := w&^highBits, ^(w | ^uint64(highBits))
		// A byte of low that equals c gives 0x80 - 0, every other less than 0x80.
		end := (highBits - (low ^ everyByte*'\n')) & ascii
		sep := (highBits-(low^delim))&ascii | end
		special |= (highBits - (low ^ quote)) & ascii
		// Multiplying brings the eight high bits together in the top byte.
		seps = seps>>8 | sep*gather&(0xff<<56)
		ends = ends>>8 | end*gather&(0xff<<56)
	}
	return seps, ends, special
}

// gather is such that a word of high bits times it has them in its top byte.
const gather = 0x0002040810204081

// masks are the bytes of a group that are special.
type masks struct{ quote, cr, lf uint64 }

func (x *index) masks(b *[group]byte, left int) (m masks) {
	const lf, cr = everyByte * '\n', everyByte * '\r'
	for i := 0; i < group; i += 8 {
		w := binary.LittleEndian.Uint64(b[i : i+8])
		low := w &^ highBits
		ascii := ^w & highBits
		m.quote = m.quote>>8 | ((highBits-(low^x.quotes))&ascii)*gather&(0xff<<56)
		m.cr = m.cr>>8 | ((highBits-(low^cr))&ascii)*gather&(0xff<<56)
		m.lf = m.lf>>8 | ((highBits-(low^lf))&ascii)*gather&(0xff<<56)
	}
	if x.quote == 0 {
		m.quote = 0
	}
	if left < group {
		mask := uint64(1)<<left - 1
		m.quote, m.cr, m.lf = m.quote&mask, m.cr&mask, m.lf&mask
	}
	return m
}

// quotes takes out the separators within quotes. odd is not 0 if a quote or a
// CR stands where exact must decide.
func (w *sweep) quotes(m masks, seps, ends uint64) (_, _, odd uint64) {
	in := m.quote
	in ^= in << 1
	in ^= in << 2
	in ^= in << 4
	in ^= in << 8
	in ^= in << 16
	in ^= in << 32
	in ^= w.inside // an opening quote is inside, a closing one is not
	opens, closes := m.quote&in, m.quote&^in
	cr := m.cr &^ in
	seps, ends = seps&^in, ends&^in

	odd = opens &^ ((seps|closes)<<1 | w.before)
	odd |= (closes<<1 | w.closed) &^ (seps | opens | cr)
	odd |= (cr<<1 | w.cr) &^ ends
	w.inside = -(in >> 63)
	w.before, w.closed, w.cr = (seps|closes)>>63, closes>>63, cr>>63
	return seps, ends, odd
}

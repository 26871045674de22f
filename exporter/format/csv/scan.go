package csv

import (
	"bytes"
	"unicode/utf8"
)

// scan indexes the records of buf[lo:hi], as many as there is room for and as
// end before hi, and returns where the next one begins.
func (x *index) scan(buf []byte, lo, hi int, eof bool) int {
	start, left := lo, false
	x.seen, x.nul = 0, 0
	for lo < hi && x.room() {
		if x.regular {
			lo = x.sweep(buf, lo, hi, eof)
			if lo == hi || !x.room() {
				break
			}
		}
		next := x.exact(buf[:hi], lo, eof)
		if next < 0 {
			break
		}
		lo, left = next, true
		if x.cutShort() {
			break
		}
	}
	text := buf[start:lo]
	// What fast has seen may lie behind lo.
	x.clean = (!left && x.seen&highBits == 0 || utf8.Valid(text)) && (!left && x.nul == 0 || bytes.IndexByte(text, 0) < 0)
	return lo
}

// sweep is fast, with a last line that nothing ends.
func (x *index) sweep(buf []byte, lo, hi int, eof bool) int {
	if !eof || buf[hi-1] == '\n' || buf[hi-1] == '\r' {
		return x.fast(buf, lo, hi)
	}
	buf[hi] = '\n'
	return min(x.fast(buf, lo, hi+1), hi)
}

// cutShort reports whether the last record was too large, so that the rest of
// its line is to be passed over.
func (x *index) cutShort() bool {
	n := len(x.records)
	return n > 0 && x.records[n-1].fields == tooLarge
}

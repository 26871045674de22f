package csv

import "bytes"

// prepare is called for a buffer's content before it is scanned.
func (x *index) prepare(text []byte) {
	x.cr = 0
	if bytes.IndexByte(text, '\r') >= 0 {
		x.cr = 1
	}
}

// scan indexes the records of buf[lo:hi], as many as there is room for and as
// end before hi, and returns where the next one begins.
func (x *index) scan(buf []byte, lo, hi int, eof bool) int {
	start := lo
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
		if lo = next; x.cutShort() {
			break
		}
	}
	x.clean = valid(buf[start:lo])
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

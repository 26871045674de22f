package csv

// scan indexes the records of buf[lo:hi], as many as there is room for and as
// end before hi, and returns where the next one begins.
func (x *index) scan(buf []byte, lo, hi int, eof bool) int {
	for lo < hi && x.room() {
		next := x.exact(buf[:hi], lo, eof)
		if next < 0 {
			break
		}
		lo = next
		if x.cutShort() {
			break
		}
	}
	return lo
}

// cutShort reports whether the last record was too large, so that the rest of
// its line is to be passed over.
func (x *index) cutShort() bool {
	n := len(x.records)
	return n > 0 && x.records[n-1].fields == tooLarge
}

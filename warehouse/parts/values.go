package parts

import (
	"encoding/binary"

	"github.com/apache/arrow/go/v15/arrow/bitutil"
)

// takeWords takes eight bytes for each of n rows, so many of which are present.
func (l *leaf) takeWords(n, present int) error {
	l.words = sized(l.words, n)
	switch {
	case l.coded:
		if err := l.takeIndex(present); err != nil {
			return err
		}
		for i, number := range l.index {
			l.words[i] = binary.LittleEndian.Uint64(l.dictPage[int(number)*8:])
		}
	case len(l.values)/8 < present:
		return errEnds
	default:
		values := l.values[:present*8]
		l.values = l.values[present*8:]
		for i := range l.words[:present] {
			l.words[i] = binary.LittleEndian.Uint64(values[i*8:])
		}
	}
	spread(l.words, l.valid, present)
	return nil
}

// takeDates takes four bytes for each.
func (l *leaf) takeDates(n, present int) error {
	l.small = sized(l.small, n)
	switch {
	case l.coded:
		if err := l.takeIndex(present); err != nil {
			return err
		}
		for i, number := range l.index {
			l.small[i] = binary.LittleEndian.Uint32(l.dictPage[int(number)*4:])
		}
	case len(l.values)/4 < present:
		return errEnds
	default:
		values := l.values[:present*4]
		l.values = l.values[present*4:]
		for i := range l.small[:present] {
			l.small[i] = binary.LittleEndian.Uint32(values[i*4:])
		}
	}
	spread(l.small, l.valid, present)
	return nil
}

// takeIndex takes numbers of entries of the dictionary for so many values.
func (l *leaf) takeIndex(present int) error {
	l.index = sized(l.index, present)
	return l.numbers.read(l.index, l.entries)
}

// takeNumbers takes a number for each of n rows; those of NULLs mean nothing.
func (l *leaf) takeNumbers(n, present int) error {
	l.small = sized(l.small, n)
	err := l.numbers.read(l.small[:present], l.entries)
	spread(l.small, l.valid, present)
	return err
}

// spread puts the first values of a slice, as many as are present, to the rows
// that are not NULL. Rows that are get any other's value, or none.
func spread[W word](values []W, valid []byte, present int) {
	if present == len(values) {
		return
	}
	clear(values[present:])
	for i := len(values) - 1; i >= 0; i-- {
		present -= int(valid[i>>3]>>(i&7)) & 1
		values[i] = values[present]
	}
}

// word is a value of fixed width, as its bits.
type word interface{ uint32 | uint64 }

// takeBits takes a boolean for each of n rows.
func (l *leaf) takeBits(n, present int) error {
	if len(l.values)*8-l.bit < present {
		return errEnds
	}
	l.bits = sized(l.bits, (n+7)/8)
	clear(l.bits)
	if present == n {
		bitutil.CopyBitmap(l.values, l.bit, n, l.bits, 0)
		l.bit += n
		return nil
	}
	for i := range n {
		if bitutil.BitIsSet(l.valid, i) {
			if bitutil.BitIsSet(l.values, l.bit) {
				bitutil.SetBit(l.bits, i)
			}
			l.bit++
		}
	}
	return nil
}

// takeTexts takes a text for each of n rows, that of a NULL is empty.
func (l *leaf) takeTexts(n, present int) (err error) {
	valid := l.valid
	if present == n {
		valid = nil
	}
	l.values, err = l.texts.take(l.values, valid, n)
	return err
}

// take takes n texts, each of which stands after its length, but for those that
// are not valid, nil = all are. It returns what is left of the bytes.
func (t *texts) take(from, valid []byte, n int) ([]byte, error) {
	t.ends = sized(t.ends, n+1)
	t.bytes = sized(t.bytes, 0)
	for i := range n {
		t.ends[i] = int32(len(t.bytes))
		if valid != nil && !bitutil.BitIsSet(valid, i) {
			continue
		}
		if len(from) < 4 {
			return from, errEnds
		}
		length := uint64(binary.LittleEndian.Uint32(from))
		if from = from[4:]; length > uint64(len(from)) {
			return from, errEnds
		}
		t.bytes = append(t.bytes, from[:length]...) // a page is shorter than 2 GiB, and so are they
		from = from[length:]
	}
	t.ends[n] = int32(len(t.bytes))
	return from, nil
}

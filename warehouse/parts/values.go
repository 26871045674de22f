package parts

import (
	"encoding/binary"
	"math"

	"github.com/apache/arrow/go/v15/arrow/bitutil"
)

// takeFixed takes a value of fixed width for each of n rows into a slice, so many
// of which are present, and returns it.
func takeFixed[W word](l *leaf, into []W, n, present int) ([]W, error) {
	into = sized(into, n)
	if l.coded {
		if err := l.takeIndex(present); err != nil {
			return into, err
		}
		entries := l.dictPage
		for i, number := range l.index {
			into[i] = wordAt[W](entries, int(number))
		}
	} else {
		size := present * width[W]()
		if len(l.values) < size {
			return into, errEnds
		}
		values := l.values[:size]
		l.values = l.values[size:]
		for i := range into[:present] {
			into[i] = wordAt[W](values, i)
		}
	}
	spread(into, l.valid, present)
	return into, nil
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

// width is that of a value in bytes.
func width[W word]() int {
	if uint64(^W(0)) == math.MaxUint32 {
		return 4
	}
	return 8
}

// wordAt is the i-th of values that are stored one after the other. Which of the
// two it is, the compiler decides.
func wordAt[W word](values []byte, i int) W {
	if width[W]() == 4 {
		return W(binary.LittleEndian.Uint32(values[i*4:]))
	}
	return W(binary.LittleEndian.Uint64(values[i*8:]))
}

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

package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// windowSize is how many entries of a column are decoded at a time: few enough
// to stay in the processor's cache.
const windowSize = 2048

// A leaf is a column of primitive values. It is read as entries, each with its
// definition and repetition level (see the Dremel paper, or "Nested Encoding"
// in the format's documentation): a value if the definition level is maxDef,
// else a NULL or an empty list somewhere above it.
type leaf struct {
	element
	path           string
	maxDef, maxRep uint32

	pager  *pager
	left   int64 // entries left of the page
	reps   hybrid
	defs   hybrid
	dict   *dictionary
	values values
	last   []byte // the last value, see prefixed

	// The window of decoded entries. Levels are absent where they can only be 0.
	n, at  int // entries, and the next of them
	val    int // the next value
	rep    []uint32
	def    []uint32
	nums   []uint64
	bins   [][]byte
	filled int // values
}

// binary reports whether values are slices of bytes.
func (l *leaf) binary() bool {
	return l.phys == physBytes || l.phys == physFixed || l.phys == physInt96
}

// open goes to the start of a chunk.
func (l *leaf) open(r io.ReaderAt, c *chunk, codecs *codecs, b *budget) error {
	if c.phys != l.phys {
		return errors.New("its type differs between schema and row group: the file is damaged")
	}
	codec, err := codecs.get(c.codec)
	if err != nil {
		return err
	}
	at := c.start()
	l.pager = &pager{r: r, at: at, end: at + c.compressed, codec: codec, budget: b}
	l.left, l.n, l.at, l.val, l.filled = 0, 0, 0, 0, 0
	l.dict, l.values, l.last = nil, nil, nil
	return nil
}

func (l *leaf) close() {
	if l.pager != nil {
		l.pager.free()
		l.pager = nil
	}
}

// fill makes sure that there is an entry in the window. io.EOF at the end of
// the chunk.
func (l *leaf) fill() error {
	if l.at < l.n {
		return nil
	}
	for l.left == 0 {
		if err := l.page(); err != nil {
			return err
		}
	}
	n := int(min(l.left, windowSize))
	l.left -= int64(n)
	l.n, l.at, l.val, l.filled = n, 0, 0, n
	if l.maxRep > 0 {
		if err := levels(&l.reps, &l.rep, n, l.maxRep); err != nil {
			return err
		}
	}
	if l.maxDef > 0 {
		if err := levels(&l.defs, &l.def, n, l.maxDef); err != nil {
			return err
		}
		l.filled = 0
		for _, d := range l.def[:n] {
			if d == l.maxDef {
				l.filled++
			}
		}
	}
	if l.binary() {
		l.bins = sized(l.bins, l.filled)
		return l.values.slices(l.bins)
	}
	l.nums = sized(l.nums, l.filled)
	return l.values.numbers(l.nums)
}

// levels reads n levels into *dst.
func levels(h *hybrid, dst *[]uint32, n int, highest uint32) error {
	*dst = sized(*dst, n)
	if err := h.read(*dst); err != nil {
		return err
	}
	for _, v := range *dst {
		if v > highest {
			return errors.New("a page holds a level that its schema does not have")
		}
	}
	return nil
}

func sized[T any](b []T, n int) []T {
	if cap(b) < n {
		return make([]T, n, windowSize)
	}
	return b[:n]
}

// page goes to the next page of values.
func (l *leaf) page() error {
	h, data, err := l.pager.next()
	if err != nil {
		return err
	}
	switch h.typ {
	case pageDict:
		if l.dict != nil {
			return errors.New("it has two dictionaries: the file is damaged")
		}
		l.dict, err = newDictionary(l, h, data)
		return err
	case pageData:
		if data, err = levelsV1(&l.reps, data, l.maxRep, h.repEncoding, h.values); err == nil {
			data, err = levelsV1(&l.defs, data, l.maxDef, h.defEncoding, h.values)
		}
	case pageDataV2:
		l.reps = hybrid{b: data[:h.repBytes], width: levelWidth(l.maxRep)}
		data = data[h.repBytes:]
		l.defs = hybrid{b: data[:h.defBytes], width: levelWidth(l.maxDef)}
		data = data[h.defBytes:]
	default:
		return nil // an index, or what later versions have
	}
	if err != nil {
		return err
	}
	l.left = h.values
	l.values, err = newValues(l, h.encoding, data)
	return err
}

// levelsV1 sets h to the levels that a page of version 1 begins with, and
// returns what follows them.
func levelsV1(h *hybrid, data []byte, highest uint32, encoding int, n int64) ([]byte, error) {
	if highest == 0 {
		return data, nil
	}
	width := levelWidth(highest)
	switch encoding {
	case encRLE:
		if len(data) < 4 {
			return nil, errShort
		}
		size := binary.LittleEndian.Uint32(data)
		if uint64(size) > uint64(len(data)-4) {
			return nil, errShort
		}
		*h = hybrid{b: data[4 : 4+size], width: width}
		return data[4+size:], nil
	case encBitPacked:
		return nil, errors.New("a page has levels in the BIT_PACKED encoding, which went out of use in 2013: write it anew")
	}
	return nil, fmt.Errorf("a page has levels in the unknown encoding %d", encoding)
}

func levelWidth(highest uint32) uint { return uint(bits.Len32(highest)) }

// peek returns the levels of the next entry. At the end of the chunk there is
// none, and a new record could begin.
func (l *leaf) peek() (def, rep uint32, err error) {
	if l.at == l.n {
		if err := l.fill(); err != nil {
			return 0, 0, err
		}
	}
	def = l.maxDef
	if l.maxDef > 0 {
		def = l.def[l.at]
	}
	if l.maxRep > 0 {
		rep = l.rep[l.at]
	}
	return def, rep, nil
}

// pass goes beyond the next entry, which peek has shown.
func (l *leaf) pass(def uint32) {
	l.at++
	if def == l.maxDef {
		l.val++
	}
}

// drop passes over n records.
func (l *leaf) drop(n int64) error {
	for ; n > 0; n-- {
		def, _, err := l.peek()
		if err != nil {
			return err
		}
		l.pass(def)
		for l.maxRep > 0 {
			def, rep, err := l.peek()
			if err == io.EOF || err == nil && rep == 0 {
				break
			}
			if err != nil {
				return err
			}
			l.pass(def)
		}
	}
	return nil
}

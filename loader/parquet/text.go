package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
)

// A span is a text: bytes lo <= i < hi of the column's data.
type span struct{ lo, hi int32 }

func (s span) of(data []byte) []byte { return data[s.lo:s.hi] }

// size is what the text takes in a PLAIN page.
func (s span) size() int { return 4 + int(s.hi-s.lo) }

// longestText bounds a single value, so that a page of it alone can be told in
// the format's 32 bits whatever a codec makes of it.
const longestText = 1 << 30

// texts is the memory in which text columns are encoded.
type texts struct {
	data []byte
	all  []span
	keys []span
	dict textDict
}

// strings encodes a column of texts.
func (e *encoder) strings(out *chunk, lv levels, data arrow.ArrayData) error {
	x := &e.texts
	if !x.take(data, lv) {
		return errShort
	}
	if x.dict.build(x.data, x.all) {
		return e.dictStrings(out, lv)
	}
	if i, err := checkTexts(x.data, x.all); err != nil {
		return fmt.Errorf("row %d: %w", lv.row(i), err)
	}
	out.stats.texts(x.data, x.all)
	e.pages(out, lv, encPlain, x.byBytes(lv), func(dst []byte, from, to int) []byte {
		return appendTexts(dst, x.data, x.all[from:to])
	})
	return nil
}

// dictStrings encodes a column of texts that its dictionary has numbered.
func (e *encoder) dictStrings(out *chunk, lv levels) error {
	x := &e.texts
	keys := x.keys[:0]
	for _, k := range x.dict.keys {
		keys = append(keys, k.span)
	}
	x.keys = keys
	if i, err := checkTexts(x.data, keys); err != nil {
		return fmt.Errorf("row %d: %w", lv.row(slices.Index(x.dict.index, uint32(i))), err)
	}
	out.stats.texts(x.data, keys)
	e.page = appendTexts(e.page[:0], x.data, keys)
	e.flush(out, dictionaryPage, len(keys))
	e.indexPages(out, lv, x.dict.index, len(keys))
	return nil
}

// take notes where the texts that are present lie. It reports false for an array
// that is shorter than it says.
func (x *texts) take(data arrow.ArrayData, lv levels) bool {
	if data.DataType().ID() == arrow.DICTIONARY {
		return x.takeNumbered(data, lv)
	}
	offsets, ok := x.open(data, lv.rows)
	if !ok {
		return false
	}
	x.all = slices.Grow(x.all[:0], lv.rows)[:lv.rows]
	if lv.bits == nil {
		for i := range x.all {
			x.all[i] = span{offsets[i], offsets[i+1]}
		}
		return true
	}
	n := 0
	for i := 0; i < lv.rows; i += 64 {
		for m := lv.word(i); m != 0; m &= m - 1 {
			row := i + bits.TrailingZeros64(m)
			x.all[n] = span{offsets[row], offsets[row+1]}
			n++
		}
	}
	x.all = x.all[:n]
	return true
}

// open points to the bytes of n texts and returns where each begins and the last
// ends.
func (x *texts) open(data arrow.ArrayData, n int) (offsets []int32, ok bool) {
	x.data = nil
	if b := data.Buffers()[2]; b != nil {
		x.data = b.Bytes()
	}
	b := data.Buffers()[1]
	if b == nil {
		return nil, false
	}
	offsets = arrow.Int32Traits.CastFromBytes(b.Bytes())
	if len(offsets) < data.Offset()+n+1 {
		return nil, false
	}
	offsets = offsets[data.Offset():][:n+1]
	return offsets, offsets[0] >= 0 && int(offsets[n]) <= len(x.data) && slices.IsSorted(offsets)
}

// takeNumbered takes texts that stand in a dictionary.
func (x *texts) takeNumbered(data arrow.ArrayData, lv levels) bool {
	dict, b := data.Dictionary(), data.Buffers()[1]
	if b == nil || b.Len() < data.Offset()+lv.rows {
		return false
	}
	offsets, ok := x.open(dict, dict.Len())
	if !ok {
		return false
	}
	numbers := arrow.Int8Traits.CastFromBytes(b.Bytes())[data.Offset():]
	x.all = slices.Grow(x.all[:0], lv.rows)
	lv.each(func(row int) {
		n := int(numbers[row])
		if n < 0 || n >= dict.Len() {
			ok = false
			return
		}
		x.all = append(x.all, span{offsets[n], offsets[n+1]})
	})
	return ok
}

// byBytes cuts pages by the bytes of their texts.
func (x *texts) byBytes(lv levels) func(row, value int) int {
	size := 0
	for _, v := range x.all {
		size += v.size()
	}
	if size <= pageBytes {
		return byRows(lv)
	}
	return func(row, value int) int {
		last := min(row+pageRows, lv.rows)
		size := 0
		for end := row; end < last; end++ {
			if lv.present(end, end+1) == 0 {
				continue
			}
			size += x.all[value].size()
			if size > pageBytes && end > row {
				return end
			}
			value++
		}
		return last
	}
}

// appendTexts appends texts as the file stores them: each after its length.
func appendTexts(dst, data []byte, values []span) []byte {
	size := 0
	for _, v := range values {
		size += v.size()
	}
	at := len(dst)
	dst = slices.Grow(dst, size)[:at+size]
	for _, v := range values {
		binary.LittleEndian.PutUint32(dst[at:], uint32(v.hi-v.lo))
		at += 4 + copy(dst[at+4:], v.of(data))
	}
	return dst
}

// checkTexts returns the index of the first text that the file cannot hold, and
// what is wrong with it.
func checkTexts(data []byte, values []span) (int, error) {
	ascii := isASCII(data[values[0].lo:values[len(values)-1].hi])
	for i, v := range values {
		if v.hi-v.lo > longestText {
			return i, fmt.Errorf("a text of %d bytes is longer than %d", v.hi-v.lo, longestText)
		}
		if !ascii && !utf8.Valid(v.of(data)) {
			return i, errors.New("the text is not UTF-8")
		}
	}
	return 0, nil
}

func isASCII(b []byte) bool {
	const high = 0x8080808080808080
	for ; len(b) >= 32; b = b[32:] {
		if (binary.LittleEndian.Uint64(b)|binary.LittleEndian.Uint64(b[8:])|
			binary.LittleEndian.Uint64(b[16:])|binary.LittleEndian.Uint64(b[24:]))&high != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// row returns the row of a present value.
func (l levels) row(value int) int {
	at := -1
	l.each(func(row int) {
		if value == 0 {
			at = row
		}
		value--
	})
	return at
}

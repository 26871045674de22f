package parquet

import (
	"hash/crc32"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
)

// A chunk is one column of one row group, encoded.
type chunk struct {
	bytes     []byte // the pages with their headers, as they stand in the file
	raw       int64  // how many bytes that would be without compression
	dictBytes int64  // how many of bytes are the dictionary page; 0 = there is none
	rows      int
	stats     statistics
}

func (c *chunk) reset(rows int) {
	c.bytes, c.raw, c.dictBytes, c.rows = c.bytes[:0], 0, 0, rows
	c.stats.reset()
}

// How large a data page may get before the next one begins. A single value
// larger than that has a page of its own.
const (
	pageBytes = 8 << 20
	pageRows  = 1 << 20
)

// An encoder makes chunks, one at a time, in memory that it uses again.
type encoder struct {
	codec  compressor
	header thrift
	page   []byte // the page being filled
	valid  []byte // see levels.bits
	bits   []byte // present booleans
	words  fixed[uint64]
	halves fixed[uint32]
	texts  texts
}

// encode encodes the array, which is of that kind, into out.
func (e *encoder) encode(out *chunk, k kind, arr arrow.Array) error {
	out.reset(arr.Len())
	lv := e.levels(arr)
	out.stats.nulls = lv.nulls
	if lv.nulls == lv.rows {
		// Its values need not even have a buffer.
		e.pages(out, lv, encPlain, byRows(lv), func(dst []byte, _, _ int) []byte { return dst })
		return nil
	}
	switch k {
	case boolean:
		return e.booleans(out, lv, arr.Data())
	case text:
		return e.strings(out, lv, arr.Data())
	case date:
		return encodeFixed(e, &e.halves, out, lv, k, arr.Data())
	}
	return encodeFixed(e, &e.words, out, lv, k, arr.Data())
}

// pages writes the column's rows as data pages: cut tells where the page that
// begins with a row and a present value ends, in rows, and values appends a
// range of the present values.
func (e *encoder) pages(out *chunk, lv levels, encoding int32,
	cut func(row, value int) int, values func(dst []byte, from, to int) []byte) {
	for row, value := 0, 0; row < lv.rows; {
		end := cut(row, value)
		next := value + lv.present(row, end)
		e.page = lv.append(e.page[:0], row, end)
		e.page = values(e.page, value, next)
		e.flush(out, encoding, end-row)
		row, value = end, next
	}
}

// byRows cuts pages of values that are at most 8 bytes each.
func byRows(lv levels) func(row, value int) int {
	return func(row, _ int) int { return min(row+pageRows, lv.rows) }
}

// dictionaryPage is the encoding that tells flush to write a dictionary page.
// It is no encoding of the file format.
const dictionaryPage = -1

// flush writes the page that has been filled, after its header.
func (e *encoder) flush(out *chunk, encoding int32, rows int) {
	stored := e.codec.compress(e.page)
	t := &e.header
	t.buf = t.buf[:0]
	t.beginElement()
	if encoding == dictionaryPage {
		t.i32(1, 2) // DICTIONARY_PAGE
	} else {
		t.i32(1, 0) // DATA_PAGE
	}
	t.i32(2, int32(len(e.page)))
	t.i32(3, int32(len(stored)))
	t.i32(4, int32(crc32.ChecksumIEEE(stored)))
	if encoding == dictionaryPage {
		t.begin(7)
		t.i32(1, int32(rows))
		t.i32(2, encPlain)
	} else {
		t.begin(5)
		t.i32(1, int32(rows))
		t.i32(2, encoding)
		t.i32(3, encRLE) // definition levels
		t.i32(4, encRLE) // repetition levels, of which there are none
	}
	t.end()
	t.end()
	out.bytes = slices.Grow(out.bytes, len(t.buf)+len(stored))
	out.bytes = append(out.bytes, t.buf...)
	out.bytes = append(out.bytes, stored...)
	out.raw += int64(len(t.buf) + len(e.page))
	if encoding == dictionaryPage {
		out.dictBytes = int64(len(out.bytes))
	}
}

// release forgets the record, and reports whether the memory that is left is
// worth keeping.
func (e *encoder) release() bool {
	e.texts.data = nil
	const perRow = 8 + 4 // a value and its number
	rows := cap(e.words.dense) + cap(e.halves.dense) + cap(e.texts.all) +
		cap(e.words.dict.index) + cap(e.halves.dict.index) + cap(e.texts.dict.index)
	return cap(e.page)+cap(e.codec.buf)+rows*perRow <= keepBytes
}

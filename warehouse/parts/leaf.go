package parts

import (
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet/metadata"
)

// A kind is how values of a column are stored.
type kind int

const (
	kindNone kind = iota
	kindBool
	kindWord // eight bytes: int64, float64, timestamp
	kindDate // four
	kindText
)

func kindOf(t arrow.DataType) kind {
	switch t.ID() {
	case arrow.BOOL:
		return kindBool
	case arrow.INT64, arrow.FLOAT64, arrow.TIMESTAMP:
		return kindWord
	case arrow.DATE32:
		return kindDate
	case arrow.STRING:
		return kindText
	}
	return kindNone
}

// numberedText is the type of texts that stand in a dictionary.
var numberedText = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint32, ValueType: arrow.BinaryTypes.String}

// nulls says which rows of a page are NULL.
type nulls int

const (
	nullNone nulls = iota
	nullSome
	nullAll
)

// A leaf is a column being read: its dictionary and the page at hand. What it
// hands out stands in memory that it uses again.
type leaf struct {
	kind kind
	span span // of the pages that come next

	coded     bool // there is a dictionary
	entries   int
	dictPage  []byte        // words and dates as they are stored
	dict      *array.String // texts; nil = no dictionary
	dictTexts texts

	page    []byte
	rows    int // left of the page
	nulls   nulls
	bitmap  []byte  // a bit for each row of the page that is not NULL, where some are
	row     int     // the next one's
	values  []byte  // PLAIN values that come next
	bit     int     // the next of them, if they are booleans
	numbers numbers // or what comes next of the dictionary

	valid []byte
	words []uint64
	small []uint32 // dates, and numbers of entries
	index []uint32 // numbers of entries that are looked up
	bits  []byte
	texts texts
}

// texts are texts one after the other: the i-th is bytes[ends[i]:ends[i+1]].
type texts struct {
	ends  []int32
	bytes []byte
}

// begin begins a column of a row group.
func (l *leaf) begin(c *metadata.ColumnChunkMetaData, rows int64, p *pages) error {
	l.span = span{c.DataPageOffset(), c.DataPageOffset(), c.Compression()}
	if l.coded, l.dict, l.rows = c.HasDictionaryPage(), nil, 0; l.coded {
		l.span.at = c.DictionaryPageOffset()
	}
	size := c.TotalCompressedSize()
	if l.span.at < 0 || size < 0 || size > p.size || l.span.at > p.size-size || c.NumValues() != rows {
		return errDamaged
	}
	if l.span.end = l.span.at + size; !l.coded {
		return nil
	}
	h, page, err := p.fetch(&l.span, l.dictPage)
	if l.dictPage = page; err != nil {
		return err
	}
	return l.openDict(h)
}

// openDict begins with the dictionary that was fetched.
func (l *leaf) openDict(h head) error {
	l.entries = h.rows
	width := map[kind]int{kindWord: 8, kindDate: 4, kindText: 4}[l.kind] // of a text, the least
	whole := width > 0 && l.entries <= len(l.dictPage)/width && (l.kind == kindText || l.entries*width == len(l.dictPage))
	switch {
	case !h.dict || h.encoding != encPlain || !whole:
		return fmt.Errorf("%w: a dictionary is none", errDamaged)
	case l.kind == kindText:
		return l.openTexts()
	}
	return nil
}

func (l *leaf) openTexts() error {
	left, err := l.dictTexts.take(l.dictPage, nil, l.entries)
	if err != nil || len(left) > 0 {
		return errEnds
	}
	t := &l.dictTexts
	data := array.NewData(arrow.BinaryTypes.String, l.entries, []*memory.Buffer{nil,
		memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(t.ends)), memory.NewBufferBytes(t.bytes)}, nil, 0, 0)
	l.dict = array.NewStringData(data)
	return nil
}

// turn makes sure that there is a page with rows.
func (l *leaf) turn(p *pages) error {
	for l.rows == 0 {
		h, page, err := p.fetch(&l.span, l.page)
		if l.page = page; err != nil {
			return err
		}
		if err := l.open(h); err != nil {
			return err
		}
	}
	return nil
}

// open begins a page of data: levels, which tell what is NULL, then values.
func (l *leaf) open(h head) error {
	l.rows, l.row, l.bit = h.rows, 0, 0
	rest, err := l.levels(h.rows)
	if err != nil {
		return err
	}
	l.values = rest
	switch {
	case l.coded && !h.dict && h.encoding == encRLEDictionary:
		return l.numbers.open(rest)
	case l.coded || h.dict || h.encoding != encPlain:
		return fmt.Errorf("%w: a page has the encoding %d", errDamaged, h.encoding)
	}
	return nil
}

// levels reads the one run of definition levels of a page: all 1, all 0, or the
// bitmap of what is not NULL.
func (l *leaf) levels(rows int) (rest []byte, err error) {
	if len(l.page) < 4 {
		return nil, errEnds
	}
	size, rest := uint64(binary.LittleEndian.Uint32(l.page)), l.page[4:]
	if size > uint64(len(rest)) {
		return nil, errEnds
	}
	run, rest := rest[:size], rest[size:]
	head, n := binary.Uvarint(run)
	if n <= 0 {
		return nil, errEnds
	}
	run = run[n:]
	switch packed := head&1 == 1; {
	case packed && (head>>1 != uint64(rows+7)/8 || uint64(len(run)) != head>>1),
		!packed && (head>>1 != uint64(rows) || len(run) != 1 || run[0] > 1):
		return nil, fmt.Errorf("%w: the levels of a page are not one run", errDamaged)
	case packed:
		l.nulls, l.bitmap = nullSome, run
	case run[0] == 1:
		l.nulls = nullNone
	default:
		l.nulls = nullAll
	}
	return rest, nil
}

// take returns the next n rows, which the page has, as an array.
func (l *leaf) take(t arrow.DataType, n int) (arrow.Array, error) {
	present := n
	var valid *memory.Buffer
	if l.nulls != nullNone {
		present = l.takeValid(n)
		valid = memory.NewBufferBytes(l.valid)
	}
	buffers := []*memory.Buffer{valid, nil}
	var err error
	switch {
	case l.kind == kindText && l.dict == nil:
		err = l.takeTexts(n, present)
		buffers[1] = memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(l.texts.ends))
		buffers = append(buffers, memory.NewBufferBytes(l.texts.bytes))
	case l.kind == kindText:
		err = l.takeNumbers(n, present)
		buffers[1] = memory.NewBufferBytes(arrow.Uint32Traits.CastToBytes(l.small))
	case l.kind == kindBool:
		err = l.takeBits(n, present)
		buffers[1] = memory.NewBufferBytes(l.bits)
	case l.kind == kindDate:
		l.small, err = takeFixed(l, l.small, n, present)
		buffers[1] = memory.NewBufferBytes(arrow.Uint32Traits.CastToBytes(l.small))
	default:
		l.words, err = takeFixed(l, l.words, n, present)
		buffers[1] = memory.NewBufferBytes(arrow.Uint64Traits.CastToBytes(l.words))
	}
	if err != nil {
		return nil, err
	}
	l.row += n
	l.rows -= n
	if l.dict != nil {
		return array.NewDictionaryData(array.NewDataWithDictionary(numberedText, n, buffers, n-present, 0, l.dict.Data().(*array.Data))), nil
	}
	return array.MakeFromData(array.NewData(t, n, buffers, nil, n-present, 0)), nil
}

// takeValid takes the bits of the next n rows, and returns how many of them are
// not NULL.
func (l *leaf) takeValid(n int) int {
	l.valid = sized(l.valid, (n+7)/8)
	clear(l.valid)
	if l.nulls == nullAll {
		return 0
	}
	bitutil.CopyBitmap(l.bitmap, l.row, n, l.valid, 0)
	return bitutil.CountSetBits(l.valid, 0, n)
}

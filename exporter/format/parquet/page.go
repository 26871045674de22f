package parquet

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

const (
	pageData   = 0
	pageDict   = 2
	pageDataV2 = 3

	maxPage   = 256 << 20
	maxHeader = 1 << 20 // statistics may hold two whole values
)

// A header is what a page tells of itself.
type header struct {
	typ                  int
	packed, unpacked     int64 // bytes
	values               int64
	encoding             int
	defEncoding          int
	repEncoding          int
	defBytes, repBytes   int64 // of a page of version 2
	compressed, checksum bool
	crc                  uint32
}

func (c *compact) header() header {
	h := header{typ: unset, packed: unset, unpacked: unset, compressed: true}
	c.fields(thriftStruct, func(id int, t byte) {
		switch id {
		case 1:
			h.typ = int(c.integer(t))
		case 2:
			h.unpacked = c.integer(t)
		case 3:
			h.packed = c.integer(t)
		case 4:
			h.crc, h.checksum = uint32(c.integer(t)), true
		case 5, 7:
			c.fields(t, func(id int, t byte) { c.headerV1(id, t, &h) })
		case 8:
			c.fields(t, func(id int, t byte) { c.headerV2(id, t, &h) })
		default:
			c.skip(t)
		}
	})
	return h
}

func (c *compact) headerV1(id int, t byte, h *header) {
	switch id {
	case 1:
		h.values = c.integer(t)
	case 2:
		h.encoding = int(c.integer(t))
	case 3:
		if t == thriftTrue || t == thriftFalse {
			return // of a dictionary: whether it is sorted
		}
		h.defEncoding = int(c.integer(t))
	case 4:
		h.repEncoding = int(c.integer(t))
	default:
		c.skip(t)
	}
}

func (c *compact) headerV2(id int, t byte, h *header) {
	switch id {
	case 1:
		h.values = c.integer(t)
	case 4:
		h.encoding = int(c.integer(t))
	case 5:
		h.defBytes = c.integer(t)
	case 6:
		h.repBytes = c.integer(t)
	case 7:
		h.compressed = t == thriftTrue
	default:
		c.skip(t)
	}
}

// A budget bounds the memory of the pages of all columns together.
type budget struct{ left int64 }

func (b *budget) take(n int64) error {
	if b.left -= n; b.left < 0 {
		return errors.New("its pages need more memory than Options.MaxMemory: write it with smaller pages or fewer columns")
	}
	return nil
}

// A pager reads the pages of one chunk. The memory of a page is used again for
// the next of the same sort.
type pager struct {
	r      io.ReaderAt
	at     int64 // where the next page begins
	end    int64
	codec  *codec
	budget *budget

	head   []byte
	packed []byte
	page   []byte
	held   int64 // of the budget
	bytes  int64 // uncompressed, of the pages read so far
}

// next reads a page; io.EOF at the end of the chunk. Its data is valid until
// the next call, that of a dictionary for good.
func (p *pager) next() (h header, data []byte, err error) {
	if h, err = p.header(); err != nil {
		return h, nil, err
	}
	packed, err := p.room(&p.packed, h.packed)
	if err != nil {
		return h, nil, err
	}
	if _, err := p.r.ReadAt(packed, p.at); err != nil {
		return h, nil, err
	}
	p.at += h.packed
	p.bytes += h.unpacked
	if h.checksum && crc32.ChecksumIEEE(packed) != h.crc {
		return h, nil, errors.New("the checksum of a page is wrong")
	}
	data, err = p.unpack(h, packed)
	if h.typ == pageDict {
		p.packed, p.page = nil, nil // of the dictionary from here on
	}
	return h, data, err
}

// header reads the header of the next page and passes over it.
func (p *pager) header() (header, error) {
	for size := int64(256); ; size *= 4 {
		n := min(size, p.end-p.at)
		if n <= 0 {
			return header{}, io.EOF
		}
		if int64(cap(p.head)) < n {
			p.head = make([]byte, n)
		}
		b := p.head[:n]
		if _, err := p.r.ReadAt(b, p.at); err != nil {
			return header{}, err
		}
		c := &compact{b: b}
		h := c.header()
		if c.err != nil {
			if n < size || size > maxHeader {
				return h, fmt.Errorf("the header of a page at byte %d cannot be read: %w", p.at, c.err)
			}
			continue
		}
		p.at += n - int64(len(c.b))
		if h.packed < 0 || h.unpacked < 0 || h.values < 0 || h.values > math.MaxInt32 || h.packed > p.end-p.at || h.unpacked > maxPage ||
			h.defBytes < 0 || h.repBytes < 0 || h.defBytes+h.repBytes > min(h.packed, h.unpacked) {
			return h, fmt.Errorf("the header of the page before byte %d has impossible sizes", p.at)
		}
		return h, nil
	}
}

// unpack decompresses a page; the levels of a page of version 2 never are.
func (p *pager) unpack(h header, packed []byte) ([]byte, error) {
	if p.codec.id == codecNone || h.typ == pageDataV2 && !h.compressed {
		if h.packed != h.unpacked {
			return nil, errors.New("the two sizes of a page that is not compressed differ")
		}
		return packed, nil
	}
	page, err := p.room(&p.page, h.unpacked)
	if err != nil {
		return nil, err
	}
	levels := int64(0)
	if h.typ == pageDataV2 {
		levels = h.defBytes + h.repBytes
		copy(page, packed[:levels])
	}
	if levels == h.unpacked {
		return page, nil // nothing but levels
	}
	return page, p.codec.decode(page[levels:], packed[levels:])
}

// room makes *b n bytes long.
func (p *pager) room(b *[]byte, n int64) ([]byte, error) {
	if int64(cap(*b)) < n {
		size := n + n/4
		if err := p.take(size - int64(cap(*b))); err != nil {
			return nil, err
		}
		*b = make([]byte, size)
	}
	return (*b)[:n], nil
}

// take notes that the chunk needs n more bytes of memory.
func (p *pager) take(n int64) error {
	p.held += n
	return p.budget.take(n)
}

// free gives back what the pages took.
func (p *pager) free() {
	p.budget.left += p.held
	p.held, p.packed, p.page = 0, nil, nil
}

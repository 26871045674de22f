package parts

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// Numbers of encodings in the file format.
const (
	encPlain         = 0
	encRLE           = 3
	encRLEDictionary = 8
)

var errLength = fmt.Errorf("%w: a page has the wrong length", errDamaged)

// headBytes is more than the head of a page takes.
const headBytes = 64

// A head is what stands before a page.
type head struct {
	dict        bool // a dictionary
	raw, stored int  // bytes
	sum         uint32
	rows        int // values, for a dictionary
	encoding    int32
}

// readHead reads a page's head as tapline writes it: the fields that it always
// has, in Thrift's compact protocol.
func readHead(b []byte) (h head, size int, err error) {
	r := headReader{left: b}
	kind := r.number(0x15)
	raw, stored, sum := r.number(0x15), r.number(0x15), r.number(0x15)
	switch h.dict = kind == 2; kind {
	case 2:
		r.expect(0x3c)
		h.rows, h.encoding = int(r.number(0x15)), r.number(0x15)
	case 0:
		r.expect(0x1c)
		h.rows, h.encoding = int(r.number(0x15)), r.number(0x15)
		if r.number(0x15) != encRLE || r.number(0x15) != encRLE {
			r.bad = true
		}
	default:
		r.bad = true
	}
	r.expect(0)
	r.expect(0)
	if h.raw, h.stored, h.sum = int(raw), int(stored), uint32(sum); r.bad || raw < 0 || stored < 0 || h.rows < 0 {
		return h, 0, fmt.Errorf("%w: a page begins with something else", errDamaged)
	}
	return h, len(b) - len(r.left), nil
}

// A headReader reads fields whose beginnings are known.
type headReader struct {
	left []byte
	bad  bool
}

func (r *headReader) expect(b byte) {
	if len(r.left) == 0 || r.left[0] != b {
		r.bad, r.left = true, nil
		return
	}
	r.left = r.left[1:]
}

// number reads a field, which begins with b, of a 32-bit integer.
func (r *headReader) number(b byte) int32 {
	r.expect(b)
	v, n := binary.Varint(r.left)
	if n <= 0 || int64(int32(v)) != v {
		r.bad, r.left = true, nil
		return 0
	}
	r.left = r.left[n:]
	return int32(v)
}

// pages fetches pages from a file, one at a time.
type pages struct {
	in     io.ReaderAt
	size   int64
	head   [headBytes]byte
	stored []byte
	zstd   *zstd.Decoder
}

func (p *pages) open(in io.ReaderAt, size int64) (err error) {
	if p.in, p.size = in, size; p.zstd == nil {
		// A page says how long it is, and its memory is made by that.
		p.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true))
	}
	return err
}

// A span is where the pages of a column stand in a file, and how they are
// compressed.
type span struct {
	at, end int64
	codec   compress.Compression
}

// fetch reads the page with which the span begins into the memory of dst, and
// takes it off the span.
func (p *pages) fetch(s *span, dst []byte) (head, []byte, error) {
	first := p.head[:max(0, min(headBytes, s.end-s.at))]
	if err := p.read(first, s.at); err != nil {
		return head{}, dst, err
	}
	h, size, err := readHead(first)
	if err != nil {
		return h, dst, err
	}
	s.at += int64(size)
	if int64(h.stored) > s.end-s.at || !plausible(h, s.codec) {
		return h, dst, errLength
	}
	p.stored = sized(p.stored, h.stored)
	if err := p.read(p.stored, s.at); err != nil {
		return h, dst, err
	}
	s.at += int64(h.stored)
	if crc32.ChecksumIEEE(p.stored) != h.sum {
		return h, dst, fmt.Errorf("%w: the checksum of a page differs", errDamaged)
	}
	dst, err = p.unpack(s.codec, sized(dst, h.raw))
	return h, dst, err
}

// read fills b. The end of the file is none of a sequence of records.
func (p *pages) read(b []byte, at int64) error {
	_, err := p.in.ReadAt(b, at)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// plausible reports whether a page can be as long as it says, before memory is
// made for it: snappy copies at most 64 bytes for each two of its own, a block of
// zstd holds at most 128 KiB in four.
func plausible(h head, codec compress.Compression) bool {
	switch raw, stored := int64(h.raw), int64(h.stored); codec {
	case compress.Codecs.Snappy:
		return raw <= stored*32
	case compress.Codecs.Zstd:
		return raw <= stored<<15
	case compress.Codecs.Uncompressed:
		return raw == stored
	}
	return false
}

// unpack decompresses what was fetched into dst, which has the right length.
func (p *pages) unpack(codec compress.Compression, dst []byte) ([]byte, error) {
	want := len(dst)
	var out []byte
	var err error
	switch codec {
	case compress.Codecs.Snappy:
		if n, bad := s2.DecodedLen(p.stored); bad != nil || n != want {
			return dst, errLength
		}
		out, err = s2.Decode(dst, p.stored)
	case compress.Codecs.Zstd:
		out, err = p.zstd.DecodeAll(p.stored, dst[:0:want])
	default:
		out = append(dst[:0], p.stored...)
	}
	if err != nil || len(out) != want {
		return dst, fmt.Errorf("%w: a page cannot be decompressed", errDamaged)
	}
	return out, nil
}

// keepBytes is how much memory of one kind is kept when less is needed.
const keepBytes = 16 << 20

// sized returns n items, in b if it is large enough and not far too large.
func sized[T any](b []T, n int) []T {
	if cap(b) > keepBytes && n < cap(b)/4 {
		b = nil
	}
	return slices.Grow(b[:0], n)[:n]
}

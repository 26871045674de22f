package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	encPlain           = 0
	encPlainDict       = 2
	encRLE             = 3
	encBitPacked       = 4
	encDelta           = 5
	encDeltaLength     = 6
	encDeltaBytes      = 7
	encDict            = 8
	encByteStreamSplit = 9
)

// A values is the values of one page. One of the two methods serves, by the
// physical type. Each fills dst whole or fails.
type values interface {
	// numbers: BOOLEAN as 0 and 1, INT32 with its sign extended, INT64, and the
	// bits of FLOAT and DOUBLE.
	numbers(dst []uint64) error
	// slices: BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY and INT96. What they point into
	// is not to be changed, and is valid until the next page.
	slices(dst [][]byte) error
}

// neither answers for the method that a physical type does not have.
type neither struct{}

func (neither) numbers([]uint64) error { return errEncoding }
func (neither) slices([][]byte) error  { return errEncoding }

var errEncoding = errors.New("a page has an encoding that its type cannot have")

// A dictionary is the values that the indexes of pages stand for.
type dictionary struct {
	nums []uint64
	bins [][]byte
}

func newDictionary(l *leaf, h header, data []byte) (*dictionary, error) {
	if h.encoding != encPlain && h.encoding != encPlainDict {
		return nil, errEncoding
	}
	least := max(int64(sizes[l.phys]), 1)
	if l.phys == physFixed {
		least = max(int64(l.length), 1)
	}
	if h.values > int64(len(data))/least {
		return nil, errShort
	}
	d := &dictionary{}
	p := &plain{b: data, phys: l.phys, length: l.length}
	if !l.binary() {
		if err := l.pager.take(h.values * 8); err != nil {
			return nil, err
		}
		d.nums = make([]uint64, h.values)
		return d, p.numbers(d.nums)
	}
	if err := l.pager.take(h.values * 24); err != nil {
		return nil, err
	}
	d.bins = make([][]byte, h.values)
	return d, p.slices(d.bins)
}

// newValues returns the decoder of a page's values.
func newValues(l *leaf, encoding int, data []byte) (values, error) {
	switch encoding {
	case encPlain:
		return &plain{b: data, phys: l.phys, length: l.length}, nil
	case encPlainDict, encDict:
		if l.dict == nil {
			return nil, errors.New("a page refers to a dictionary that is not there")
		}
		return newIndexed(l.dict, data)
	case encRLE:
		if l.phys != physBool || len(data) < 4 {
			return nil, errEncoding
		}
		return &runs{h: hybrid{b: data[4:], width: 1}}, nil
	case encDelta:
		if l.phys != physInt32 && l.phys != physInt64 {
			return nil, errEncoding
		}
		d, err := newDelta(data)
		return &deltas{d: d, narrow: l.phys == physInt32}, err
	case encDeltaLength:
		if l.phys != physBytes {
			return nil, errEncoding
		}
		return newLengths(data)
	case encDeltaBytes:
		if l.phys != physBytes && l.phys != physFixed {
			return nil, errEncoding
		}
		return newPrefixed(l, data)
	case encByteStreamSplit:
		return newSplit(l, data)
	}
	return nil, fmt.Errorf("the encoding %d of a page is not supported: write it with PLAIN or dictionary encoding", encoding)
}

// sizes of the physical types in bytes; of BYTE_ARRAY, that of its length.
var sizes = [...]int{physInt32: 4, physInt64: 8, physInt96: 12, physFloat: 4, physDouble: 8, physBytes: 4, physFixed: 0}

// A plain is the values themselves, one after the other.
type plain struct {
	b      []byte
	phys   int
	length int
	bit    uint64
}

func (p *plain) numbers(dst []uint64) error {
	if p.phys == physBool {
		if p.bit+uint64(len(dst)) > uint64(len(p.b))*8 {
			return errShort
		}
		for i := range dst {
			dst[i] = uint64(p.b[p.bit>>3]>>(p.bit&7)) & 1
			p.bit++
		}
		return nil
	}
	size := sizes[p.phys]
	if len(p.b)/size < len(dst) {
		return errShort
	}
	b := p.b[:len(dst)*size]
	p.b = p.b[len(b):]
	if size == 8 {
		for i := range dst {
			dst[i] = binary.LittleEndian.Uint64(b[i*8:])
		}
		return nil
	}
	for i := range dst {
		dst[i] = uint64(int64(int32(binary.LittleEndian.Uint32(b[i*4:]))))
	}
	return nil
}

func (p *plain) slices(dst [][]byte) error {
	if p.phys != physBytes {
		size := p.length
		if p.phys == physInt96 {
			size = 12
		}
		if size <= 0 || len(p.b)/size < len(dst) {
			return errShort
		}
		for i := range dst {
			dst[i], p.b = p.b[:size:size], p.b[size:]
		}
		return nil
	}
	for i := range dst {
		if len(p.b) < 4 {
			return errShort
		}
		n := binary.LittleEndian.Uint32(p.b)
		if uint64(n) > uint64(len(p.b)-4) {
			return errShort
		}
		dst[i], p.b = p.b[4:4+n:4+n], p.b[4+n:]
	}
	return nil
}

// An indexed is values of a dictionary.
type indexed struct {
	h    hybrid
	dict *dictionary
	at   [256]uint32
}

func newIndexed(d *dictionary, data []byte) (values, error) {
	if len(data) == 0 {
		return &indexed{dict: d}, nil // all NULL
	}
	if data[0] > 32 {
		return nil, errEncoding
	}
	return &indexed{dict: d, h: hybrid{b: data[1:], width: uint(data[0])}}, nil
}

var errIndex = errors.New("a page refers to an entry beyond the end of its dictionary")

func (x *indexed) numbers(dst []uint64) error { return gather(x, dst, x.dict.nums) }
func (x *indexed) slices(dst [][]byte) error  { return gather(x, dst, x.dict.bins) }

func gather[T any](x *indexed, dst, dict []T) error {
	for len(dst) > 0 {
		at := x.at[:min(len(dst), len(x.at))]
		if err := x.h.read(at); err != nil {
			return err
		}
		for i, v := range at {
			if uint64(v) >= uint64(len(dict)) {
				return errIndex
			}
			dst[i] = dict[v]
		}
		dst = dst[len(at):]
	}
	return nil
}

// A runs is booleans in runs.
type runs struct {
	neither
	h  hybrid
	at [256]uint32
}

func (r *runs) numbers(dst []uint64) error {
	for len(dst) > 0 {
		at := r.at[:min(len(dst), len(r.at))]
		if err := r.h.read(at); err != nil {
			return err
		}
		for i, v := range at {
			dst[i] = uint64(v)
		}
		dst = dst[len(at):]
	}
	return nil
}

// A deltas is integers by their differences.
type deltas struct {
	neither
	d      *delta
	narrow bool
}

func (d *deltas) numbers(dst []uint64) error {
	for i := range dst {
		v, err := d.d.next()
		if err != nil {
			return err
		}
		if d.narrow {
			v = int64(int32(v))
		}
		dst[i] = uint64(v)
	}
	return nil
}

// A lengths is byte arrays behind all of their lengths.
type lengths struct {
	neither
	d *delta
	b []byte
}

func newLengths(data []byte) (*lengths, error) {
	d, err := newDelta(data)
	if err != nil {
		return nil, err
	}
	ahead := *d
	b, err := ahead.skip()
	return &lengths{d: d, b: b}, err
}

func (l *lengths) slices(dst [][]byte) error {
	for i := range dst {
		n, err := l.d.next()
		if err != nil {
			return err
		}
		if n < 0 || n > int64(len(l.b)) {
			return errShort
		}
		dst[i], l.b = l.b[:n:n], l.b[n:]
	}
	return nil
}

// A prefixed is byte arrays that begin as the one before. Some writers go on
// from the last value of the page before, which the leaf keeps for that.
type prefixed struct {
	neither
	leaf   *leaf
	prefix *delta
	rest   *lengths
}

// maxPrefixed bounds what the values of one window may have in all.
const maxPrefixed = 256 << 20

func newPrefixed(l *leaf, data []byte) (*prefixed, error) {
	d, err := newDelta(data)
	if err != nil {
		return nil, err
	}
	ahead := *d
	b, err := ahead.skip()
	if err != nil {
		return nil, err
	}
	rest, err := newLengths(b)
	return &prefixed{leaf: l, prefix: d, rest: rest}, err
}

func (p *prefixed) slices(dst [][]byte) error {
	if err := p.rest.slices(dst); err != nil {
		return err
	}
	total, last := 0, p.leaf.last
	for i, rest := range dst {
		n, err := p.prefix.next()
		if err != nil {
			return err
		}
		if n < 0 || n > int64(len(last)) {
			return errShort
		}
		if total += int(n) + len(rest); total > maxPrefixed {
			return errors.New("its prefix-encoded values are too large: write it with PLAIN encoding")
		}
		if n > 0 {
			v := make([]byte, 0, int(n)+len(rest))
			dst[i] = append(append(v, last[:n]...), rest...)
		}
		last = dst[i]
	}
	p.leaf.last = append([]byte(nil), last...)
	return nil
}

// A split is values of which all first bytes come first, then all second ones.
type split struct {
	b     []byte
	size  int
	count int
	at    int
	short bool
}

func newSplit(l *leaf, data []byte) (*split, error) {
	size := sizes[l.phys]
	switch l.phys {
	case physFixed:
		size = l.length
	case physBool, physBytes, physInt96:
		return nil, errEncoding
	}
	if size <= 0 || len(data)%size != 0 {
		return nil, errShort
	}
	return &split{b: data, size: size, count: len(data) / size, short: size == 4}, nil
}

func (s *split) numbers(dst []uint64) error {
	if len(dst) > s.count-s.at || s.size > 8 {
		return errShort
	}
	for i := range dst {
		var v uint64
		for k := range s.size {
			v |= uint64(s.b[k*s.count+s.at]) << (8 * k)
		}
		if s.short {
			v = uint64(int64(int32(v)))
		}
		dst[i] = v
		s.at++
	}
	return nil
}

func (s *split) slices(dst [][]byte) error {
	if len(dst) > s.count-s.at {
		return errShort
	}
	all := make([]byte, len(dst)*s.size)
	for i := range dst {
		v := all[i*s.size : (i+1)*s.size : (i+1)*s.size]
		for k := range v {
			v[k] = s.b[k*s.count+s.at]
		}
		dst[i] = v
		s.at++
	}
	return nil
}

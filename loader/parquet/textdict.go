package parquet

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
)

// A textDict numbers the distinct texts of a column by first occurrence.
type textDict struct {
	keys  []textKey
	index []uint32 // for each text the number of its key
	slots []textSlot
	size  int // bytes of the keys in a PLAIN page
	seen  int // bytes of the texts numbered so far
}

type textKey struct {
	span
	textEnds
}

type textSlot struct {
	hash uint32
	key  uint32 // the number of a key, plus 1
}

// textEnds tells texts apart without going to their bytes: the first eight and
// the last eight, or what there is of them. With the length it is the whole text
// if that has at most 16 bytes.
type textEnds struct {
	first, last uint64
	hash, size  uint32
}

// dictBytes is how large a dictionary page may get, unless the texts that it
// stands for take four times as much.
const dictBytes = pageBytes

// build reports whether a dictionary pays.
func (d *textDict) build(data []byte, values []span) bool {
	d.keys, d.size, d.seen = d.keys[:0], 0, 0
	d.index = slices.Grow(d.index[:0], len(values))[:len(values)]
	if constant(data, values) {
		e := endsOf(data, values[0])
		d.keys = append(d.keys, textKey{values[0], e})
		clear(d.index)
		return true
	}
	d.slots = emptySlots(d.slots, dictSlots)
	return tryDict(len(values), textDraws, func(from, to int) (int, bool) {
		ok := d.add(data, values[from:to], d.index[from:to])
		return len(d.keys), ok
	})
}

// constant reports whether all texts are the same, and more than one: a load has
// such columns, which should cost no hash.
func constant(data []byte, values []span) bool {
	first := values[0].of(data)
	for _, v := range values {
		if !bytes.Equal(v.of(data), first) {
			return false
		}
	}
	return len(values) > 1
}

// add numbers texts. It gives up when the hashes are no good or the keys too
// large.
func (d *textDict) add(data []byte, values []span, index []uint32) bool {
	for i, v := range values {
		d.seen += v.size()
		e := endsOf(data, v)
		key := d.find(data, v, &e)
		if key == 0 {
			return false
		}
		index[i] = key - 1
	}
	return true
}

// find returns the number of a text's key, plus 1, which may be a new one. It
// returns 0 to give up.
func (d *textDict) find(data []byte, v span, e *textEnds) uint32 {
	mask := uint32(len(d.slots) - 1)
	at := e.hash & mask
	for range dictProbes {
		s := d.slots[at]
		if s.key == 0 {
			return d.insert(v, e, at)
		}
		if s.hash == e.hash && d.is(s.key-1, data, v, e) {
			return s.key
		}
		at = (at + 1) & mask
	}
	return 0
}

// is reports whether a key is that text.
func (d *textDict) is(key uint32, data []byte, v span, e *textEnds) bool {
	k := &d.keys[key]
	return k.textEnds == *e && (e.size <= 16 || bytes.Equal(data[k.lo+8:k.hi-8], data[v.lo+8:v.hi-8]))
}

// insert adds a key at a free slot and returns its number, plus 1, or 0 when the
// dictionary is too large with it.
func (d *textDict) insert(v span, e *textEnds, at uint32) uint32 {
	d.size += v.size()
	if d.size > dictBytes && d.size > d.seen/4 {
		return 0
	}
	d.keys = append(d.keys, textKey{v, *e})
	number := uint32(len(d.keys))
	d.slots[at] = textSlot{e.hash, number}
	if len(d.keys)*2 > len(d.slots) {
		d.grow()
	}
	return number
}

func (d *textDict) grow() {
	d.slots = emptySlots(d.slots, len(d.slots)*4)
	mask := uint32(len(d.slots) - 1)
	for i, e := range d.keys {
		at := e.hash & mask
		for d.slots[at].key != 0 {
			at = (at + 1) & mask
		}
		d.slots[at] = textSlot{e.hash, uint32(i + 1)}
	}
}

// endsOf takes the ends of a text and its hash, which depends on every byte.
func endsOf(data []byte, v span) textEnds {
	size := uint32(v.hi - v.lo)
	if size < 8 {
		first := short(data, v)
		return textEnds{first, 0, uint32(mix(first, uint64(size))), size}
	}
	b := v.of(data)
	first, last := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[len(b)-8:])
	h := mix(first, last^uint64(size))
	for i := 8; i < len(b)-8; i += 8 {
		h = mix(h, binary.LittleEndian.Uint64(b[i:]))
	}
	return textEnds{first, last, uint32(h), size}
}

// short returns the bytes of a text of less than eight, as one number.
func short(data []byte, v span) uint64 {
	n := uint(v.hi - v.lo)
	if int(v.lo)+8 <= len(data) {
		return binary.LittleEndian.Uint64(data[v.lo:]) &^ (math.MaxUint64 << (8 * n))
	}
	var b [8]byte
	copy(b[:], v.of(data))
	return binary.LittleEndian.Uint64(b[:])
}

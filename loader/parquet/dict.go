package parquet

import (
	"bytes"
	"hash/maphash"
	"math/bits"
	"slices"
)

// How far a dictionary is tried. A column that will not gain by one should cost
// little more than if it had not been tried: after a sample the number of
// repetitions tells, and whoever slips through stops at the limit.
const (
	dictSample  = 4096
	dictEntries = 1 << 16 // so that an index has at most 16 bits
	dictProbes  = 128     // a search as long means that the hashes are no good
)

// dictLimit is how many entries a dictionary of n values may have.
func dictLimit(n int) int { return min(n/2, dictEntries) }

// promising judges by the repetitions among the first dictSample of n values
// whether at most half of all will be distinct. Of s values drawn from N alike,
// about s*s/(2N) repeat an earlier one, and n draws meet n/2 of N when n is
// 1.6 N: so s*s*0.8/n repetitions are wanted.
func promising(entries, n int) bool {
	return (dictSample-entries)*n >= dictSample*dictSample/5*4
}

// A wordDict numbers the distinct values of a column by first occurrence.
type wordDict[W word] struct {
	keys  []W
	index []uint32 // for each value the number of its key
	slots []uint32 // open addressing: number of a key, plus 1
}

// build reports whether a dictionary pays.
func (d *wordDict[W]) build(values []W) bool {
	n := len(values)
	d.keys = d.keys[:0]
	d.index = slices.Grow(d.index[:0], n)[:n]
	d.slots = slices.Grow(d.slots[:0], 1<<10)[:1<<10]
	clear(d.slots)
	sample := min(n, dictSample)
	return d.add(values, 0, sample, dictLimit(n)) &&
		(n == sample || promising(len(d.keys), n) && d.add(values, sample, n, dictLimit(n)))
}

// add numbers a range of the values.
func (d *wordDict[W]) add(values []W, from, to, limit int) bool {
	for i := from; i < to; i++ {
		v := values[i]
		mask := uint64(len(d.slots) - 1)
		at, probes := hashWord(uint64(v))&mask, 0
		for {
			s := d.slots[at]
			if s == 0 {
				if len(d.keys) >= limit {
					return false
				}
				d.keys = append(d.keys, v)
				s = uint32(len(d.keys))
				d.slots[at] = s
				d.index[i] = s - 1
				if len(d.keys)*2 > len(d.slots) {
					d.grow()
				}
				break
			}
			if d.keys[s-1] == v {
				d.index[i] = s - 1
				break
			}
			if probes++; probes > dictProbes {
				return false
			}
			at = (at + 1) & mask
		}
	}
	return true
}

func (d *wordDict[W]) grow() {
	size := len(d.slots) * 4
	d.slots = slices.Grow(d.slots[:0], size)[:size]
	clear(d.slots)
	mask := uint64(size - 1)
	for i, v := range d.keys {
		at := hashWord(uint64(v)) & mask
		for d.slots[at] != 0 {
			at = (at + 1) & mask
		}
		d.slots[at] = uint32(i + 1)
	}
}

func hashWord(v uint64) uint64 {
	hi, lo := bits.Mul64(v^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return hi ^ lo
}

// A textDict does the same for texts. Its hashes are seeded, so that nobody can
// choose texts that collide.
type textDict struct {
	keys   []span
	hashes []uint32 // of the keys
	index  []uint32
	slots  []textSlot
	seed   maphash.Seed
	size   int // bytes of the keys in a PLAIN page
	seen   int // bytes of the texts numbered so far
}

type textSlot struct {
	hash uint32
	key  uint32 // number of a key, plus 1
}

// dictBytes is how large a dictionary page may get, unless the texts that it
// stands for take four times as much.
const dictBytes = 2 << 20

func (d *textDict) build(data []byte, values []span) bool {
	if d.slots == nil {
		d.seed = maphash.MakeSeed()
	}
	n := len(values)
	d.keys, d.hashes, d.size, d.seen = d.keys[:0], d.hashes[:0], 0, 0
	d.index = slices.Grow(d.index[:0], n)[:n]
	d.slots = slices.Grow(d.slots[:0], 1<<10)[:1<<10]
	clear(d.slots)
	sample := min(n, dictSample)
	return d.add(data, values, 0, sample) &&
		(n == sample || promising(len(d.keys), n) && d.add(data, values, sample, n))
}

func (d *textDict) add(data []byte, values []span, from, to int) bool {
	limit := dictLimit(len(values))
	for i := from; i < to; i++ {
		v := values[i].of(data)
		d.seen += values[i].size()
		hash := uint32(maphash.Bytes(d.seed, v))
		mask := uint32(len(d.slots) - 1)
		at, probes := hash&mask, 0
		for {
			s := d.slots[at]
			if s.key == 0 {
				if len(d.keys) >= limit || !d.insert(values[i], hash, at) {
					return false
				}
				d.index[i] = uint32(len(d.keys) - 1)
				break
			}
			if s.hash == hash && bytes.Equal(d.keys[s.key-1].of(data), v) {
				d.index[i] = s.key - 1
				break
			}
			if probes++; probes > dictProbes {
				return false
			}
			at = (at + 1) & mask
		}
	}
	return true
}

// insert adds a key at a free slot, and tells whether the dictionary is still
// small enough.
func (d *textDict) insert(key span, hash, at uint32) bool {
	d.size += key.size()
	if d.size > dictBytes && d.size > d.seen/4 {
		return false
	}
	d.keys = append(d.keys, key)
	d.hashes = append(d.hashes, hash)
	d.slots[at] = textSlot{hash, uint32(len(d.keys))}
	if len(d.keys)*2 > len(d.slots) {
		d.grow()
	}
	return true
}

func (d *textDict) grow() {
	size := len(d.slots) * 4
	d.slots = slices.Grow(d.slots[:0], size)[:size]
	clear(d.slots)
	mask := uint32(size - 1)
	for i, hash := range d.hashes {
		at := hash & mask
		for d.slots[at].key != 0 {
			at = (at + 1) & mask
		}
		d.slots[at] = textSlot{hash, uint32(i + 1)}
	}
}

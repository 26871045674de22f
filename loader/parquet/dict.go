package parquet

import (
	"math"
	"math/bits"
	"slices"
)

// How far a dictionary is tried. A column that gains nothing by one should cost
// little more than if none had been tried, so after every block of values their
// repetitions are judged.
const (
	dictBlock   = 4096
	dictEntries = 1 << 16 // so that an index has at most 16 bits
	dictProbes  = 128     // a search as long means that the hashes are no good
	dictSlots   = 1 << 10 // of a new table
)

// A dictionary of words pays while at most a quarter of n values are distinct,
// one of texts while at most six in ten are. Values drawn from a population of
// pop alike are pop*(1-exp(-drawn/pop)) distinct ones, so that these shares are
// met when n is so many times pop.
const (
	wordDraws = 3.92
	textDraws = 1.13
)

// mostEntries is how many distinct values may be met among the first seen of n.
func mostEntries(seen, n int, draws float64) int {
	pop := float64(n) / draws
	return min(int(pop*(1-math.Exp(-float64(seen)/pop))), dictEntries)
}

// tryDict numbers n values, block by block, and reports whether that pays.
func tryDict(n int, draws float64, add func(from, to int) (entries int, ok bool)) bool {
	for from := 0; from < n; from += dictBlock {
		to := min(from+dictBlock, n)
		if entries, ok := add(from, to); !ok || entries > mostEntries(to, n, draws) {
			return false
		}
	}
	return true
}

// emptySlots returns a table of n free slots, in old if it is large enough.
func emptySlots[S any](old []S, n int) []S {
	old = slices.Grow(old[:0], n)[:n]
	clear(old)
	return old
}

// mix spreads the bits of two numbers over one.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xd6e8feb86659fd93)
	return hi ^ lo
}

// A wordDict numbers the distinct values of a column by first occurrence.
type wordDict[W word] struct {
	keys  []W
	index []uint32 // for each value the number of its key
	slots []uint32 // open addressing: the number of a key, plus 1
}

// build reports whether a dictionary pays.
func (d *wordDict[W]) build(values []W) bool {
	d.keys = d.keys[:0]
	d.index = slices.Grow(d.index[:0], len(values))[:len(values)]
	d.slots = emptySlots(d.slots, dictSlots)
	return tryDict(len(values), wordDraws, func(from, to int) (int, bool) {
		ok := d.add(values[from:to], d.index[from:to])
		return len(d.keys), ok
	})
}

// add numbers values. It gives up when the hashes are no good.
func (d *wordDict[W]) add(values []W, index []uint32) bool {
	for i, v := range values {
		mask := uint64(len(d.slots) - 1)
		at := mix(uint64(v), 0) & mask
		for probes := 0; ; probes++ {
			s := d.slots[at]
			if s == 0 {
				d.keys = append(d.keys, v)
				s = uint32(len(d.keys))
				d.slots[at] = s
				index[i] = s - 1
				if len(d.keys)*2 > len(d.slots) {
					d.grow()
				}
				break
			}
			if d.keys[s-1] == v {
				index[i] = s - 1
				break
			}
			if probes == dictProbes {
				return false
			}
			at = (at + 1) & mask
		}
	}
	return true
}

func (d *wordDict[W]) grow() {
	d.slots = emptySlots(d.slots, len(d.slots)*4)
	mask := uint64(len(d.slots) - 1)
	for i, v := range d.keys {
		at := mix(uint64(v), 0) & mask
		for d.slots[at] != 0 {
			at = (at + 1) & mask
		}
		d.slots[at] = uint32(i + 1)
	}
}

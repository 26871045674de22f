package json

import (
	"encoding/binary"
	"math"
	"strings"

	"tapline/exporter/format"
)

// A plan is a Node with its columns found, and what was learned since about
// the keys of its objects.
type plan struct {
	col     *format.Column // of a leaf; nil = none
	leaf    *plan          // of an object: for what is no object; nil in a leaf
	special bool           // an object, or a leaf with skip, convert or block
	skip    bool
	block   bool  // of a record whose rows are nested: here they are
	under   *plan // of a block: what is to be known of it before its rows
	dates   bool
	convert func(Kind, []byte) string

	// Of objects. Keys come in much the same order in every record, and those
	// that may be absent are absent; so the key after field i is guessed: the
	// one that followed last time, or one of the next few.
	rest   string
	deep   bool
	only   bool // unknown keys are passed over
	each   bool // also for each object of a list
	fields []field
	index  map[string]int32 // by key
	next   []int32          // next[i+1] followed field i last time; next[0] came first
}

// A field is a known key of an object.
type field struct {
	// head and next are the first 16 bytes of the key as it stands in a compact
	// document, with its quotes and colon, and masks what of them counts; tail
	// is the rest. Together they are compared in two steps, mostly.
	head, next uint64
	masks      [2]uint64
	size       int // of all of that
	tail       string
	seen       uint64 // the last row that had the key
	value      *plan
}

// newPlan makes the plan of n, which stands at the dotted path of keys.
func newPlan(b *format.Builder, n *Node, path string, root bool) *plan {
	p := &plan{special: n.Skip || n.Convert != nil, skip: n.Skip, dates: n.Dates, convert: n.Convert}
	object := root || len(n.Fields) > 0 || n.Rest != "" || n.Deep
	column := n.Column
	if column == "" && object {
		column = strings.TrimSuffix(n.Rest, ".")
	}
	if column == "" {
		column = path
	}
	if !n.Skip && !root {
		p.col = b.Column(column)
	}
	if !object || n.Skip && !root {
		return p
	}
	o := &plan{
		leaf: p, special: true, dates: n.Dates, rest: n.Rest, deep: n.Deep, only: n.Only, each: n.Each,
		index: make(map[string]int32), next: []int32{0},
	}
	for i := range n.Fields {
		f := &n.Fields[i]
		under := f.Key
		if !root {
			under = path + "." + f.Key
		}
		o.add(f.Key, newPlan(b, &f.Node, under, false))
	}
	return o
}

// add makes key known, and guesses that it comes after the one added before.
func (p *plan) add(key string, value *plan) int32 {
	i := int32(len(p.fields))
	f := field{value: value, size: len(key) + 3, masks: [2]uint64{math.MaxUint64, math.MaxUint64}}
	// A key that cannot be written as it is keeps an empty head, equal to nothing.
	if token := `"` + key + `":`; plain([]byte(key), 0) == len(key) {
		var start [16]byte
		f.tail = token[copy(start[:], token):]
		f.head, f.next = binary.LittleEndian.Uint64(start[:]), binary.LittleEndian.Uint64(start[8:])
		f.masks = [2]uint64{lowBytes(f.size), lowBytes(f.size - 8)}
	}
	p.fields = append(p.fields, f)
	p.next = append(p.next, i+1)
	p.index[key] = i
	return i
}

// learn makes an unknown key a leaf of its own, or an object if p is deep.
func (p *plan) learn(b *format.Builder, key string) int32 {
	leaf := &plan{col: b.Column(p.rest + key), dates: p.dates}
	if !p.deep {
		return p.add(key, leaf)
	}
	return p.add(key, &plan{
		leaf: leaf, special: true, dates: p.dates, rest: p.rest + key + ".", deep: true, index: make(map[string]int32), next: []int32{0},
	})
}

// guesses is how many fields are tried before the key is looked up.
const guesses = 4

// lowBytes is a mask of the first n bytes of a word.
func lowBytes(n int) uint64 {
	return 1<<(8*min(max(n, 0), 8)) - 1
}

// guess reads the key at i, and its colon, if it is one of those likely to
// follow field prev; else it returns field -1 and reads nothing.
func (p *plan) guess(doc []byte, i int, prev int32) (end int, k int32) {
	if i+16 > len(doc) {
		return i, -1
	}
	head := binary.LittleEndian.Uint64(doc[i:])
	next := binary.LittleEndian.Uint64(doc[i+8:])
	first := p.next[prev+1]
	for k := first; k < first+guesses && int(k) < len(p.fields); k++ {
		f := &p.fields[k]
		if (head^f.head)&f.masks[0]|(next^f.next)&f.masks[1] != 0 {
			continue
		}
		end := i + f.size
		if f.tail != "" && (end > len(doc) || string(doc[i+16:end]) != f.tail) {
			continue
		}
		if k != first {
			p.next[prev+1] = k
		}
		return end, k
	}
	return i, -1
}

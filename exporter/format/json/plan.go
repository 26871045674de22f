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
	skip    bool
	dates   bool
	convert func(Kind, []byte) string

	// Of objects. Keys come in much the same order in every record, and those
	// that may be absent are absent; so the key after field i is guessed: the
	// one that followed last time, or one of the next few.
	rest   string
	fields []field
	index  map[string]int32 // by key
	next   []int32          // next[i+1] followed field i last time; next[0] came first
}

// A field is a known key of an object.
type field struct {
	// token is the key as it stands in a compact document, with its quotes and
	// colon: what is looked for. Empty when the key cannot be written as it is.
	token string
	// head and mask compare the first eight bytes of token in one go.
	head, mask uint64
	seen       uint64 // the last row that had the key
	value      *plan
}

// newPlan makes the plan of n, which stands at the dotted path of keys.
func newPlan(b *format.Builder, n *Node, path string, root bool) *plan {
	p := &plan{skip: n.Skip, dates: n.Dates, convert: n.Convert}
	object := root || len(n.Fields) > 0 || n.Rest != ""
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
	o := &plan{leaf: p, dates: n.Dates, rest: n.Rest, index: make(map[string]int32), next: []int32{0}}
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
	f := field{value: value}
	if end := plain([]byte(key), 0); end == len(key) {
		f.token = `"` + key + `":`
		var head [8]byte
		copy(head[:], f.token)
		f.head = binary.LittleEndian.Uint64(head[:])
		f.mask = 1<<(8*min(len(f.token), 8)) - 1
	} else {
		f.mask = math.MaxUint64 // and no head: equal to nothing
	}
	p.fields = append(p.fields, f)
	p.next = append(p.next, i+1)
	p.index[key] = i
	return i
}

// learn makes an unknown key a leaf of its own.
func (p *plan) learn(b *format.Builder, key string) int32 {
	return p.add(key, &plan{col: b.Column(p.rest + key), dates: p.dates})
}

// guesses is how many fields are tried before the key is looked up.
const guesses = 4

// guess reads the key at i, and its colon, if it is one of those likely to
// follow field prev; else it returns field -1 and reads nothing.
func (p *plan) guess(doc []byte, i int, prev int32) (end int, k int32) {
	if i+8 > len(doc) {
		return i, -1
	}
	head := binary.LittleEndian.Uint64(doc[i:])
	first := p.next[prev+1]
	for k := first; k < first+guesses && int(k) < len(p.fields); k++ {
		f := &p.fields[k]
		if (head^f.head)&f.mask != 0 {
			continue
		}
		end := i + len(f.token)
		if len(f.token) > 8 && (end > len(doc) || string(doc[i+8:end]) != f.token[8:]) {
			continue
		}
		if k != first {
			p.next[prev+1] = k
		}
		return end, k
	}
	return i, -1
}

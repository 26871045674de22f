package parquet

import (
	"errors"
	"fmt"
	"strings"
)

// ConvertedType and LogicalType of parquet.thrift, as far as they matter.
const (
	convertedUTF8 = iota
	convertedMap
	convertedMapKeyValue
	convertedList
	convertedEnum
	convertedDecimal
	convertedDate
	convertedTimeMillis
	convertedTimeMicros
	convertedTimestampMillis
	convertedTimestampMicros
	convertedUint8
	convertedUint16
	convertedUint32
	convertedUint64
	convertedInt8
	convertedInt16
	convertedInt32
	convertedInt64
	convertedJSON
	convertedBSON
	convertedInterval
)

const (
	logicalString    = 1
	logicalMap       = 2
	logicalList      = 3
	logicalEnum      = 4
	logicalDecimal   = 5
	logicalDate      = 6
	logicalTime      = 7
	logicalTimestamp = 8
	logicalInteger   = 10
	logicalUnknown   = 11
	logicalJSON      = 12
	logicalBSON      = 13
	logicalUUID      = 14
	logicalFloat16   = 15
)

// maxDepth is how deep the schema may be nested.
const maxDepth = 64

// A shape is what the children of a group mean.
type shape uint8

const (
	structure shape = iota
	list            // one repeated child
	pairs           // a map: one repeated child with a key and perhaps a value
	union           // member0, member1, ...: one of them is set
)

// A node is a field of the schema.
type node struct {
	name     string
	shape    shape
	repeats  bool   // a list of what the node else is
	def, rep uint32 // levels of an entry at which the node itself is there
	children []*node
	leaf     *leaf // of a primitive, else that of the first below
	sort     sort
	leaves   []*leaf // all below
}

func (n *node) primitive() bool { return len(n.children) == 0 }

// A schema is the tree of fields and, in order, its leaves.
type schema struct {
	root   *node
	leaves []*leaf
	at     int
	from   []element
}

func newSchema(elements []element) (*schema, error) {
	if len(elements) == 0 {
		return nil, errors.New("it has no schema")
	}
	s := &schema{from: elements}
	root, err := s.node(nil, 0, 0, 0)
	if err != nil {
		return nil, err
	}
	if s.at != len(elements) || len(s.leaves) == 0 {
		return nil, errors.New("its schema is damaged")
	}
	s.root = root
	return s, nil
}

// node reads the next element and those below it.
func (s *schema) node(path []string, def, rep uint32, depth int) (*node, error) {
	if s.at == len(s.from) || depth > maxDepth {
		return nil, fmt.Errorf("its schema is damaged or deeper than %d levels", maxDepth)
	}
	e := s.from[s.at]
	s.at++
	n := &node{name: e.name}
	if depth > 0 {
		path = append(path, e.name)
		switch e.repetition {
		case optional:
			def++
		case repeated:
			def, rep = def+1, rep+1
			n.repeats = true
		}
	}
	n.def, n.rep = def, rep
	if e.phys != unset {
		return n, s.leaf(n, e, path)
	}
	first := len(s.leaves)
	for range e.children {
		child, err := s.node(path, def, rep, depth+1)
		if err != nil {
			return nil, err
		}
		n.children = append(n.children, child)
	}
	if first == len(s.leaves) {
		return nil, fmt.Errorf("its schema has an empty group %q", strings.Join(path, "."))
	}
	n.leaves = s.leaves[first:len(s.leaves):len(s.leaves)]
	n.leaf = n.leaves[0]
	n.shape = shapeOf(n, e)
	return n, nil
}

func (s *schema) leaf(n *node, e element, path []string) error {
	if e.phys < physBool || e.phys > physFixed || e.phys == physFixed && (e.length <= 0 || e.length > maxPage) {
		return fmt.Errorf("its schema gives %q an unknown type", strings.Join(path, "."))
	}
	n.leaf = &leaf{element: e, path: strings.Join(path, "."), maxDef: n.def, maxRep: n.rep}
	s.leaves = append(s.leaves, n.leaf)
	n.leaves = s.leaves[len(s.leaves)-1 : len(s.leaves) : len(s.leaves)]
	n.sort = sortOf(&e)
	return nil
}

func shapeOf(n *node, e element) shape {
	one := len(n.children) == 1 && n.children[0].repeats
	switch {
	case one && (e.logical == logicalList || e.converted == convertedList):
		return list
	case one && (e.logical == logicalMap || e.converted == convertedMap || e.converted == convertedMapKeyValue):
		if kids := n.children[0].children; len(kids) >= 1 && len(kids) <= 2 && kids[0].primitive() && !kids[0].repeats {
			return pairs
		}
	case len(n.children) > 1:
		for i, c := range n.children {
			if c.repeats || c.name != fmt.Sprintf("member%d", i) {
				return structure
			}
		}
		return union
	}
	return structure
}

// item is what an element of a list is, given the repeated child: older writers
// left out the level between.
func (n *node) item() *node {
	r := n.children[0]
	if len(r.children) != 1 || r.name == "array" || r.name == n.name+"_tuple" {
		return r
	}
	return r.children[0]
}

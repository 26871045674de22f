package config

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// A kind is what sort of value stands in the file.
type kind uint8

const (
	kindText kind = iota
	kindInteger
	kindFloat
	kindBool
	kindNull
	kindList
	kindMap
	// kindWord is a value from the environment or a flag, which has no sort of
	// its own and is read as whatever is wanted.
	kindWord
)

func (k kind) String() string {
	return [...]string{"a text", "a number", "a number", "true or false", "nothing", "a list", "a section", "a word"}[k]
}

// A node is a value of the file. Aliases share it, so that it may be reached
// by several paths; a node knows its place, and whoever walks knows the path.
type node struct {
	kind   kind
	text   string // of a scalar, as YAML reads it
	items  []*node
	fields []member
	at     place
	size   int // values in it, counted as often as aliases repeat them
}

type member struct {
	key   string
	at    place
	value *node
}

// get returns the value of key, or nil.
func (n *node) get(key string) *node {
	for _, m := range n.fields {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// refers reports whether a text in it may hold a reference.
func (n *node) refers() bool {
	if n == nil {
		return false
	}
	for _, m := range n.fields {
		if m.value.refers() {
			return true
		}
	}
	return strings.Contains(n.text, "${") || slices.ContainsFunc(n.items, (*node).refers)
}

// A builder turns the parser's tree into nodes: it follows aliases, applies
// merge keys and reports double keys.
type builder struct {
	src     *source
	p       *problems
	anchors map[string]*node
}

// node returns nil when n cannot be used; p then has the reason.
func (b *builder) node(n ast.Node) *node {
	switch n := n.(type) {
	case *ast.AnchorNode:
		v := b.node(n.Value)
		// Registered after the value is whole: an alias inside its own
		// anchor finds nothing, and no value ever holds itself.
		if v != nil {
			b.anchors[n.Name.GetToken().Value] = v
		}
		return v
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		v, ok := b.anchors[name]
		if !ok {
			b.p.add(b.at(n), "", "*%s names no anchor above it", name).
				remedy(`write &%s before the value it stands for, or put quotes around a text that starts with *`, name)
		}
		return v
	case *ast.TagNode:
		b.p.add(b.at(n), "", "the tag %s is not supported", n.Start.Value).remedy("put quotes around a text and leave the tag out")
		return nil
	case *ast.MappingNode:
		return b.mapping(n.Values, b.at(n))
	case *ast.MappingValueNode:
		return b.mapping([]*ast.MappingValueNode{n}, b.at(n))
	case *ast.SequenceNode:
		list := &node{kind: kindList, at: b.at(n), size: 1}
		for _, item := range n.Values {
			if v := b.node(item); v != nil {
				list.items = append(list.items, v)
				list.grow(v)
			}
		}
		return list
	}
	return b.scalar(n)
}

func (b *builder) scalar(n ast.Node) *node {
	v := &node{at: b.at(n), size: 1, text: n.GetToken().Value}
	switch n := n.(type) {
	case *ast.StringNode:
		// The parser loses tabs inside a text without quotes.
		if n.Token.Type == token.StringType && strings.Contains(strings.TrimSpace(n.Token.Origin), "\t") {
			b.p.add(v.at, "", "a text with a tab in it has no quotes").remedy(`put quotes around it and write \t for the tab`)
		}
		v.kind, v.text = kindText, n.Value
	case *ast.LiteralNode:
		v.kind, v.text = kindText, n.Value.Value
	case *ast.IntegerNode:
		v.kind = kindInteger
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		v.kind = kindFloat
	case *ast.BoolNode:
		v.kind = kindBool
	case *ast.NullNode:
		v.kind = kindNull
	default:
		b.p.add(v.at, "", "not valid YAML here: %s", n.Type())
		return nil
	}
	return v
}

func (b *builder) mapping(values []*ast.MappingValueNode, at place) *node {
	m := &node{kind: kindMap, at: at, size: 1}
	own := map[string]place{}
	var merged []*node
	for _, v := range values {
		if _, ok := v.Key.(*ast.MergeKeyNode); ok {
			merged = append(merged, b.merge(v.Value)...)
			continue
		}
		key, ok := b.key(v.Key)
		if !ok {
			continue
		}
		kat := b.at(v.Key)
		if first, ok := own[key]; ok {
			b.p.add(kat, key, "the key %q stands here twice", key).remedy("take one out; the first is in line %d", first.line)
			continue
		}
		own[key] = kat
		if value := b.node(v.Value); value != nil {
			m.fields = append(m.fields, member{key, kat, value})
			m.grow(value)
		}
	}
	for _, from := range merged {
		for _, f := range from.fields {
			if _, ok := own[f.key]; !ok {
				own[f.key] = f.at
				m.fields = append(m.fields, f)
				m.grow(f.value)
			}
		}
	}
	return m
}

// merge returns the sections that the value of a merge key names.
func (b *builder) merge(n ast.Node) []*node {
	v := b.node(n)
	switch {
	case v == nil:
		return nil
	case v.kind == kindMap:
		return []*node{v}
	case v.kind == kindList:
		for _, item := range v.items {
			if item.kind != kindMap {
				b.p.add(item.at, "", "<<: takes sections, not %s", item.kind)
				return nil
			}
		}
		return v.items
	}
	b.p.add(v.at, "", "<<: takes a section, not %s", v.kind)
	return nil
}

func (b *builder) key(k ast.MapKeyNode) (string, bool) {
	var n ast.Node = k
	if q, ok := n.(*ast.MappingKeyNode); ok {
		n = q.Value
	}
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return n.GetToken().Value, true
	}
	b.p.add(b.at(k), "", "a key must be a plain word")
	return "", false
}

// at returns where n starts: a section in lines starts at its first key.
func (b *builder) at(n ast.Node) place {
	switch v := n.(type) {
	case *ast.MappingNode:
		if !v.IsFlowStyle && len(v.Values) > 0 {
			return b.at(v.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return b.at(v.Key)
	}
	pos := n.GetToken().Position
	return place{b.src, pos.Line, max(pos.Column, 1)}
}

// grow counts v into n, up to a bound that nothing valid reaches.
func (n *node) grow(v *node) { n.size = min(n.size+v.size, math.MaxInt32) }

// join is the path of a key within a section.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// within names a section for people.
func within(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

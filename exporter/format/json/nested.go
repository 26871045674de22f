package json

import (
	"fmt"

	"tapline/exporter"
)

// A Nested says that the rows of a Decoder are not its records, but what is in
// them under one key: the elements of a list, or the values of an object. A
// null is no row, nor is a key that is absent.
//
// The record around them sets no cells: its nodes Convert, or are objects whose
// nodes do, and keys without a node are passed over. Wherever the keys stand,
// they are read before the first of the rows, so that Options.Row, called for
// each row, can set the cells which these share. MaxRecord is for a whole record.
//
// A record that is unfit, around its rows or in the keys of any, is rejected
// whole and counts as one row read; so is one that has something else under Key,
// for ReasonNoRows. Otherwise each row is read or rejected by itself.
type Nested struct {
	// Key is the key of the record under which its rows are. It may have a node,
	// too, which is read before them like the others.
	Key string
	// Row says where the parts of a row go. Like a root it is an object.
	Row Node
	// Named, when not nil, is told the key of each value of an object before it
	// is read, nil for an element of a list. It is valid during the call.
	Named func(key []byte)
}

// noteBlock passes over what should hold the rows, and notes where it is.
func (d *Decoder) noteBlock(p *plan, i, depth int) int {
	switch d.l.at(i) {
	case '{', '[':
		d.block = i
	case 'n':
	default:
		d.bad.note(ReasonNoRows, i)
	}
	end := d.pass(i, depth)
	if end >= 0 && d.block == i && p.under != nil {
		d.value(p.under, i, depth)
	}
	return end
}

// endNested makes rows of the record that raw is the text of, or rejects it.
func (d *Decoder) endNested(raw []byte) {
	d.bad.note(d.unnamed, 0)
	if d.bad.reason != "" {
		d.b.BeginRow()
		d.b.RejectRow(exporter.Reject{Reason: d.bad.reason, Place: d.where(), Raw: storable(raw)})
		return
	}
	if d.block < 0 {
		return
	}
	place := d.place
	d.place = func(i int) string { return fmt.Sprintf("%s, %s %d", around(place, i), d.o.Nested.Key, d.nth+1) }
	d.spread(d.block)
	d.place = place
}

func around(place func(i int) string, i int) string {
	if place == nil {
		return ""
	}
	return place(i)
}

// spread makes rows of the list or object at i, whose syntax is known to be right.
func (d *Decoder) spread(i int) {
	l := &d.l
	closing, named := l.at(i)+2, l.at(i) == '{' // '{'+2 == '}', '['+2 == ']'
	if i = l.skip(i + 1); l.at(i) == closing {
		return
	}
	for d.nth = 0; i >= 0; d.nth++ {
		var key []byte
		if named {
			end, f := l.str(i)
			if end < 0 {
				return
			}
			key = d.unescaped(l.doc[i+1:end-1], f)
			i = l.colon(end)
		}
		if i = d.element(i, key); i < 0 {
			return
		}
		if i = l.skip(i); l.at(i) != ',' {
			return
		}
		i = l.skip(i + 1)
	}
}

// element makes a row of the value at i.
func (d *Decoder) element(i int, key []byte) int {
	if d.l.at(i) == 'n' {
		return d.l.word(i, "null")
	}
	if d.o.Nested.Named != nil {
		d.o.Nested.Named(key)
	}
	d.b.BeginRow()
	end := d.fields(d.inner, i, 2)
	if end < 0 {
		d.b.AbortRow()
		return failed
	}
	d.endRow(d.l.doc[i:end])
	return end
}

// each reads the list at i, each object in it as p says.
func (d *Decoder) each(p *plan, i, depth int) int {
	if depth+1 >= MaxDepth {
		return d.pass(i, depth) // which rejects what is deeper
	}
	l, whole := &d.l, d.row
	if i = l.skip(i + 1); l.at(i) == ']' {
		return i + 1
	}
	for {
		if l.at(i) == '{' {
			d.next()
			i = d.object(p, i, depth+2)
			d.row = whole
		} else {
			i = d.pass(i, depth+1)
		}
		if i < 0 {
			return failed
		}
		var more bool
		if i, more = l.next(i); !more {
			return i
		}
	}
}

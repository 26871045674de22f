package parquet

import (
	"errors"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"tapline/exporter"
)

var errRows = errors.New("it has fewer rows than its row group: the file is damaged")

var errElements = errors.New("a list has so many elements that its text cannot fit into a cell: see Options.MaxCell")

var errLevels = errors.New("the columns of a nested field disagree on its structure: the file is damaged")

// An assembler puts the values of nested fields together again.
//
// Whether a field is there, and how many elements a list has, is read off the
// first leaf below it; the others must agree, and each step takes an entry, so
// that no file keeps it busy for ever.
type assembler struct {
	zone *time.Location
	most int // bytes of JSON text
	json []byte
	size int    // elements of lists so far
	over bool   // the JSON text became longer
	bad  string // why a value inside cannot be held
	err  error
}

// cell returns the value of the field in the next record. It must be read
// before the next cell is asked for.
func (a *assembler) cell(n *node) cell {
	a.json, a.size, a.over, a.bad = a.json[:0], 0, false, ""
	for _, l := range n.leaves {
		if _, rep, err := l.peek(); err != nil || rep != 0 {
			a.fail(err)
			return cell{}
		}
	}
	return a.done(a.field(n))
}

// done makes a cell of a column out of what was read for it.
func (a *assembler) done(v cell) cell {
	if v.kind == kindJSON {
		v.kind = exporter.Text
	}
	switch {
	case v.reason != "" || v.kind == 0:
	case a.over:
		return fault(ReasonTooLarge, a.json)
	case a.bad != "":
		return fault(a.bad, v.text)
	}
	return v
}

func (a *assembler) fail(err error) {
	if err == nil {
		err = errLevels
	} else if err == io.EOF {
		err = errRows
	}
	if a.err == nil {
		a.err = err
	}
}

// field reads a field, be it there or not.
func (a *assembler) field(n *node) cell {
	if n.repeats {
		return a.list(n, n)
	}
	if !a.there(n) {
		return cell{}
	}
	return a.content(n)
}

// there reports whether n has content, and passes over the entries that say
// that it has not.
func (a *assembler) there(n *node) bool {
	def, _, err := n.leaf.peek()
	if err != nil {
		a.fail(err)
		return false
	}
	if def >= n.def {
		return true
	}
	for _, l := range n.leaves {
		def, _, err := l.peek()
		if err != nil || def >= n.def {
			a.fail(err)
			return false
		}
		l.pass(def)
	}
	return false
}

// content reads what is there of n, its own repetition apart.
func (a *assembler) content(n *node) cell {
	if a.err != nil {
		return cell{}
	}
	if n.primitive() {
		return a.value(n)
	}
	switch n.shape {
	case union:
		return a.union(n)
	case list:
		return a.list(n.children[0], n.item())
	case pairs:
		return a.pairs(n)
	}
	from := len(a.json)
	a.byte('{')
	for i, c := range n.children {
		if i > 0 {
			a.byte(',')
		}
		a.string([]byte(c.name))
		a.byte(':')
		a.write(a.field(c))
	}
	return a.object(from, '}')
}

// object ends the JSON text that begins at from.
func (a *assembler) object(from int, end byte) cell {
	a.byte(end)
	return textJSON(a.json[from:])
}

// value reads a primitive that is there.
func (a *assembler) value(n *node) cell {
	l := n.leaf
	at := l.val
	l.pass(l.maxDef)
	if l.binary() {
		return a.slice(n, l.bins[at])
	}
	return a.number(n, l.nums[at])
}

// list reads the elements of the repeated node r into JSON text; item is r or
// its only child. A list that is empty is "[]".
func (a *assembler) list(r, item *node) cell {
	from := len(a.json)
	a.byte('[')
	a.each(r, func(i int) {
		if i > 0 {
			a.byte(',')
		}
		if item == r {
			a.write(a.content(r))
		} else {
			a.write(a.field(item))
		}
	})
	return a.object(from, ']')
}

// each calls fn for each element of the repeated node r.
func (a *assembler) each(r *node, fn func(i int)) {
	if !a.there(r) {
		return
	}
	for i := 0; a.err == nil; i++ {
		if a.size++; a.size > a.most {
			// A few bytes of a page can stand for a list of any length.
			a.fail(errElements)
			return
		}
		fn(i)
		if _, rep, err := r.leaf.peek(); err == io.EOF || err == nil && rep < r.rep {
			return
		}
		for _, l := range r.leaves {
			if _, rep, err := l.peek(); err != nil || rep != r.rep {
				a.fail(err)
				return
			}
		}
	}
}

// pairs reads a map into JSON text. A key that is there twice is written twice.
func (a *assembler) pairs(n *node) cell {
	from := len(a.json)
	a.byte('{')
	a.each(n.children[0], func(i int) {
		if i > 0 {
			a.byte(',')
		}
		key, value := a.pair(n.children[0])
		a.key(key)
		a.byte(':')
		if value == nil {
			a.raw("null")
		} else {
			a.write(a.field(value))
		}
	})
	return a.object(from, '}')
}

// pair reads the key of a pair, and returns the node of its value, if any.
func (a *assembler) pair(kv *node) (key cell, value *node) {
	key = a.field(kv.children[0])
	if len(kv.children) == 2 {
		value = kv.children[1]
	}
	return key, value
}

// union reads the member that is set. Several are an object, none is NULL.
func (a *assembler) union(n *node) (out cell) {
	from, set := len(a.json), 0
	a.byte('{')
	for _, c := range n.children {
		mark := len(a.json)
		if set > 0 {
			a.byte(',')
		}
		a.string([]byte(c.name))
		a.byte(':')
		v := a.field(c)
		if v.kind == 0 && v.reason == "" {
			a.cut(mark)
			continue
		}
		if set++; set == 1 {
			out = v
		}
		a.write(v)
	}
	if set > 1 {
		return a.object(from, '}')
	}
	if out.kind != kindJSON {
		a.cut(from)
		return out
	}
	// Its text stands in the buffer, behind the name of the member.
	size := copy(a.json[from:], out.text)
	a.cut(from + size)
	return textJSON(a.json[from:])
}

// kindJSON marks text that is JSON and was written to the buffer already.
const kindJSON = exporter.Text | exporter.Bool

func textJSON(b []byte) cell { return cell{kind: kindJSON, text: b} }

// write writes a value as JSON, unless it stands there already.
func (a *assembler) write(v cell) {
	if v.reason != "" {
		a.bad = v.reason
		a.string(v.text)
		return
	}
	switch v.kind {
	case 0:
		a.raw("null")
	case exporter.Bool:
		a.raw(strconv.FormatBool(v.i != 0))
	case exporter.Int:
		a.json = strconv.AppendInt(a.json, v.i, 10)
	case exporter.Float:
		a.json = exporter.AppendFloat(a.json, v.f)
	case exporter.Date:
		a.string(time.Unix(v.i*86400, 0).UTC().AppendFormat(nil, time.DateOnly))
	case exporter.Time:
		a.string(exporter.AppendTime(nil, v.i))
	case exporter.Text:
		a.string(v.text)
	}
}

// key writes the key of an object.
func (a *assembler) key(v cell) {
	if v.kind == exporter.Text || v.reason != "" {
		a.write(v)
		return
	}
	from := len(a.json)
	a.write(v)
	text := append([]byte(nil), a.json[from:]...)
	if len(text) > 0 && text[0] == '"' {
		return // a date
	}
	a.cut(from)
	a.string(text)
}

// cut takes back what was written since from.
func (a *assembler) cut(from int) { a.json = a.json[:min(from, len(a.json))] }

// room reports whether the JSON text may still grow.
func (a *assembler) room() bool {
	a.over = a.over || len(a.json) > a.most
	return !a.over
}

func (a *assembler) byte(c byte) {
	if a.room() {
		a.json = append(a.json, c)
	}
}

func (a *assembler) raw(s string) {
	if a.room() {
		a.json = append(a.json, s...)
	}
}

// string writes a JSON string; bytes that are not UTF-8 as \ufffd.
func (a *assembler) string(s []byte) {
	if !a.room() {
		return
	}
	const digits = "0123456789abcdef"
	b := append(a.json, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, n := utf8.DecodeRune(s[i:])
			b = utf8.AppendRune(b, r)
			i += n
			continue
		}
		i++
	}
	a.json = append(b, '"')
}

// entries reads the next record of a map and calls fn for each key and value.
func (a *assembler) entries(n *node, fn func(key, value cell)) {
	for _, l := range n.leaves {
		if _, rep, err := l.peek(); err != nil || rep != 0 {
			a.fail(err)
			return
		}
	}
	a.size = 0
	if !a.there(n) {
		return
	}
	kv := n.children[0]
	a.each(kv, func(int) {
		a.json, a.over, a.bad = a.json[:0], false, ""
		key, node := a.pair(kv)
		var v cell
		if node != nil {
			v = a.done(a.field(node))
		}
		if a.err == nil {
			fn(key, v)
		}
	})
}

package json

import (
	"encoding/binary"
	"math/bits"

	"tapline/exporter"
	"tapline/exporter/format"
)

// object reads the object at i, inside the depth objects that it is itself one of.
func (d *Decoder) object(p *plan, i, depth int) int {
	l := &d.l
	if depth > MaxDepth {
		d.bad.note(ReasonTooDeep, i)
	}
	if i = l.skip(i + 1); l.at(i) == '}' {
		return i + 1
	}
	for prev := int32(-1); ; {
		at := i
		var k int32
		i, k = p.guess(l.doc, at, prev)
		if k < 0 {
			if i, k = d.key(p, at, prev); i < 0 {
				return failed
			}
		}
		if k < 0 {
			i = d.pass(i, depth)
		} else {
			f := &p.fields[k]
			if f.seen == d.row {
				d.bad.note(ReasonDuplicateKey, at)
			}
			f.seen = d.row
			prev = k
			if end := f.value.short(l.doc, i); end > 0 {
				i = end
			} else {
				i = d.value(f.value, i, depth)
			}
		}
		if i < 0 {
			return failed
		}
		i = l.skip(i)
		switch l.at(i) { // as lexer.next, without a call for each value
		case ',':
			i = l.skip(i + 1)
		case '}':
			return i + 1
		default:
			return l.fail(i, "want ',' or '}'")
		}
	}
}

// key reads any key and its colon. The field is -1 when no column can have
// such a name, or when it is to be passed over.
func (d *Decoder) key(p *plan, i int, prev int32) (end int, k int32) {
	if d.l.at(i) != '"' {
		return d.l.fail(i, "want a key"), -1
	}
	end, f := d.l.str(i)
	if end < 0 {
		return failed, -1
	}
	if f&unfit != 0 {
		d.bad.note(ReasonBadKey, i)
		return d.l.colon(end), -1
	}
	key := d.unescaped(d.l.doc[i+1:end-1], f)
	k, ok := p.index[string(key)]
	if !ok && p.only {
		return d.l.colon(end), -1
	}
	if !ok {
		if d.learned++; d.maxKeys > 0 && d.learned > d.maxKeys {
			d.bad.note(reasonManyKeys, i)
			return d.l.colon(end), -1
		}
		k = p.learn(d.b, string(key))
	}
	p.next[prev+1] = k
	return d.l.colon(end), k
}

// unescaped returns what a string stands for, until the next one is asked for.
func (d *Decoder) unescaped(v []byte, f flaws) []byte {
	if f&escaped == 0 {
		return v
	}
	d.text = unescape(d.text[:0], v)
	return d.text
}

// pass reads a value that goes nowhere.
func (d *Decoder) pass(i, depth int) int {
	i, _ = d.w.walk(&d.l, i, depth, &d.bad)
	return i
}

// value reads the value at i into the cells that p says.
func (d *Decoder) value(p *plan, i, depth int) int {
	i = d.l.skip(i)
	c := d.l.at(i)
	if p.special {
		switch {
		case p.leaf != nil && c == '{':
			if depth == MaxDepth {
				return d.pass(i, depth) // which rejects it, and needs no stack
			}
			return d.object(p, i, depth+1)
		case p.each && c == '[':
			return d.each(p, i, depth)
		case p.leaf != nil && d.around && p.leaf.convert == nil:
			return d.pass(i, depth) // for there is no row that could have it
		case p.leaf != nil:
			return d.value(p.leaf, i, depth)
		case p.skip:
			return d.pass(i, depth)
		case p.block:
			return d.noteBlock(p, i, depth)
		case c != 'n':
			return d.converted(p, i, depth)
		}
	}
	switch c {
	case '"':
		return d.str(p, i)
	case '{', '[':
		return d.nested(p, i, depth)
	case 't', 'f':
		return d.bool(p, i)
	case 'n':
		return d.l.word(i, "null")
	}
	return d.number(p, i)
}

// short copies a string to its column while it looks for its end, if it is at i
// and has nothing in it that needs a second look; else it returns 0 and has done
// nothing. Most values are such strings.
func (p *plan) short(doc []byte, i int) (end int) {
	if p.special || i+2 > len(doc) || doc[i] != '"' || doc[i+1] == '$' {
		return 0
	}
	i++
	to := p.col.Room()
	for n := 0; i+8 <= len(doc) && n+24 <= len(to); n += 8 {
		x := binary.LittleEndian.Uint64(doc[i:])
		binary.LittleEndian.PutUint64(to[n:], x)
		if m := odd(x); m != 0 {
			k := bits.TrailingZeros64(m) >> 3
			if doc[i+k] != '"' {
				return 0
			}
			p.col.Took(n + k)
			return i + k + 1
		}
		i += 8
	}
	return 0
}

func (d *Decoder) str(p *plan, i int) int {
	end, f := d.l.str(i)
	if end < 0 {
		return failed
	}
	v := d.l.doc[i+1 : end-1]
	if f != 0 {
		if f&unfit != 0 {
			d.reject(p, f.reason(), i, end)
			return end
		}
		v = d.unescaped(v, f)
	}
	if p.dates && len(v) > 0 && v[0] == '$' {
		if micros, ok := format.DollarDate(v); ok {
			d.taken(p.col.Time(micros), p, i, end)
			return end
		}
	}
	d.taken(p.col.Text(v), p, i, end)
	return end
}

func (d *Decoder) number(p *plan, i int) int {
	// Most are integers of few digits.
	doc, end, v := d.l.doc, i, int64(0)
	for end < len(doc) && doc[end]-'0' <= 9 {
		v = v*10 + int64(doc[end]-'0')
		end++
	}
	if n := end - i; n == 0 || n > 18 || n > 1 && doc[i] == '0' || end < len(doc) && (doc[end] == '.' || doc[end]|0x20 == 'e') {
		if end = d.l.number(i, &d.num); end >= 0 {
			d.taken(d.num.put(p.col), p, i, end)
		}
		return end
	}
	d.taken(p.col.Int(v), p, i, end)
	return end
}

func (d *Decoder) bool(p *plan, i int) int {
	end := d.l.scalar(i)
	if end >= 0 {
		d.taken(p.col.Bool(d.l.doc[i] == 't'), p, i, end)
	}
	return end
}

// nested puts the raw text of a list or object into a cell.
func (d *Decoder) nested(p *plan, i, depth int) int {
	end, f := d.w.walk(&d.l, i, depth, &d.bad)
	switch {
	case end < 0:
	case f&unfit != 0:
		d.reject(p, f.reason(), i, end)
	default:
		d.taken(p.col.Text(d.l.doc[i:end]), p, i, end)
	}
	return end
}

// converted lets the source convert the value at i.
func (d *Decoder) converted(p *plan, i, depth int) int {
	var f flaws
	var end int
	kind := kindOf(d.l.at(i))
	switch kind {
	case String:
		end, f = d.l.str(i)
	case Object, Array:
		end, f = d.w.walk(&d.l, i, depth, &d.bad)
	default:
		end = d.l.scalar(i)
	}
	if end < 0 {
		return failed
	}
	if f&unfit != 0 {
		d.reject(p, f.reason(), i, end)
		return end
	}
	v := d.l.doc[i:end]
	if kind == String {
		v = d.unescaped(v[1:len(v)-1], f)
	}
	if reason := p.convert(kind, v); reason != "" {
		d.reject(p, reason, i, end)
	}
	return end
}

// taken rejects the value from i to end if its column had a cell already.
func (d *Decoder) taken(ok bool, p *plan, i, end int) {
	if !ok {
		d.reject(p, ReasonDuplicateColumn, i, end)
	}
}

// reject rejects a cell; with its whole row if the column's name is empty, for
// a reject without a name is one of a row, or if the value is none of a row's.
func (d *Decoder) reject(p *plan, reason string, i, end int) {
	if p.col.Name() == "" || d.around {
		if d.unnamed == "" {
			d.unnamed = reason
		}
		return
	}
	d.b.RejectCell(p.col, exporter.Reject{Reason: reason, Place: d.where(), Raw: storable(d.l.doc[i:end])})
}

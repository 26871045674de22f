package json

import (
	"strconv"

	"tapline/exporter"
)

// object reads an object, the place being at its bracket, inside the depth
// objects that it is itself one of.
func (d *Decoder) object(p *plan, depth int) bool {
	l := &d.l
	if depth > MaxDepth {
		d.bad.note(ReasonTooDeep, l.pos)
	}
	l.pos++
	if l.peek() == '}' {
		l.pos++
		return true
	}
	for prev := int32(-1); ; {
		if l.peek() != '"' {
			return l.fail(l.pos, "want a key")
		}
		at := l.pos
		i := p.guess(l, prev)
		if i < 0 {
			if i = d.key(p, prev); i < 0 {
				if l.err != nil || !d.pass(depth) {
					return false
				}
			}
		}
		if i >= 0 {
			f := &p.fields[i]
			if f.seen == d.row {
				d.bad.note(ReasonDuplicateKey, at)
			}
			f.seen = d.row
			if !d.value(f.value, depth) {
				return false
			}
			prev = i
		}
		switch l.peek() {
		case ',':
			l.pos++
		case '}':
			l.pos++
			return true
		default:
			return l.fail(l.pos, "want ',' or '}'")
		}
	}
}

// key reads any key and its colon. It returns -1 after a mistake in the syntax,
// or when no column can have that name.
func (d *Decoder) key(p *plan, prev int32) int32 {
	at := d.l.pos
	k, f := d.l.str()
	if f&broken != 0 || !d.l.colon() {
		return -1
	}
	if f&unfit != 0 {
		d.bad.note(ReasonBadKey, at)
		return -1
	}
	if f&escaped != 0 {
		d.text = unescape(d.text[:0], k)
		k = d.text
	}
	i, ok := p.index[string(k)]
	if !ok {
		i = p.learn(d.b, string(k))
	}
	p.next[prev+1] = i
	return i
}

// pass reads a value that goes nowhere.
func (d *Decoder) pass(depth int) bool {
	_, ok := d.w.walk(&d.l, depth, &d.bad)
	return ok
}

// value reads a value into the cells that p says.
func (d *Decoder) value(p *plan, depth int) bool {
	c := d.l.peek()
	if p.leaf != nil {
		if c == '{' {
			return d.object(p, depth+1)
		}
		p = p.leaf
	}
	switch {
	case p.skip:
		return d.pass(depth)
	case c == 'n':
		return d.l.word("null")
	case p.convert != nil:
		return d.converted(p, c, depth)
	case c == '"':
		return d.str(p)
	case c == '{' || c == '[':
		return d.nested(p, depth)
	case c == 't' || c == 'f':
		return d.bool(p, c)
	}
	return d.number(p)
}

func (d *Decoder) str(p *plan) bool {
	start := d.l.pos
	v, f := d.l.str()
	if f != 0 {
		switch {
		case f&broken != 0:
			return false
		case f&unfit != 0:
			d.reject(p, f.reason(), start)
			return true
		}
		d.text = unescape(d.text[:0], v)
		v = d.text
	}
	if p.dates && len(v) > 3 && v[0] == '$' {
		if micros, ok := date(v); ok {
			d.taken(p.col.Time(micros), p, start)
			return true
		}
	}
	d.taken(p.col.Text(v), p, start)
	return true
}

func (d *Decoder) number(p *plan) bool {
	start := d.l.pos
	if c := d.l.peek(); c != '-' && c-'0' > 9 {
		return d.l.fail(start, "want a value")
	}
	if !d.l.number(&d.num) {
		return false
	}
	d.taken(d.num.put(p.col), p, start)
	return true
}

func (d *Decoder) bool(p *plan, c byte) bool {
	start := d.l.pos
	if !d.l.scalar(c) {
		return false
	}
	d.taken(p.col.Bool(c == 't'), p, start)
	return true
}

// nested puts the raw text of a list or object into a cell.
func (d *Decoder) nested(p *plan, depth int) bool {
	start := d.l.pos
	f, ok := d.w.walk(&d.l, depth, &d.bad)
	if !ok {
		return false
	}
	if f&unfit != 0 {
		d.reject(p, f.reason(), start)
		return true
	}
	d.taken(p.col.Text(d.l.doc[start:d.l.pos]), p, start)
	return true
}

// converted lets the source convert the value that begins with c.
func (d *Decoder) converted(p *plan, c byte, depth int) bool {
	start := d.l.pos
	var v []byte
	var f flaws
	if c == '"' {
		if v, f = d.l.str(); f&broken != 0 {
			return false
		}
	} else {
		var ok bool
		if f, ok = d.w.walk(&d.l, depth, &d.bad); !ok {
			return false
		}
		v = d.l.doc[start:d.l.pos]
	}
	if f&unfit != 0 {
		d.reject(p, f.reason(), start)
		return true
	}
	if c == '"' && f&escaped != 0 {
		d.text = unescape(d.text[:0], v)
		v = d.text
	}
	if reason := p.convert(kindOf(c), v); reason != "" {
		d.reject(p, reason, start)
	}
	return true
}

// taken rejects the value that began at start if its column had a cell already.
func (d *Decoder) taken(ok bool, p *plan, start int) {
	if !ok {
		d.reject(p, ReasonDuplicateColumn, start)
	}
}

func (d *Decoder) reject(p *plan, reason string, start int) {
	d.b.RejectCell(p.col, exporter.Reject{
		Reason: reason, Place: d.where(), Raw: storable(d.l.doc[start:d.l.pos]),
	})
}

// The seconds between which an instant lies in the years 1 to 9999.
const (
	minSeconds = -62135596800
	maxSeconds = 253402300799
)

// date reads "$D_<seconds since 1970>" as microseconds.
func date(v []byte) (micros int64, ok bool) {
	if len(v) < 4 || len(v) > 16 || string(v[:3]) != "$D_" {
		return 0, false
	}
	seconds, err := strconv.ParseInt(string(v[3:]), 10, 64)
	if err != nil || seconds < minSeconds || seconds > maxSeconds {
		return 0, false
	}
	return seconds * 1e6, true
}

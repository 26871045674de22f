package json

import "bytes"

// A walker reads whole values of any shape and keeps nothing of them. It uses
// no stack of the machine, so that a million brackets are a bad record and no
// more.
type walker struct {
	open   []byte             // the brackets that are open, '{' or '['
	frames [MaxDepth + 1]keys // of the objects among them, by depth
	text   []byte             // unescaped keys
}

// keys are those met so far of an object, unescaped.
type keys struct {
	list [][]byte
	set  map[string]struct{} // the same, once the list is long
}

// manyKeys is how many keys are compared one by one.
const manyKeys = 16

// A fault is the first thing in a value that makes a whole record unfit.
type fault struct {
	reason string // empty = none
	at     int
}

func (f *fault) note(reason string, at int) {
	if f.reason == "" {
		*f = fault{reason, at}
	}
}

// walk reads the value at i, inside depth open lists and objects. It returns
// what is wrong with the strings in it, keys apart: what is wrong with keys, or
// with the depth, goes to bad.
func (w *walker) walk(l *lexer, i, depth int, bad *fault) (end int, f flaws) {
	w.open, w.text = w.open[:0], w.text[:0]
	for {
		i = l.skip(i)
		switch c := l.at(i); c {
		case '"':
			var g flaws
			i, g = l.str(i)
			f |= g
		case '{', '[':
			w.push(i, depth, c, bad)
			i = l.skip(i + 1)
			if l.at(i) == c+2 { // '{'+2 == '}', '['+2 == ']'
				w.open = w.open[:len(w.open)-1]
				i++
				break
			}
			if c == '{' {
				i = w.key(l, i, depth, bad)
			}
			if i < 0 {
				return failed, f
			}
			continue
		default:
			i = l.scalar(i)
		}
		if i < 0 {
			return failed, f
		}
		if i = w.next(l, i, depth, bad); i < 0 || len(w.open) == 0 {
			return i, f
		}
	}
}

// next goes on behind a value: to the next one, or up and out.
func (w *walker) next(l *lexer, i, depth int, bad *fault) int {
	for len(w.open) > 0 {
		i = l.skip(i)
		open := w.open[len(w.open)-1]
		switch c := l.at(i); {
		case c == open+2:
			w.open = w.open[:len(w.open)-1]
			i++
		case c != ',':
			return l.fail(i, "want ',' or '"+string(rune(open+2))+"'")
		case open == '{':
			return w.key(l, l.skip(i+1), depth, bad)
		default:
			return i + 1
		}
	}
	return i
}

// push enters the list or object that begins at i.
func (w *walker) push(i, depth int, c byte, bad *fault) {
	w.open = append(w.open, c)
	if depth += len(w.open); depth > MaxDepth {
		bad.note(ReasonTooDeep, i)
	} else {
		w.frames[depth].list, w.frames[depth].set = w.frames[depth].list[:0], nil
	}
}

// key reads a key and the colon behind it.
func (w *walker) key(l *lexer, i, depth int, bad *fault) int {
	if l.at(i) != '"' {
		return l.fail(i, "want a key")
	}
	end, f := l.str(i)
	if end < 0 {
		return failed
	}
	switch depth += len(w.open); {
	case f&unfit != 0:
		bad.note(ReasonBadKey, i)
	case depth <= MaxDepth:
		k := l.doc[i+1 : end-1]
		if f&escaped != 0 {
			k = w.unescape(k)
		}
		if w.frames[depth].met(k) {
			bad.note(ReasonDuplicateKey, i)
		}
	}
	return l.colon(end)
}

func (w *walker) unescape(k []byte) []byte {
	start := len(w.text)
	w.text = unescape(w.text, k)
	return w.text[start:len(w.text):len(w.text)]
}

// met reports whether the object already has the key, and adds it.
func (o *keys) met(k []byte) bool {
	if o.set == nil {
		for _, have := range o.list {
			if bytes.Equal(have, k) {
				return true
			}
		}
		if o.list = append(o.list, k); len(o.list) < manyKeys {
			return false
		}
		o.set = make(map[string]struct{}, 4*manyKeys)
		for _, have := range o.list {
			o.set[string(have)] = struct{}{}
		}
		return false
	}
	if _, ok := o.set[string(k)]; ok {
		return true
	}
	o.set[string(k)] = struct{}{}
	return false
}

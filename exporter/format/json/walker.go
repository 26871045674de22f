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

// walk reads the value that begins at the lexer's place, inside depth open
// lists and objects. It returns what is wrong with the strings in it, keys
// apart: what is wrong with keys, or with the depth, goes to bad.
func (w *walker) walk(l *lexer, depth int, bad *fault) (f flaws, ok bool) {
	w.open, w.text = w.open[:0], w.text[:0]
	for {
		switch c := l.peek(); {
		case c == '"':
			_, g := l.str()
			f |= g
		case c == '{' || c == '[':
			if w.push(l, depth, c, bad); w.close(l) {
				break
			}
			if c == '{' && !w.key(l, depth, bad) {
				return f, false
			}
			continue
		default:
			l.scalar(c)
		}
		if l.err != nil {
			return f, false
		}
		if more, ok := w.next(l, depth, bad); !more {
			return f, ok
		}
	}
}

// next goes on behind a value: to the next one, or up and out.
func (w *walker) next(l *lexer, depth int, bad *fault) (more, ok bool) {
	for len(w.open) > 0 {
		if w.close(l) {
			continue
		}
		object := w.open[len(w.open)-1] == '{'
		if l.peek() != ',' {
			if object {
				return false, l.fail(l.pos, "want ',' or '}'")
			}
			return false, l.fail(l.pos, "want ',' or ']'")
		}
		l.pos++
		return true, !object || w.key(l, depth, bad)
	}
	return false, true
}

// push enters the list or object that begins at the lexer's place.
func (w *walker) push(l *lexer, depth int, c byte, bad *fault) {
	w.open = append(w.open, c)
	if depth += len(w.open); depth > MaxDepth {
		bad.note(ReasonTooDeep, l.pos)
	} else {
		w.frames[depth].list, w.frames[depth].set = w.frames[depth].list[:0], nil
	}
	l.pos++
}

// close leaves the innermost list or object if it ends here.
func (w *walker) close(l *lexer) bool {
	last := len(w.open) - 1
	if l.peek() != w.open[last]+2 { // '{'+2 == '}', '['+2 == ']'
		return false
	}
	w.open = w.open[:last]
	l.pos++
	return true
}

// key reads a key and the colon behind it.
func (w *walker) key(l *lexer, depth int, bad *fault) bool {
	if l.peek() != '"' {
		return l.fail(l.pos, "want a key")
	}
	at := l.pos
	k, f := l.str()
	if f&broken != 0 {
		return false
	}
	switch depth += len(w.open); {
	case f&unfit != 0:
		bad.note(ReasonBadKey, at)
	case depth <= MaxDepth:
		if f&escaped != 0 {
			k = w.unescape(k)
		}
		if w.frames[depth].met(k) {
			bad.note(ReasonDuplicateKey, at)
		}
	}
	return l.colon()
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

// colon reads the colon behind a key.
func (l *lexer) colon() bool {
	if l.peek() != ':' {
		return l.fail(l.pos, "want ':'")
	}
	l.pos++
	return true
}

// scalar reads a value that begins with c and is no string, list or object.
func (l *lexer) scalar(c byte) bool {
	switch kindOf(c) {
	case Number:
		var n number
		return l.number(&n)
	case Null:
		return l.word("null")
	case Bool:
		if c == 't' {
			return l.word("true")
		}
		return l.word("false")
	}
	return l.fail(l.pos, "want a value")
}

// kindOf tells what a value is by its first byte.
func kindOf(c byte) Kind {
	switch c {
	case '"':
		return String
	case '{':
		return Object
	case '[':
		return Array
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return Number
	}
	return Invalid
}

package json

import "bytes"

const white = " \t\r\n"

// begin finds out how the file is written and how records stand in it.
func (r *fileReader) begin() error {
	t := r.text
	if err := t.need(4); err != nil {
		return err
	}
	switch head := t.buf[:t.end]; {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		t.pos = 3
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		t.transcode(utf16LE)
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		t.transcode(utf16BE)
	}
	if err := t.need(probe); err != nil {
		return err
	}
	start := t.buf[t.pos:min(t.end, t.pos+probe)]
	all := t.eof && len(start) == t.end-t.pos
	skip := skipWhite(start, 0)
	if skip < len(start) && start[skip] != '{' && start[skip] != '[' {
		// A first line of something else is the name of what follows.
		if n := bytes.IndexByte(start[skip:], '\n'); n >= 0 {
			if next := skipWhite(start, skip+n); next < len(start) && start[next] == '{' {
				skip = next
			}
		}
	}
	t.pos += skip
	if r.shape = shapeOf(start[skip:], all); r.shape == list {
		r.shape = listEnd // none has begun
	}
	return nil
}

func skipWhite(b []byte, i int) int {
	l := lexer{doc: b}
	return l.skip(i)
}

// shapeOf tells how records stand in a file by its start, or by all of it.
func shapeOf(text []byte, all bool) shape {
	if len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return lines
	}
	l, w, bad := lexer{doc: text}, new(walker), fault{}
	end, _ := w.walk(&l, 0, 0, &bad)
	eol := bytes.IndexByte(text, '\n')
	one := eol < 0 || 0 <= end && end <= eol // it is on one line
	var behind byte
	if end >= 0 {
		if i := skipWhite(text, end); i < len(text) {
			behind = text[i]
		}
	}
	damaged := end < 0 && (all || l.err.Offset < int64(len(text)-padding))
	switch {
	case text[0] == '[' && objects(text) && (end < 0 || behind == '['):
		return list
	case damaged && objectLine(text):
		return lines // the first is damaged
	case text[0] == '[':
		if end < 0 || !one || behind == 0 {
			return list
		}
		return lines
	case eol < 0:
		if end < 0 || behind == 0 || all {
			return lines
		}
		return values
	case one || l.err != nil && l.err.Offset <= int64(eol):
		return lines
	}
	return values
}

// objects reports whether a list is one of objects, or empty.
func objects(text []byte) bool {
	i := skipWhite(text, 1)
	return i < len(text) && (text[i] == '{' || text[i] == ']')
}

// objectLine reports whether a line other than the first is a whole object.
func objectLine(text []byte) bool {
	w := new(walker)
	for {
		var line []byte
		var found bool
		if _, text, found = bytes.Cut(text, []byte{'\n'}); !found {
			return false
		}
		line, _, _ = bytes.Cut(text, []byte{'\n'})
		line = bytes.TrimRight(line, white)
		if len(line) == 0 || line[0] != '{' {
			continue
		}
		l, bad := lexer{doc: line}, fault{}
		if end, _ := w.walk(&l, 0, 0, &bad); end == len(line) {
			return true
		}
	}
}

package json

import (
	"fmt"
	"strconv"
	"strings"

	"tapline/exporter"
	"tapline/exporter/format"
)

// A shape is how records stand in a file.
type shape byte

const (
	lines    shape = 'l' // on lines
	values   shape = 'v' // one after another, over lines
	list     shape = 'a' // in a list, behind a record of it
	listHead shape = 'h' // in a list, behind its bracket; in no cursor
	listEnd  shape = 'e' // behind a list
)

// An encoding is how text is written.
type encoding byte

const (
	utf8Text encoding = '8'
	utf16LE  encoding = 'L'
	utf16BE  encoding = 'B'
)

// A position is what a Cursor of this package means.
type position struct {
	shape shape
	enc   encoding
	line  int64
	place format.Place
}

func (p position) cursor() exporter.Cursor {
	return exporter.Cursor(fmt.Sprintf("%c%c %d %s", p.shape, p.enc, p.line, p.place))
}

func parsePosition(c exporter.Cursor) (position, error) {
	p := position{shape: lines, enc: utf8Text, line: 1}
	if c == "" {
		return p, nil
	}
	head, rest, _ := strings.Cut(string(c), " ")
	line, place, _ := strings.Cut(rest, " ")
	var err, err2 error
	p.line, err = strconv.ParseInt(line, 10, 64)
	p.place, err2 = format.ParsePlace(place)
	if err != nil || err2 != nil || p.line < 1 || len(head) != 2 || !strings.Contains("lvae", head[:1]) || !strings.Contains("8LB", head[1:]) {
		return position{}, fmt.Errorf("json: %.100q is no cursor of this version: %w", string(c), exporter.ErrCursorExpired)
	}
	p.shape, p.enc = shape(head[0]), encoding(head[1])
	return p, nil
}

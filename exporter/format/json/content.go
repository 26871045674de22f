package json

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"tapline/exporter/format"
)

// content is a file being read. The part in memory is UTF-8: buf[pos:end] is
// what is still to be read. Behind end there are always padding bytes more, and
// at the file's end a newline.
type content struct {
	name  string
	in    format.Stream
	enc   encoding
	block int
	buf   []byte
	pos   int
	end   int
	eof   bool

	// Of UTF-16.
	raw  []byte // for what is read
	rest []byte // of raw: not converted yet
	err  error  // behind rest

	// The place of buf[mark].
	mark int
	at   int64 // bytes of the content before it
	line int64
}

func newContent(name string, in format.Stream, p position, block int) *content {
	return &content{name: name, in: in, enc: p.enc, block: block, buf: make([]byte, block+padding), at: p.place.Offset, line: p.line}
}

// need reads on until n bytes are there, or all.
func (c *content) need(n int) error {
	for c.end-c.pos < n && !c.eof {
		if err := c.more(); err != nil {
			return err
		}
	}
	return nil
}

// maxEmptyReads is how many reads in a row may give nothing.
const maxEmptyReads = 100

// more reads on. What is before pos is given up; if what is left takes more
// than half of the room, there is twice as much then.
func (c *content) more() error {
	c.locate(c.pos)
	left, to := c.end-c.pos, c.buf
	if room := len(c.buf) - padding; left > room/2 {
		to = make([]byte, 2*room+padding)
	}
	copy(to, c.buf[c.pos:c.end])
	c.buf, c.pos, c.mark, c.end = to, 0, 0, left
	last := min(len(c.buf)-padding, left+c.block)
	for empty := 0; c.end+utf8.UTFMax <= last && !c.eof; empty++ {
		n, err := c.read(c.buf[c.end:last])
		if c.end += n; n > 0 {
			empty = 0
		}
		switch {
		case errors.Is(err, io.EOF):
			c.eof = true
			clear(c.buf[c.end:][:padding])
			c.buf[c.end] = '\n'
		case err != nil:
			return err
		case empty == maxEmptyReads:
			return io.ErrNoProgress
		}
	}
	return nil
}

// read reads text, as UTF-8.
func (c *content) read(b []byte) (int, error) {
	if c.enc == utf8Text {
		return c.in.Read(b)
	}
	if len(c.rest) < 4 && c.err == nil {
		if c.raw == nil {
			c.raw = make([]byte, probe)
		}
		n := copy(c.raw, c.rest)
		got, err := c.in.Read(c.raw[n:])
		c.rest, c.err = c.raw[:n+got], err
	}
	out, used := c.convert(b[:0:len(b)], c.rest)
	if c.rest = c.rest[used:]; len(c.rest) == 0 && len(out) == 0 {
		return 0, c.err
	}
	return len(out), nil
}

// transcode makes all that was read, behind the byte order mark, UTF-16.
func (c *content) transcode(enc encoding) {
	const mark = 2
	c.enc, c.at = enc, mark
	c.raw = append(make([]byte, 0, max(probe, c.end)), c.buf[mark:c.end]...)
	c.rest, c.raw = c.raw, c.raw[:cap(c.raw)]
	c.pos, c.mark, c.end = 0, 0, 0
	if c.eof {
		c.eof, c.err = false, io.EOF
	}
}

// convert appends to dst, as far as it has room, the UTF-8 of UTF-16. A lone
// surrogate becomes three bytes that are no UTF-8, and an odd last byte one, so
// that they cost the cell or line that they are in.
func (c *content) convert(dst, src []byte) ([]byte, int) {
	var order binary.ByteOrder = binary.LittleEndian
	if c.enc == utf16BE {
		order = binary.BigEndian
	}
	used := 0
	for cap(dst)-len(dst) >= utf8.UTFMax && len(src)-used >= 2 {
		r, n := rune(order.Uint16(src[used:])), 2
		if utf16.IsSurrogate(r) {
			if len(src)-used < 4 && c.err == nil {
				return dst, used // the other half is to come
			}
			pair := rune(utf8.RuneError)
			if len(src)-used >= 4 {
				pair = utf16.DecodeRune(r, rune(order.Uint16(src[used+2:])))
			}
			if pair == utf8.RuneError {
				dst = append(dst, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
				used += n
				continue
			}
			r, n = pair, 4
		}
		dst = utf8.AppendRune(dst, r)
		used += n
	}
	if c.err != nil && len(src)-used == 1 && len(dst) < cap(dst) {
		return append(dst, oddByte), used + 1
	}
	return dst, used
}

// oddByte stands for the last byte of UTF-16 text of an odd length.
const oddByte = 0xff

// size is how many bytes of the content b was.
func (c *content) size(b []byte) int64 {
	if c.enc == utf8Text {
		return int64(len(b))
	}
	n := int64(0)
	for _, x := range b {
		switch {
		case x == oddByte:
			n++
		case x >= 0xf0:
			n += 4
		case x < 0x80 || x >= 0xc0:
			n += 2
		}
	}
	return n
}

// locate makes i, which is not before the mark, the mark.
func (c *content) locate(i int) {
	passed := c.buf[c.mark:i]
	c.at += c.size(passed)
	c.line += int64(bytes.Count(passed, []byte{'\n'}))
	c.mark = i
}

// offset is how many bytes of the content are before i, which becomes the mark.
func (c *content) offset(i int) int64 {
	c.locate(i)
	return c.at
}

// where is the place of i, which becomes the mark, for people.
func (c *content) where(i int) string {
	c.locate(i)
	return fmt.Sprintf("%s, line %d, byte %d", c.name, c.line, c.at)
}

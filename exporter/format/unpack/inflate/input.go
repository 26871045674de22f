package inflate

import (
	"fmt"
	"io"
)

// An Error says that the input is damaged. At the input's end in the middle of
// something it wraps io.ErrUnexpectedEOF.
type Error struct {
	Offset int64 // bytes of the input before the place, since Reset
	What   string
	cut    bool
}

func (e *Error) Error() string { return fmt.Sprintf("inflate: byte %d: %s", e.Offset, e.What) }

// Unwrap returns io.ErrUnexpectedEOF if the input is cut off, else nil.
func (e *Error) Unwrap() error {
	if e.cut {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// maxEmptyReads is how many reads in a row may give nothing.
const maxEmptyReads = 100

// An input is packed bytes and the bits taken from them.
type input struct {
	r    io.Reader
	in   []byte
	ip   int // bytes taken into hold, or passed, are before this
	end  int
	eof  bool
	gone int64 // bytes of the input before in
	hold uint64
	held uint // bits of hold that count
}

// offset is how many bytes of the input were used, begun ones included.
func (d *input) offset() int64 { return d.gone + int64(d.ip) - int64(d.held>>3) }

func (d *input) corrupt(what string) error { return &Error{Offset: d.offset(), What: what} }

// fill reads until there is input for a step, or the input ends. Bytes in hold
// stay in the buffer, so that they can be given back.
func (d *input) fill() error {
	drop := d.ip - int(d.held>>3)
	copy(d.in, d.in[drop:d.end])
	d.gone += int64(drop)
	d.ip, d.end = d.ip-drop, d.end-drop
	for empty := 0; d.end-d.ip < stepIn && !d.eof; {
		n, err := d.r.Read(d.in[d.end:])
		d.end += n
		switch {
		case err == io.EOF:
			d.eof = true
		case err != nil:
			return err
		case n == 0:
			if empty++; empty == maxEmptyReads {
				return io.ErrNoProgress
			}
		default:
			empty = 0
		}
	}
	return nil
}

// more is fill where the input must not end.
func (d *input) more() error {
	if !d.eof {
		if err := d.fill(); err != nil {
			return err
		}
	}
	if d.ip == d.end {
		return d.short()
	}
	return nil
}

// short is the error of an input that ends too early.
func (d *input) short() error {
	return &Error{Offset: d.gone + int64(d.end), What: "the input ends in the middle", cut: true}
}

// unread gives whole bytes held back to the input.
func (d *input) unread() {
	d.ip -= int(d.held >> 3)
	d.held &= 7
	d.hold &= 1<<d.held - 1
}

// align drops bits up to the next byte.
func (d *input) align() {
	d.hold >>= d.held & 7
	d.held &^= 7
}

// need holds n bits or more. n <= 56.
func (d *input) need(n uint) error {
	for d.held < n {
		if d.ip == d.end {
			if err := d.more(); err != nil {
				return err
			}
		}
		d.take()
	}
	return nil
}

// take holds one more byte.
func (d *input) take() {
	d.hold |= uint64(d.in[d.ip]) << d.held
	d.ip++
	d.held += 8
}

// bits reads n bits.
func (d *input) bits(n uint) (uint64, error) {
	if err := d.need(n); err != nil {
		return 0, err
	}
	v := d.hold & (1<<n - 1)
	d.hold >>= n
	d.held -= n
	return v, nil
}

package unpack

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// maxWindow is how far back zstd may refer: what "zstd --long" needs.
const maxWindow = 128 << 20

// frames decodes zstd frame by frame: the decoder itself does not tell where
// frames begin. Frames to be skipped are skipped.
type frames struct {
	f    frame
	z    *zstd.Decoder
	note func(packed, base int64)
	out  int64
	open bool // a frame is being read
}

func newFrames(r io.Reader, note func(packed, base int64)) (io.Reader, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return &frames{f: frame{r: bufio.NewReaderSize(r, 64<<10)}, z: z, note: note}, nil
}

func (d *frames) Read(b []byte) (int, error) {
	for {
		if !d.open {
			if err := d.next(); err != nil {
				return 0, err
			}
		}
		n, err := d.z.Read(b)
		d.out += int64(n)
		switch {
		case d.f.err != nil && !errors.Is(d.f.err, io.EOF):
			return n, d.f.err
		case errors.Is(err, io.EOF):
			d.open = false
			if n == 0 {
				continue
			}
		case err != nil:
			return n, err
		}
		return n, nil
	}
}

// next begins the next frame that holds anything.
func (d *frames) next() error {
	for {
		start := d.f.at
		skip, err := d.f.begin()
		if err != nil {
			return err
		}
		if skip {
			continue
		}
		if d.note != nil {
			d.note(start, d.out)
		}
		d.open = true
		return d.z.Reset(&d.f)
	}
}

// A frame reads the bytes of one frame and knows where it ends (RFC 8878,
// section 3.1), without understanding what is in its blocks.
type frame struct {
	r    *bufio.Reader
	at   int64  // bytes read since the start
	head []byte // read, and not handed out yet
	left int    // bytes of the block still to hand out
	last bool   // it is the last block
	sum  bool   // a checksum follows
	err  error
	buf  [32]byte
}

const zstdMagic = "\x28\xb5\x2f\xfd"

// begin reads the header of a frame, or skips the frame if that is its kind.
func (f *frame) begin() (skip bool, err error) {
	f.head, f.left, f.last, f.err = f.buf[:0], 0, false, nil
	if _, err := f.r.Peek(1); err != nil {
		return false, err // io.EOF: no more frames
	}
	if err := f.take(4); err != nil {
		return false, err
	}
	if string(f.head) != zstdMagic {
		return true, f.skip()
	}
	if err := f.take(1); err != nil {
		return false, err
	}
	d := f.head[4]
	f.sum = d&4 != 0
	single := d&0x20 != 0
	size := [4]int{0, 1, 2, 4}[d&3] + [4]int{0, 2, 4, 8}[d>>6]
	if !single || d>>6 == 0 {
		size++ // the window's size, or that of the content in one byte
	}
	return false, f.take(size)
}

// skip passes a frame whose magic number is read.
func (f *frame) skip() error {
	at := f.at - 4
	if f.head[0]&0xf0 != 0x50 || string(f.head[1:4]) != "\x2a\x4d\x18" {
		return fmt.Errorf("want a zstd frame at byte %d", at)
	}
	if err := f.take(4); err != nil {
		return err
	}
	n, err := io.CopyN(io.Discard, f.r, int64(binary.LittleEndian.Uint32(f.head[4:8])))
	f.at += n
	return cut(err)
}

// take reads n bytes that are handed out later.
func (f *frame) take(n int) error {
	old := len(f.head)
	f.head = f.head[:old+n]
	n, err := io.ReadFull(f.r, f.head[old:])
	f.at += int64(n)
	return cut(err)
}

// cut makes the input's end an error.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Read hands out the frame, and io.EOF behind it.
func (f *frame) Read(b []byte) (int, error) {
	for {
		switch {
		case f.err != nil:
			return 0, f.err
		case len(f.head) > 0:
			n := copy(b, f.head)
			f.head = f.head[n:]
			return n, nil
		case f.left > 0:
			n, err := f.r.Read(b[:min(len(b), f.left)])
			f.at, f.left = f.at+int64(n), f.left-n
			f.err = cut(err)
			return n, f.err
		case f.last:
			f.err = io.EOF
			return 0, f.err
		}
		f.err = f.block()
	}
}

// block reads the header of a block; behind the last one comes the checksum.
func (f *frame) block() error {
	f.head = f.buf[:0]
	if err := f.take(3); err != nil {
		return err
	}
	h := uint32(f.head[0]) | uint32(f.head[1])<<8 | uint32(f.head[2])<<16
	f.left, f.last = int(h>>3), h&1 != 0
	if h>>1&3 == 1 {
		f.left = 1 // one byte, repeated
	}
	if f.last && f.sum {
		f.left += 4
	}
	return nil
}

package unpack

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/s2"
	"github.com/ulikunitz/xz"

	"tapline/exporter/format/unpack/inflate"
)

// A packing is a way in which bytes are packed.
type packing uint8

const (
	plain packing = iota
	gzipped
	zstandard
	bzipped
	xzed
	snappy
	zipped
)

var packingNames = [...]string{"plain", "gzip", "zstd", "bzip2", "xz", "snappy", "zip"}

func (k packing) String() string { return packingNames[k] }

// framed reports whether packed bytes have borders at which reading can begin.
func (k packing) framed() bool { return k == gzipped || k == zstandard }

// sniffed is how many bytes sniff looks at. Readers that get them copy the rest
// no second time.
const sniffed = 64

// sniff tells by its first bytes how something is packed.
func sniff(head []byte) packing {
	has := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch {
	case has("\x1f\x8b\x08"):
		return gzipped
	case has("\x28\xb5\x2f\xfd"), len(head) >= 4 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18":
		return zstandard
	case has("BZh") && len(head) >= 10 && (string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17\x72\x45\x38\x50\x90"):
		return bzipped
	case has("\xfd7zXZ\x00"):
		return xzed
	case has("\xff\x06\x00\x00sNaPpY"), has("\xff\x06\x00\x00S2sTwO"):
		return snappy
	case has("PK\x03\x04"), has("PK\x05\x06"):
		return zipped
	}
	return plain
}

// decoder unpacks r. Where that has borders and note is not nil, it is called
// at each with how many bytes of r and of the result are before it.
func decoder(kind packing, r io.Reader, note func(packed, base int64)) (io.Reader, error) {
	switch kind {
	case gzipped:
		z := inflate.NewReader(r)
		z.OnMember = note
		return z, nil
	case zstandard:
		return newFrames(r, note)
	case bzipped:
		return bzip2.NewReader(r), nil
	case xzed:
		return newXZ(r)
	case snappy:
		return s2.NewReader(r, s2.ReaderMaxBlockSize(maxBlock)), nil
	}
	return nil, fmt.Errorf("%s inside another packing", kind)
}

const (
	maxBlock      = 4 << 20  // of S2: the most that the format allows
	maxDictionary = 64 << 20 // of xz: that of its highest preset
)

// newXZ unpacks xz whose first block needs no more memory than allowed.
func newXZ(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	head, err := b.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	size, err := dictionary(head)
	if err != nil {
		return nil, err
	}
	if size > maxDictionary {
		return nil, fmt.Errorf("xz with a dictionary of %d bytes; the most is %d", size, maxDictionary)
	}
	return xz.NewReader(b)
}

// dictionary finds the size of the dictionary in the header of the first block;
// 0 where there is none, or nothing that could be understood.
func dictionary(head []byte) (int64, error) {
	const lzma2 = 0x21
	if len(head) < 14 || head[12] == 0 {
		return 0, nil
	}
	block := head[12:min(len(head), 12+4*int(head[12])+4)]
	flags, i := block[1], 2
	for _, f := range [...]byte{0x40, 0x80} { // sizes, 7 bits a byte
		for flags&f != 0 && i < len(block) {
			i++
			if block[i-1] < 0x80 {
				break
			}
		}
	}
	if i+3 > len(block) || block[i] != lzma2 || block[i+1] != 1 {
		return 0, nil
	}
	bits := block[i+2]
	if bits > 40 {
		return 0, errors.New("xz with a dictionary of unknown size")
	}
	return (2 | int64(bits)&1) << (bits/2 + 11), nil
}

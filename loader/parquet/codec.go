package parquet

import (
	"fmt"
	"slices"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// Codec names how pages are compressed.
type Codec string

// The codecs.
const (
	Zstd         Codec = "zstd"   // level 1; the default
	Snappy       Codec = "snappy" // quicker, and half as large again
	Uncompressed Codec = "none"
)

// codecID is the codec's number in the file format.
type codecID int32

const (
	idUncompressed codecID = 0
	idSnappy       codecID = 1
	idZstd         codecID = 6

	codecCount = 3
)

func (c Codec) id() (codecID, error) {
	switch c {
	case Zstd, "":
		return idZstd, nil
	case Snappy:
		return idSnappy, nil
	case Uncompressed:
		return idUncompressed, nil
	}
	return 0, fmt.Errorf("parquet: codec %q: want %s, %s or %s", string(c), Zstd, Snappy, Uncompressed)
}

// slot numbers the codecs without a gap.
func (c codecID) slot() int {
	if c == idZstd {
		return 2
	}
	return int(c)
}

// A compressor compresses one page at a time into a buffer of its own.
type compressor struct {
	id   codecID
	zstd *zstd.Encoder // for idZstd
	buf  []byte
}

// newCompressor makes a compressor. It starts no goroutine and needs no close.
func newCompressor(id codecID) compressor {
	c := compressor{id: id}
	if id == idZstd {
		// The page carries a checksum already. The only errors are those of
		// options out of range, which these constants are not.
		c.zstd, _ = zstd.NewWriter(nil,
			zstd.WithEncoderLevel(zstd.SpeedFastest),
			zstd.WithEncoderConcurrency(1),
			zstd.WithEncoderCRC(false),
			zstd.WithWindowSize(1<<20))
	}
	return c
}

// compress returns the page compressed. The result is good until the next call
// and may be the page itself.
func (c *compressor) compress(page []byte) []byte {
	switch c.id {
	case idZstd:
		c.buf = c.zstd.EncodeAll(page, c.buf[:0])
	case idSnappy:
		most := s2.MaxEncodedLen(len(page))
		c.buf = slices.Grow(c.buf[:0], most)[:most]
		c.buf = s2.EncodeSnappy(c.buf, page)
	default:
		return page
	}
	return c.buf
}

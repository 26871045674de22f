package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

const (
	codecNone   = 0
	codecSnappy = 1
	codecGzip   = 2
	codecBrotli = 4
	codecZstd   = 6
	codecLZ4    = 7 // LZ4_RAW
)

var codecNames = [...]string{"UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"}

var errUnpacked = errors.New("a page does not decompress to the size it is said to have")

// A codec decompresses pages whose size is known before. It never writes more
// than that, whatever the page says. It belongs to one goroutine.
type codec struct {
	id     int
	gzip   *gzip.Reader
	brotli *brotli.Reader
	zstd   *zstd.Decoder
}

// A codecs is those of a reader: making one costs more than a page.
type codecs [len(codecNames)]*codec

// get returns the codec of that number.
func (c *codecs) get(id int) (*codec, error) {
	switch id {
	case codecNone, codecSnappy, codecGzip, codecBrotli, codecZstd, codecLZ4:
		if c[id] == nil {
			c[id] = &codec{id: id}
		}
		return c[id], nil
	}
	name := fmt.Sprint(id)
	if id >= 0 && id < len(codecNames) {
		name = codecNames[id]
	}
	return nil, fmt.Errorf("its compression %s is not supported: write it with ZSTD, SNAPPY or GZIP", name)
}

// decode fills dst with what src decompresses to.
func (c *codec) decode(dst, src []byte) error {
	switch c.id {
	case codecSnappy:
		if n, err := snappy.DecodedLen(src); err != nil || n != len(dst) {
			return errUnpacked
		}
		_, err := snappy.Decode(dst, src)
		return err
	case codecLZ4:
		if n, err := lz4.UncompressBlock(src, dst); err != nil || n != len(dst) {
			return errUnpacked
		}
		return nil
	case codecZstd:
		return c.unzstd(dst, src)
	case codecBrotli:
		if c.brotli == nil {
			c.brotli = brotli.NewReader(nil)
		}
		if err := c.brotli.Reset(bytes.NewReader(src)); err != nil {
			return err
		}
		return fill(dst, c.brotli)
	}
	if c.gzip == nil {
		c.gzip = new(gzip.Reader)
	}
	if err := c.gzip.Reset(bytes.NewReader(src)); err != nil {
		return err
	}
	return fill(dst, c.gzip)
}

func (c *codec) unzstd(dst, src []byte) (err error) {
	if c.zstd == nil {
		c.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true))
		if err != nil {
			return err
		}
	}
	out, err := c.zstd.DecodeAll(src, dst[:0:len(dst)])
	if err == nil && len(out) != len(dst) {
		err = errUnpacked
	}
	return err
}

// fill reads exactly dst out of r.
func fill(dst []byte, r io.Reader) error {
	if _, err := io.ReadFull(r, dst); err != nil {
		return errUnpacked
	}
	var more [1]byte
	if n, err := io.ReadFull(r, more[:]); n != 0 || err != io.EOF {
		return errUnpacked
	}
	return nil
}

func (c *codecs) close() {
	if z := c[codecZstd]; z != nil && z.zstd != nil {
		z.zstd.Close()
	}
}

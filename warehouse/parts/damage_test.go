package parts

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/parquet/compress"

	"tapline/loader/parquet"
)

// Whatever byte of the pages is another, it is noticed.
func TestDamage(t *testing.T) {
	rec := testRecord(rand.New(rand.NewPCG(3, 4)), 20)
	defer rec.Release()
	for _, codec := range []parquet.Codec{parquet.Snappy, parquet.Zstd, parquet.Uncompressed} {
		whole, err := os.ReadFile(write(t, codec, rec))
		if err != nil {
			t.Fatal(err)
		}
		var reader Reader
		path := filepath.Join(t.TempDir(), "damaged")
		footer := int(whole[len(whole)-8]) | int(whole[len(whole)-7])<<8 | int(whole[len(whole)-6])<<16
		for at := 4; at < len(whole)-8-footer; at += 101 {
			data := bytes.Clone(whole)
			data[at] ^= 1 << (at % 8)
			if err := readBytes(t, &reader, path, data); err == nil {
				t.Fatalf("%s: byte %d is another, and nobody noticed", codec, at)
			}
		}
		for _, size := range []int{0, 3, 12, len(whole) / 2, len(whole) - 1} {
			if err := readBytes(t, &reader, path, whole[:size]); err == nil {
				t.Errorf("%s: cut to %d bytes, and nobody noticed", codec, size)
			}
		}
		if err := readBytes(t, &reader, path, whole); err != nil {
			t.Errorf("%s: after all that: %v", codec, err)
		}
	}
}

func readBytes(t *testing.T, r *Reader, path string, data []byte) error {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Open(t.Context(), path); err != nil {
		return err
	}
	for {
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			return r.Close()
		} else if err != nil {
			return errors.Join(err, r.Close())
		}
	}
}

// FuzzPage reads any bytes as a page, after any bytes as its dictionary: nothing
// but an error may come of it, and no more memory than a record and the page take.
func FuzzPage(f *testing.F) {
	text := []byte{2, 0, 0, 0, 'a', 'b', 0, 0, 0, 0}
	f.Add([]byte{2, 0, 0, 0, 6, 1, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}, []byte{}, uint8(kindWord), uint16(3), uint16(0))
	f.Add([]byte{2, 0, 0, 0, 3, 5, 1, 3, 2}, text, uint8(kindText), uint16(3), uint16(2))
	f.Add([]byte{2, 0, 0, 0, 3, 5, 2, 0, 0, 0, 'x', 'y', 1, 0, 0, 0, 'z'}, []byte{}, uint8(kindText), uint16(3), uint16(0))
	f.Add([]byte{2, 0, 0, 0, 6, 1, 5}, []byte{}, uint8(kindBool), uint16(3), uint16(0))
	f.Add([]byte{2, 0, 0, 0, 6, 0}, []byte{}, uint8(kindDate), uint16(3), uint16(0))
	f.Add([]byte{2, 0, 0, 0, 16, 1, 1, 3, 2}, []byte{1, 2, 3, 4, 5, 6, 7, 8}, uint8(kindDate), uint16(8), uint16(2))
	types := map[kind]arrow.DataType{
		kindBool: arrow.FixedWidthTypes.Boolean, kindWord: arrow.PrimitiveTypes.Int64,
		kindDate: arrow.FixedWidthTypes.Date32, kindText: arrow.BinaryTypes.String,
	}
	f.Fuzz(func(t *testing.T, page, dict []byte, k uint8, rows, entries uint16) {
		l := leaf{kind: kind(k%4) + kindBool, page: page, dictPage: dict, coded: entries > 0}
		data := head{rows: int(rows), encoding: encPlain}
		if l.coded {
			data.encoding = encRLEDictionary
			if l.openDict(head{dict: true, rows: int(entries), encoding: encPlain}) != nil {
				return
			}
		}
		if l.open(data) != nil {
			return
		}
		for l.rows > 0 {
			n := min(l.rows, 100)
			a, err := l.take(types[l.kind], n)
			if err != nil {
				return
			}
			if a.Len() != n {
				t.Fatalf("%d rows, want %d", a.Len(), n)
			}
			for i := range n {
				_ = a.ValueStr(i)
			}
		}
	})
}

// FuzzFetch fetches pages from any bytes.
func FuzzFetch(f *testing.F) {
	rec := testRecord(rand.New(rand.NewPCG(5, 6)), 9)
	defer rec.Release()
	for i, codec := range []parquet.Codec{parquet.Uncompressed, parquet.Snappy, parquet.Zstd} {
		data, err := os.ReadFile(write(f, codec, rec))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[4:], uint8(i))
	}
	f.Fuzz(func(t *testing.T, data []byte, codec uint8) {
		var p pages
		if err := p.open(bytes.NewReader(data), int64(len(data))); err != nil {
			t.Fatal(err)
		}
		s := span{0, int64(len(data)), []compress.Compression{compress.Codecs.Uncompressed, compress.Codecs.Snappy, compress.Codecs.Zstd}[codec%3]}
		var page []byte
		for {
			var h head
			var err error
			if h, page, err = p.fetch(&s, page); err != nil {
				return
			}
			if len(page) != h.raw || s.at > s.end {
				t.Fatalf("a page of %d bytes has %d, at %d of %d", h.raw, len(page), s.at, s.end)
			}
		}
	})
}

package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/google/go-cmp/cmp"
)

// A page is one page of a file, as its header tells.
type page struct {
	dictionary  bool
	encoding    int64
	values      int64
	raw, stored int64
	crc         uint32
	payload     []byte
}

// chunkPages reads the page headers of the first row group's columns.
func chunkPages(tb testing.TB, b []byte) [][]page {
	tb.Helper()
	rg := openByArrow(tb, b).MetaData().RowGroup(0)
	out := make([][]page, rg.NumColumns())
	var total int64
	for i := range out {
		c, err := rg.ColumnChunk(i)
		if err != nil {
			tb.Fatal(err)
		}
		at := c.DataPageOffset()
		if c.HasDictionaryPage() {
			at = c.DictionaryPageOffset()
		}
		var raw int64
		end := at + c.TotalCompressedSize()
		for at < end {
			r := &thriftReader{b: b[at:end]}
			p := pageOf(r.structure())
			size := int64(r.at)
			p.payload = b[at+size : at+size+p.stored]
			out[i] = append(out[i], p)
			at += size + p.stored
			raw += size + p.raw
		}
		if at != end {
			tb.Errorf("column %d: its pages end at %d, not at %d", i, at, end)
		}
		if raw != c.TotalUncompressedSize() {
			tb.Errorf("column %d: %d bytes uncompressed, its pages have %d", i, c.TotalUncompressedSize(), raw)
		}
		total += raw
	}
	if rg.TotalByteSize() != total {
		tb.Errorf("row group of %d bytes, its pages have %d", rg.TotalByteSize(), total)
	}
	return out
}

func pageOf(header map[int16]any) page {
	p := page{raw: header[2].(int64), stored: header[3].(int64), crc: uint32(header[4].(int64))}
	if header[1] == int64(2) {
		p.dictionary = true
		sub := header[7].(map[int16]any)
		p.values, p.encoding = sub[1].(int64), sub[2].(int64)
		return p
	}
	sub := header[5].(map[int16]any)
	p.values, p.encoding = sub[1].(int64), sub[2].(int64)
	return p
}

// thriftReader reads what thrift writes in page headers and statistics:
// integers, booleans, texts and structures.
type thriftReader struct {
	b  []byte
	at int
}

func (r *thriftReader) structure() map[int16]any {
	fields := make(map[int16]any)
	id := int16(0)
	for {
		head := r.b[r.at]
		r.at++
		if head == 0 {
			return fields
		}
		id += int16(head >> 4)
		switch head & 15 {
		case typeStruct:
			fields[id] = r.structure()
		case typeTrue, typeFalse:
			fields[id] = head&15 == typeTrue
		case typeBinary:
			size, n := binary.Uvarint(r.b[r.at:])
			r.at += n + int(size)
			fields[id] = r.b[r.at-int(size) : r.at]
		default:
			v, n := binary.Varint(r.b[r.at:])
			r.at += n
			fields[id] = v
		}
	}
}

func TestPageChecksums(t *testing.T) {
	for _, codec := range []Codec{Zstd, Snappy, Uncompressed} {
		var b bytes.Buffer
		write(t, &b, []arrow.Record{record(eachType(5000, func(i int) int { return i % 700 })...)}, Options{Codec: codec})
		for i, pages := range chunkPages(t, b.Bytes()) {
			for _, p := range pages {
				if got := crc32.ChecksumIEEE(p.payload); got != p.crc {
					t.Errorf("%s, column %d: checksum %08x, want %08x", codec, i, p.crc, got)
				}
			}
		}
	}
}

// TestEncodings holds which columns get a dictionary.
func TestEncodings(t *testing.T) {
	const n = 20_000
	r := rand.New(rand.NewPCG(5, 6))
	noise := make([]int, n)
	for i := range noise {
		noise[i] = r.IntN(1 << 40)
	}
	spread := func(i int) int { return noise[i] }
	tests := []struct {
		name string
		cell func(i int) int
		want string // by type: bool, int64, float64, text, date, time; D = dictionary
	}{
		{"constant", func(int) int { return 5 }, "PDDDDD"},
		{"constant or null", func(i int) int { return 6*(i%2) - 1 }, "PDDDDD"},
		{"few", func(i int) int { return spread(i) % 9 }, "PDDDDD"},
		{"a tenth", func(i int) int { return spread(i) % 2000 }, "PDDDDD"},
		{"half", func(i int) int { return spread(i) % 12_500 }, "PPPDPP"},
		{"all", spread, "PPPPPP"},
		{"distinct first", func(i int) int { return min(i, 8000) }, "PPPPPP"},
		{"distinct later", func(i int) int { return max(i, 5000) }, "PPPPPP"},
		{"null", func(int) int { return -1 }, "PPPPPP"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			write(t, &b, []arrow.Record{record(eachType(n, tt.cell)...)}, Options{})
			var got strings.Builder
			for _, pages := range chunkPages(t, b.Bytes()) {
				got.WriteByte("PD"[len(pages)-1])
				if data := pages[len(pages)-1]; data.values != n || (data.encoding == encRLEDictionary) != pages[0].dictionary {
					t.Errorf("a data page of %d values in encoding %d", data.values, data.encoding)
				}
			}
			if diff := cmp.Diff(tt.want, got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestConstantsCostNothing holds what a column that tapline adds to every row
// takes in a file.
func TestConstantsCostNothing(t *testing.T) {
	var b bytes.Buffer
	write(t, &b, []arrow.Record{record(eachType(122_880, func(int) int { return 5 })...)}, Options{})
	if most := 2500; b.Len() > most {
		t.Errorf("six constant columns take %d bytes, more than %d", b.Len(), most)
	}
}

func TestPagesOfLargeTexts(t *testing.T) {
	const mb = 1 << 20
	tests := []struct {
		name string
		text func(i int) any
		n    int
		want []int64 // rows of the data pages
	}{
		{"several to a page", func(i int) any { return fmt.Sprint(i) + strings.Repeat("x", 3*mb) }, 5, []int64{2, 2, 1}},
		{"one to a page", func(i int) any { return fmt.Sprint(i) + strings.Repeat("x", 9*mb) }, 2, []int64{1, 1}},
		{"nulls between", func(i int) any {
			if i%3 != 0 {
				return nil
			}
			return fmt.Sprint(i) + strings.Repeat("x", 3*mb)
		}, 14, []int64{6, 6, 2}},
		{"one large among small", func(i int) any { return fmt.Sprint(i) + strings.Repeat("x", i/10%2*8*mb) }, 11, []int64{10, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := record(col{"t", textType, fill(tt.n, tt.text)})
			var b bytes.Buffer
			write(t, &b, []arrow.Record{rec}, Options{})
			var got []int64
			for _, p := range chunkPages(t, b.Bytes())[0] {
				got = append(got, p.values)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			read, err := readByArrow(b.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if diff := diff(tableOf([]arrow.Record{rec}), read); diff != "" {
				t.Error(diff)
			}
		})
	}
}

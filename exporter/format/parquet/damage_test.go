package parquet

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/compress"

	"tapline/exporter"
	"tapline/exporter/format"
)

// sound are small files of every sort.
func sound(t testing.TB) (docs [][]byte) {
	rec, _ := random(3, 40)
	nested := record(t, `[{"m":[{"key":"a","value":{"member0":1,"member1":null}}],"s":{"a":["x"],"b":1.5}},{"m":null,"s":null}]`,
		fieldOf("m", arrow.MapOf(arrow.BinaryTypes.String, unionOf(arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String))),
		fieldOf("s", arrow.StructOf(fieldOf("a", arrow.ListOf(arrow.BinaryTypes.String)), fieldOf("b", arrow.PrimitiveTypes.Float64))))
	for _, codec := range []compress.Compression{compress.Codecs.Uncompressed, compress.Codecs.Snappy, compress.Codecs.Gzip, compress.Codecs.Zstd, compress.Codecs.Brotli} {
		docs = append(docs, fileOf(t, []arrow.Record{rec}, parquet.WithCompression(codec)))
	}
	return append(docs,
		fileOf(t, []arrow.Record{rec}, parquet.WithDictionaryDefault(false), parquet.WithDataPageVersion(parquet.DataPageV2)),
		fileOf(t, []arrow.Record{rec}, parquet.WithDictionaryDefault(false), parquet.WithEncodingFor("int", parquet.Encodings.DeltaBinaryPacked),
			parquet.WithEncodingFor("text", parquet.Encodings.DeltaByteArray), parquet.WithEncodingFor("same", parquet.Encodings.DeltaLengthByteArray)),
		fileOf(t, []arrow.Record{nested, nested}, parquet.WithDataPageVersion(parquet.DataPageV2), parquet.WithCompression(compress.Codecs.Zstd)),
		fileOf(t, []arrow.Record{nested}))
}

// survive reads what may be damaged: rows, or an error of the content.
func survive(t testing.TB, dir string, doc []byte) {
	o := Options{MaxMemory: 16 << 20, MaxCell: 1 << 16, MaxColumns: 100, Flatten: len(doc)%2 == 0, TempDir: dir}
	rows := int64(0)
	for b, err := range Read(context.Background(), input(doc), o, format.Batching{Rows: 100, Bytes: 1 << 18}, "") {
		if err != nil {
			if !errors.Is(err, exporter.ErrContent) || !strings.Contains(err.Error(), "a.parquet") {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "nobody foresaw") {
				t.Errorf("panicked: %v", err)
			}
			return
		}
		if rows += b.Rows; rows > 1e5 {
			return // a run of NULLs can be any number of rows
		}
	}
}

func TestDamaged(t *testing.T) {
	r, dir := rand.New(rand.NewPCG(5, 6)), t.TempDir()
	for _, doc := range sound(t) {
		survive(t, dir, doc)
		for n := 0; n < len(doc); n += 1 + n/9 {
			survive(t, dir, doc[:n])
			// The footer as it was, pages gone.
			size := int(binary.LittleEndian.Uint32(doc[len(doc)-8:])) + 8
			survive(t, dir, append(doc[:min(n, len(doc)-size):min(n, len(doc)-size)], doc[len(doc)-size:]...))
		}
		for range 150 {
			bad := append([]byte(nil), doc...)
			for range 1 + r.IntN(3) {
				bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
			}
			survive(t, dir, bad)
		}
	}
}

func TestErrors(t *testing.T) {
	rec, _ := random(3, 40)
	doc := fileOf(t, []arrow.Record{rec})
	footerOf := func(b ...byte) []byte {
		all := append([]byte("PAR1"), b...)
		all = binary.LittleEndian.AppendUint32(all, uint32(len(b)))
		return append(all, "PAR1"...)
	}
	for _, c := range []struct {
		name  string
		doc   []byte
		o     Options
		after exporter.Cursor
		want  error
		text  string
	}{
		{"empty", nil, Options{}, "", exporter.ErrContent, "too few"},
		{"CSV", []byte("a,b\n1,2\n3,4\n"), Options{}, "", exporter.ErrContent, "does not end in PAR1"},
		{"cut", doc[:len(doc)-1], Options{}, "", exporter.ErrContent, "does not end in PAR1"},
		{"encrypted", append(doc[:len(doc)-4:len(doc)-4], "PARE"...), Options{}, "", exporter.ErrContent, "without encryption"},
		{"footer too large", append(doc[:len(doc)-8:len(doc)-8], "\xff\xff\xff\x7fPAR1"...), Options{}, "", exporter.ErrContent, "footer"},
		{"a list of four thousand million", footerOf(0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f), Options{}, "", exporter.ErrContent, "Thrift"},
		{"structures without end", footerOf([]byte(strings.Repeat("\x1c", 1<<20))...), Options{}, "", exporter.ErrContent, "Thrift"},
		{"no schema", footerOf(0), Options{}, "", exporter.ErrContent, "no schema"},
		{"too large", doc, Options{MaxBytes: 100}, "", exporter.ErrContent, "limit is 100"},
		{"too much memory", doc, Options{MaxMemory: 100}, "", exporter.ErrContent, "Options.MaxMemory"},
		{"too many columns", doc, Options{MaxColumns: 2}, "", exporter.ErrContent, "more than 2 columns"},
		{"cursor of words", doc, Options{}, "x", exporter.ErrCursorExpired, `"x"`},
		{"cursor beyond", doc, Options{}, "0:41", exporter.ErrCursorExpired, "0:41"},
		{"cursor before its row group", doc, Options{}, "1:3", exporter.ErrCursorExpired, "1:3"},
		{"negative cursor", doc, Options{}, "0:-1", exporter.ErrCursorExpired, "0:-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readAll(t, c.doc, c.o, format.Batching{}, c.after)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), "a.parquet") {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("no rows", func(t *testing.T) {
		got, err := readAll(t, fileOf(t, []arrow.Record{rec.NewSlice(0, 0)}), Options{}, format.Batching{}, "")
		if err != nil || got.Cursors != nil {
			t.Error(got, err)
		}
	})
	t.Run("unknown size too large", func(t *testing.T) {
		in := input(doc)
		in.Size = -1
		for _, err := range Read(context.Background(), in, Options{MaxBytes: 100, TempDir: t.TempDir()}, format.Batching{}, "") {
			if !errors.Is(err, exporter.ErrContent) {
				t.Error(err)
			}
		}
	})
	t.Run("context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		batches := 0
		for b, err := range Read(ctx, input(doc), Options{TempDir: t.TempDir()}, format.Batching{Rows: 10}, "") {
			if err != nil {
				if !errors.Is(err, context.Canceled) || batches != 1 {
					t.Errorf("after %d batches: %v", batches, err)
				}
				continue
			}
			batches += int(min(b.Rows, 1))
			cancel()
		}
	})
}

func FuzzRead(f *testing.F) {
	for _, doc := range sound(f) {
		f.Add(doc)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, doc []byte) { survive(t, dir, doc) })
}

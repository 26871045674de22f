package parquet

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/format"
)

// random makes a record of n rows: flat columns, a list, and what they hold.
func random(seed uint64, n int) (arrow.Record, map[string][]string) {
	r := rand.New(rand.NewPCG(seed, 2))
	mem := memory.DefaultAllocator
	ints, floats, bools := array.NewInt64Builder(mem), array.NewFloat64Builder(mem), array.NewBooleanBuilder(mem)
	texts, same, lists := array.NewStringBuilder(mem), array.NewStringBuilder(mem), array.NewListBuilder(mem, arrow.PrimitiveTypes.Int32)
	narrow := array.NewInt32Builder(mem)
	want := map[string][]string{}
	add := func(name string, b array.Builder, v string, set func()) {
		if r.IntN(9) == 0 {
			b.AppendNull()
			v = null
		} else {
			set()
		}
		want[name] = append(want[name], v)
	}
	for i := range n {
		x, f := int64(r.Uint64()>>r.IntN(63)), float64(r.IntN(1e6))/8
		add("int", ints, fmt.Sprint(x), func() { ints.Append(x) })
		add("float", floats, string(exporter.AppendFloat(nil, f)), func() { floats.Append(f) })
		add("bool", bools, fmt.Sprint(x%2 == 0), func() { bools.Append(x%2 == 0) })
		s := fmt.Sprintf("row %d %0*d", i, r.IntN(30), i)
		add("text", texts, s, func() { texts.Append(s) })
		k := fmt.Sprint("key ", x&15)
		add("same", same, k, func() { same.Append(k) })
		add("narrow", narrow, fmt.Sprint(i/50), func() { narrow.Append(int32(i / 50)) })
		l := "["
		size := r.IntN(4)
		for j := range size {
			if j > 0 {
				l += ","
			}
			l += fmt.Sprint(i + j)
		}
		add("list", lists, l+"]", func() {
			lists.Append(true)
			for j := range size {
				lists.ValueBuilder().(*array.Int32Builder).Append(int32(i + j))
			}
		})
	}
	var fields []arrow.Field
	var cols []arrow.Array
	for i, b := range []array.Builder{ints, floats, bools, texts, same, narrow, lists} {
		fields = append(fields, fieldOf([]string{"int", "float", "bool", "text", "same", "narrow", "list"}[i], b.Type()))
		cols = append(cols, b.NewArray())
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), cols, int64(n)), want
}

// TestBulk reads many rows in every codec and encoding, in batches of every
// sort, from the start and from each cursor.
func TestBulk(t *testing.T) {
	a, want := random(1, 7000)
	b, more := random(2, 3500)
	for name, cells := range more {
		want[name] = append(want[name], cells...)
	}
	small := parquet.WithDataPageSize(3000)
	plain := parquet.WithDictionaryDefault(false)
	for _, c := range []struct {
		name    string
		options []parquet.WriterProperty
		bt      format.Batching
	}{
		{"plain", []parquet.WriterProperty{plain}, format.Batching{}},
		{"dictionary", nil, format.Batching{Rows: 1000}},
		{"small pages", []parquet.WriterProperty{small, parquet.WithDictionaryPageSizeLimit(2000)}, format.Batching{Rows: 777}},
		{"pages of version 2", []parquet.WriterProperty{small, parquet.WithDataPageVersion(parquet.DataPageV2), parquet.WithCompression(compress.Codecs.Snappy)}, format.Batching{Rows: 5000}},
		{"few bytes", []parquet.WriterProperty{small}, format.Batching{Bytes: 50000}},
		{"row groups", []parquet.WriterProperty{parquet.WithMaxRowGroupLength(100)}, format.Batching{Rows: 333}},
		{"snappy", []parquet.WriterProperty{small, parquet.WithCompression(compress.Codecs.Snappy)}, format.Batching{}},
		{"gzip", []parquet.WriterProperty{small, parquet.WithCompression(compress.Codecs.Gzip)}, format.Batching{}},
		{"zstd", []parquet.WriterProperty{small, parquet.WithCompression(compress.Codecs.Zstd)}, format.Batching{}},
		{"brotli", []parquet.WriterProperty{small, parquet.WithCompression(compress.Codecs.Brotli)}, format.Batching{}},
		{"delta", []parquet.WriterProperty{plain, small, parquet.WithEncodingFor("int", parquet.Encodings.DeltaBinaryPacked), parquet.WithEncodingFor("narrow", parquet.Encodings.DeltaBinaryPacked),
			parquet.WithEncodingFor("text", parquet.Encodings.DeltaByteArray), parquet.WithEncodingFor("same", parquet.Encodings.DeltaLengthByteArray),
			parquet.WithEncodingFor("bool", parquet.Encodings.RLE)}, format.Batching{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := fileOf(t, []arrow.Record{a, b}, c.options...)
			got, err := readAll(t, doc, Options{}, c.bt, "")
			if err != nil {
				t.Fatal(err)
			}
			if !maps.EqualFunc(want, got.Cells, slices.Equal) {
				diff := cmp.Diff(want, got.Cells)
				t.Fatal(diff[:min(len(diff), 3000)])
			}
			if len(got.Rejects) > 0 || got.Rows != 10500 || got.Bytes < 100000 {
				t.Errorf("%d rows, %d bytes, rejects %v", got.Rows, got.Bytes, got.Rejects)
			}
			done := 0
			for _, cursor := range got.Cursors {
				fmt.Sscanf(string(cursor), "%d:%d", new(int), &done)
				rest, err := readAll(t, doc, Options{}, c.bt, cursor)
				if err != nil {
					t.Fatal(err)
				}
				if rest.Rows != int64(10500-done) {
					t.Fatalf("after %s: %d rows", cursor, rest.Rows)
				}
				for name, cells := range rest.Cells {
					if !slices.Equal(want[name][done:], cells) {
						t.Fatalf("after %s: %s", cursor, cmp.Diff(want[name][done:], cells))
					}
				}
				if len(got.Cursors) > 30 {
					break // one is enough where there are many
				}
			}
			if done != 10500 && len(got.Cursors) <= 30 {
				t.Errorf("the last cursor is after %d rows", done)
			}
		})
	}
}

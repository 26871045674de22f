package bucket_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"tapline/exporter"
	"tapline/exporter/bucket"
	"tapline/exporter/format"
	"tapline/exporter/format/csv"
)

// export is a CSV export of n events.
func export(n int) string {
	var b strings.Builder
	b.WriteString("ts,eventName,profile.identity,profile.objectId,deviceInfo.make,eventProps.Amount,eventProps.Currency,eventProps.Items\n")
	for i := range n {
		fmt.Fprintf(&b, "202209%02d%02d%02d%02d,Order Placed,%d,__g%d,Samsung,%d.5,INR,%d\n", i%28+1, i%24, i%60, i/7%60, i, i, i%500, i%9)
	}
	return b.String()
}

// BenchmarkRead compares reading an export through the source, with its layout
// and all facts about the file, with reading the CSV alone.
func BenchmarkRead(b *testing.B) {
	const n = 500_000
	content := export(n)
	d := newDrop(b)
	d.put(b, orders+".csv", content, before)
	d.opt.Mem = format.NewPool(0)
	drain := func(b *testing.B, read func() func(func(exporter.Batch, error) bool)) {
		b.SetBytes(int64(len(content)))
		for b.Loop() {
			rows := int64(0)
			for batch, err := range read() {
				if err != nil {
					b.Fatal(err)
				}
				rows += batch.Rows
			}
			if rows != n {
				b.Fatalf("%d rows", rows)
			}
		}
	}
	in := format.Input{Name: orders, Size: int64(len(content)), Open: func(context.Context, format.Place) (format.Stream, error) {
		return text{strings.NewReader(content)}, nil
	}}
	b.Run("CSV", func(b *testing.B) {
		drain(b, func() func(func(exporter.Batch, error) bool) {
			return csv.Read(b.Context(), in, csv.Options{}, csv.Layout{Times: []csv.Time{{Column: "ts"}}}, format.Batching{Mem: d.opt.Mem}, "")
		})
	})
	b.Run("Source", func(b *testing.B) {
		src := d.source(b, bucket.Selection{Files: "*", FileColumns: []string{"*"}})
		sl := slicesOf(b, src, exporter.Window{})[0]
		drain(b, func() func(func(exporter.Batch, error) bool) { return src.Read(b.Context(), sl, "") })
	})
}

// A text is content in memory.
type text struct{ io.Reader }

func (text) Close() error                    { return nil }
func (text) Place(offset int64) format.Place { return format.Place{Offset: offset} }

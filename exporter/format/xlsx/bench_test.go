package xlsx

import (
	"context"
	"strconv"
	"testing"

	"github.com/xuri/excelize/v2"

	"tapline/exporter/format"
)

// BenchmarkRead reads 20,000 rows of 10 cells; bytes are those of the XML.
func BenchmarkRead(b *testing.B) {
	doc := workbook(b, func(f *excelize.File) error {
		w, err := f.NewStreamWriter("Sheet1")
		if err != nil {
			return err
		}
		for i := range 20_001 {
			var row []any
			for c := range 10 {
				switch {
				case i == 0:
					row = append(row, "column "+strconv.Itoa(c))
				case c%2 == 0:
					row = append(row, i*c)
				default:
					row = append(row, "text "+strconv.Itoa(i))
				}
			}
			if err := w.SetRow("A"+strconv.Itoa(i+1), row); err != nil {
				return err
			}
		}
		return w.Flush()
	})
	dir, pool := b.TempDir(), format.NewPool(0)
	for b.Loop() {
		for batch, err := range Read(context.Background(), input(doc), Options{TempDir: dir}, format.Batching{Mem: pool}, "") {
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(batch.Bytes)
		}
	}
}

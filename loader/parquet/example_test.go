package parquet_test

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/loader/parquet"
)

// One file of two row groups.
func Example() {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "event", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "amount", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()

	var file bytes.Buffer
	w, err := parquet.NewWriter(&file, schema, parquet.Options{Codec: parquet.Snappy})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, amounts := range [][]float64{{9.5, 12}, {3.25}} {
		for _, amount := range amounts {
			b.Field(0).(*array.StringBuilder).Append("Order Placed")
			b.Field(1).(*array.Float64Builder).Append(amount)
		}
		rec := b.NewRecord()
		err := w.Write(rec)
		rec.Release()
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}
	stats := w.Stats()
	fmt.Println(stats.Rows, "rows in", stats.RowGroups, "row groups;", stats.Bytes == int64(file.Len()))
	// Output: 3 rows in 2 row groups; true
}

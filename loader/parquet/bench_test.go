package parquet

import (
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

const (
	benchRows    = 122_880
	benchBatches = 4
)

// BenchmarkWrite writes four batches of 122,880 rows of 32 columns: the events
// of an app as CleverTap sends them, with tapline's own columns beside them.
// Bytes are those of the Arrow buffers.
func BenchmarkWrite(b *testing.B) {
	batches := events(b, benchBatches, benchRows)
	size, rows := measure(batches)
	for _, o := range []Options{
		{Codec: Zstd}, {Codec: Snappy}, {Codec: Uncompressed}, {Codec: Zstd, Parallel: 2}, {Codec: Snappy, Parallel: 2},
	} {
		b.Run(fmt.Sprintf("%s/%d", o.Codec, max(1, o.Parallel)), func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			o.Pool = &Pool{}
			var file int64
			for b.Loop() {
				file = write(b, io.Discard, batches, o).Bytes
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(file)/1e6, "file-MB")
		})
	}
}

// BenchmarkSmall writes files of a hundred rows.
func BenchmarkSmall(b *testing.B) {
	batches := events(b, 1, 100)
	pool := &Pool{}
	b.ReportAllocs()
	for b.Loop() {
		write(b, io.Discard, batches, Options{Pool: pool})
	}
}

func measure(batches []arrow.Record) (size, rows int64) {
	for _, rec := range batches {
		rows += rec.NumRows()
		for _, c := range rec.Columns() {
			for _, buf := range c.Data().Buffers() {
				if buf != nil {
					size += int64(buf.Len())
				}
			}
		}
	}
	return size, rows
}

// An eventColumn draws the cells of one column of the benchmark's events.
type eventColumn struct {
	name  string
	typ   arrow.DataType
	nulls float64 // share
	cell  func(r *rand.Rand, row int) any
}

func eventColumns() []eventColumn {
	var (
		day  = int64(1_788_220_800)
		user = func(r *rand.Rand) int { u := r.Float64(); return int(u * u * 100_000) }
		hex  = func(n int) string {
			g := rand.New(rand.NewPCG(uint64(n), 17))
			return fmt.Sprintf("%016x%016x%02x", g.Uint64(), g.Uint64(), byte(g.Uint64()))
		}
		users = make([]string, 100_000)
		oneOf = func(prefix string, n int) func(*rand.Rand, int) any {
			return func(r *rand.Rand, _ int) any {
				return fmt.Sprintf("%s %d", prefix, int(r.Float64()*r.Float64()*float64(n)))
			}
		}
		constant = func(v any) func(*rand.Rand, int) any { return func(*rand.Rand, int) any { return v } }
	)
	for i := range users {
		users[i] = hex(i)
	}
	return []eventColumn{
		{"ts", timeType, 0, func(r *rand.Rand, row int) any {
			return arrow.Timestamp((day + int64(row)*86_400/benchRows/benchBatches + r.Int64N(30)) * 1e6)
		}},
		{"event_date", dateType, 0, constant(arrow.Date32(20_697))},
		{"event_name", textType, 0, constant("Order Placed")},
		{"profile_object_id", textType, 0, func(r *rand.Rand, _ int) any { return users[user(r)] }},
		{"profile_identity", textType, 0.4, func(r *rand.Rand, _ int) any { return fmt.Sprint(9_000_000_000 + user(r)*7919) }},
		{"profile_email", textType, 0.5, func(r *rand.Rand, _ int) any { return fmt.Sprintf("customer.%d@example.com", user(r)*31) }},
		{"profile_platform", textType, 0, oneOf("Platform", 3)},
		{"profile_app_version", textType, 0.02, oneOf("4.1", 12)},
		{"profile_make", textType, 0.1, oneOf("Maker", 40)},
		{"profile_model", textType, 0.1, oneOf("SM-A5", 600)},
		{"profile_os_version", textType, 0.1, oneOf("os", 15)},
		{"profile_city", textType, 0.2, oneOf("नगर पालिका", 300)},
		{"profile_ltv", floatType, 0.3, func(r *rand.Rand, _ int) any { return float64(r.IntN(5_000_000)) / 100 }},
		{"event_props_order_id", textType, 0, func(r *rand.Rand, _ int) any { return "OD" + hex(int(r.Uint32()))[:18] }},
		{"event_props_amount", floatType, 0.01, func(r *rand.Rand, _ int) any { return float64(r.IntN(400)*50) + 0.99 }},
		{"event_props_tax", floatType, 0.01, func(r *rand.Rand, _ int) any { return r.ExpFloat64() * 40 }},
		{"event_props_quantity", intType, 0.01, func(r *rand.Rand, _ int) any { return 1 + int64(r.ExpFloat64()*1.5) }},
		{"event_props_product", textType, 0.05, oneOf("Wireless Noise Cancelling Headphones", 2000)},
		{"event_props_category", textType, 0.05, oneOf("Category", 25)},
		{"event_props_coupon", textType, 0.9, oneOf("SAVE", 60)},
		{"event_props_payment_mode", textType, 0.02, oneOf("Pay", 6)},
		{"event_props_items", textType, 0.5, func(r *rand.Rand, _ int) any {
			return fmt.Sprintf(`[{"sku":"%08d","qty":%d,"price":%d.50},{"sku":"%08d","qty":1}]`, r.IntN(9000)*7, r.IntN(4), r.IntN(900), r.IntN(9000)*7)
		}},
		{"event_props_first_order", boolType, 0.01, func(r *rand.Rand, _ int) any { return r.IntN(7) == 0 }},
		{"event_props_delivery_at", timeType, 0.3, func(r *rand.Rand, _ int) any { return arrow.Timestamp((day + r.Int64N(700_000)) * 1e6) }},
		{"session_props_session_id", intType, 0, func(r *rand.Rand, row int) any { return day + int64(user(r)) }},
		{"session_props_utm_source", textType, 0.7, oneOf("source", 9)},
		{"session_props_session_length", intType, 0.1, func(r *rand.Rand, _ int) any { return int64(r.ExpFloat64() * 300) }},
		{"session_props_screen", textType, 0.3, oneOf("Screen", 80)},
		{"_tapline_slice", textType, 0, constant("ct/events/Order Placed/2026-09-01")},
		{"_tapline_load", textType, 0, constant("0c2f7f0a5f5be0d1c4e8a97b")},
		{"_tapline_row", intType, 0, func(_ *rand.Rand, row int) any { return int64(row) }},
		{"_tapline_loaded_at", timeType, 0, constant(arrow.Timestamp(1_788_307_200_000_000))},
	}
}

// events makes batches of events, the same ones each time.
func events(tb testing.TB, batches, rows int) []arrow.Record {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	columns := eventColumns()
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.name, Type: c.typ, Nullable: true}
	}
	schema := arrow.NewSchema(fields, nil)
	out := make([]arrow.Record, batches)
	for k := range out {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		for i, c := range columns {
			for row := range rows {
				if r.Float64() < c.nulls {
					b.Field(i).AppendNull()
				} else {
					appendCell(b.Field(i), c.cell(r, k*rows+row))
				}
			}
		}
		out[k] = b.NewRecord()
		b.Release()
	}
	return out
}

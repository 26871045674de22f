package csv

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"tapline/exporter/format"
)

// export is about size bytes of events as a vendor exports them: 14 columns,
// of which five are NULL in half of the rows; some quotes, line breaks, and
// names in several scripts.
func export(size int) []byte {
	r := rand.New(rand.NewPCG(7, 9))
	names := []string{"Alice Brown", "Bob", "\u5f20\u4f1f", "\u674e\u5a1c", "\u0418\u0432\u0430\u043d", "O'Neil", "Maria Garcia", "Kenji"}
	events := []string{"Order Placed", "App Launched", "Product Viewed", "Added To Cart"}
	notes := []string{"plain", "\"said \"\"hi\"\"\"", "\"one, two\"", "\"line one\nline two\"", "gift", "call first"}
	categories := []string{"Shoes", "Books", "Garden & Home", "Toys", "\u98df\u54c1"}
	half := func(s string) string {
		if r.IntN(2) == 0 {
			return ""
		}
		return s
	}
	var b bytes.Buffer
	b.WriteString("ts,eventName,profile.identity,profile.objectId,profile.name,profile.platform,deviceInfo.make,deviceInfo.appVersion," +
		"CT Session Id,eventProps.Amount,eventProps.Quantity,eventProps.Category,eventProps.Note,eventProps.Vip\n")
	at := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	for b.Len() < size {
		at = at.Add(time.Duration(r.IntN(3000)) * time.Millisecond)
		fmt.Fprintf(&b, "%s,%s,%d,%016x%016x,%s,%s,%s,%d.%d.%d,%d,%s,%s,%s,%s,%s\n", at.Format("20060102150405"), events[r.IntN(4)],
			1000000+r.IntN(9000000), r.Uint64(), r.Uint64(), names[r.IntN(8)], []string{"Android", "iOS", "Web"}[r.IntN(3)],
			[]string{"Samsung", "Apple", "Xiaomi"}[r.IntN(3)], r.IntN(10), r.IntN(20), r.IntN(30), at.Unix(),
			half(fmt.Sprintf("%d.%02d", r.IntN(5000), r.IntN(100))), half(fmt.Sprint(1+r.IntN(9))), half(categories[r.IntN(5)]),
			half(notes[r.IntN(6)]), half([]string{"true", "false"}[r.IntN(2)]))
	}
	return b.Bytes()
}

func BenchmarkRead(b *testing.B) {
	text := export(100 << 20)
	bt := format.Batching{Mem: format.NewPool(256 << 20)}
	lay := Layout{Times: []Time{{Column: "ts"}}}
	b.SetBytes(int64(len(text)))
	b.ResetTimer()
	cpu := cpuTime(b)
	for b.Loop() {
		rows := int64(0)
		for batch, err := range Read(context.Background(), content(text, 0), Options{}, lay, bt, "") {
			if err != nil {
				b.Fatal(err)
			}
			rows += batch.Rows
		}
		if rows == 0 {
			b.Fatal("no rows")
		}
	}
	b.ReportMetric(float64(len(text))*float64(b.N)/1e6/(cpuTime(b)-cpu).Seconds(), "MB/cpu-s")
}

// BenchmarkStandard is the yardstick: encoding/csv, which tells no types.
func BenchmarkStandard(b *testing.B) {
	text := export(100 << 20)
	b.SetBytes(int64(len(text)))
	b.ResetTimer()
	cpu := cpuTime(b)
	for b.Loop() {
		r := csv.NewReader(bytes.NewReader(text))
		r.ReuseRecord = true
		for {
			if _, err := r.Read(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(len(text))*float64(b.N)/1e6/(cpuTime(b)-cpu).Seconds(), "MB/cpu-s")
}

// BenchmarkIndex only finds the fields.
func BenchmarkIndex(b *testing.B) {
	text := export(32 << 20)
	x := newIndex(syntax{delim: ',', quote: '"', escape: '"', maxRecord: defaultMaxRecord, maxFields: 15}, maxStarts)
	text = append(text, make([]byte, slack)...)
	hi := len(text) - slack
	b.SetBytes(int64(hi))
	b.ResetTimer()
	cpu := cpuTime(b)
	for b.Loop() {
		x.prepare(text)
		for lo := 0; lo < hi; {
			x.reset()
			lo = x.scan(text, lo, min(hi, lo+window), false)
		}
	}
	b.ReportMetric(float64(hi)*float64(b.N)/1e6/(cpuTime(b)-cpu).Seconds(), "MB/cpu-s")
}

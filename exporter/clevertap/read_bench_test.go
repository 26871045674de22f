package clevertap_test

import (
	"testing"

	"tapline/exporter"
	"tapline/exporter/clevertap"
	"tapline/exporter/clevertap/clevertaptest"
)

// BenchmarkRead reads pages from loopback into Arrow batches. It includes what
// the server needs to make them up.
func BenchmarkRead(b *testing.B) {
	const rows = 200_000
	shop := &clevertaptest.Shop{Seed: 3, First: first, Days: 1, Rows: rows * 62 / 9}
	server := clevertaptest.NewServer(b, clevertaptest.Options{Data: shop, Now: at(noon)})
	cfg := rigConfig(server)
	src, err := clevertap.New(cfg, nil, clevertap.Options{Now: at(noon)})
	if err != nil {
		b.Fatal(err)
	}
	defer src.Close()
	st := exporter.Stream{Name: "events/" + foo, Kind: "events", Vars: map[string]string{"event": foo}}
	slices, err := src.Slices(b.Context(), st, exporter.Window{Since: first, Until: first.Add(1)})
	if err != nil {
		b.Fatal(err)
	}
	var read, bytes int64
	for b.Loop() {
		for batch, err := range src.Read(b.Context(), slices[0], "") {
			if err != nil {
				b.Fatal(err)
			}
			read, bytes = read+batch.Rows, bytes+batch.Bytes
		}
	}
	b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(bytes)/b.Elapsed().Seconds()/1e6, "MB/s")
}

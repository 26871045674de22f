package bucket_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"tapline/exporter"
	"tapline/exporter/bucket"
	"tapline/exporter/exportertest"
	"tapline/objstore"
)

func TestSuite(t *testing.T) {
	csv := table(1000)
	var lines, events strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&lines, `{"id":%d,"in":{"a":"x%d"}}`+"\n", i, i)
		fmt.Fprintf(&events, `,{"eventName":"x","eventTime":%d,"eventProps":[{"key":"k%d","value":{"member5":"v"}}]}`, 1663784999+i, i%3)
	}
	for name, files := range map[string]map[string]string{
		"CSV":     {"a.csv": csv, "empty.csv": "id,name\n", "none.csv": ""},
		"JSON":    {"a.json": lines.String(), "list.json": "[" + strings.ReplaceAll(lines.String()[:len(lines.String())-1], "\n", ",\n") + "]", "none.json": "[]"},
		"Parquet": {orders + ".parquet": exportParquet(t, "["+events.String()[1:]+"]"), "none.parquet": exportParquet(t, "[]")},
		"XLSX":    {"a.xlsx": workbook(t, 1000), "none.xlsx": workbook(t, 0)},
		"Zip":     {"a.zip": archive(t, "a.csv", csv, "b.json", lines.String()), "none.zip": archive(t)},
		"Gzip":    {"a.csv.gz": zipped(t, csv[:10000]) + zipped(t, csv[10000:]), "none.csv.gz": zipped(t, "")},
	} {
		t.Run(name, func(t *testing.T) {
			exportertest.Run(t, func(t *testing.T) exportertest.Subject { return subject(t, files) })
		})
	}
}

// subject reads files from a folder. A folder does not fail, so that the faulty
// store gives them in pieces of odd sizes; the stores that fail are those of
// TestClouds.
func subject(t *testing.T, files map[string]string) exportertest.Subject {
	t.Helper()
	d := newDrop(t)
	for name, content := range files {
		d.put(t, name, content, before)
	}
	with := func(rows int, store objstore.Store) exporter.Source {
		o := *d
		o.opt.BatchRows, o.opt.Store = rows, store
		return o.source(t, bucket.Selection{Files: "**", FileColumns: []string{"*"}})
	}
	return exportertest.Subject{
		Source: with(300, d.store),
		Window: exporter.Window{Since: exporter.Day{Year: 2026, Month: 9, Day: 1}, Until: exporter.Day{Year: 2026, Month: 9, Day: 7}},
		Variants: map[string]exporter.Source{
			"small batches": with(7, d.store), "one batch": with(1<<20, d.store), "pieces": with(300, &pieces{d.store, 1}),
		},
		Faulty: with(300, &pieces{d.store, 333}),
	}
}

// pieces gives at most n bytes a read, and its last ones with the end.
type pieces struct {
	objstore.Store
	n int
}

func (p *pieces) Open(ctx context.Context, o objstore.Object, offset int64) (io.ReadCloser, error) {
	r, err := p.Store.Open(ctx, o, offset)
	if err != nil {
		return nil, err
	}
	return &piece{r, p.n}, nil
}

type piece struct {
	io.ReadCloser
	n int
}

func (p *piece) Read(b []byte) (int, error) { return p.ReadCloser.Read(b[:min(p.n, len(b))]) }

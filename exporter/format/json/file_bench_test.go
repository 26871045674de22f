//go:build unix

package json

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	stdjson "encoding/json"
	"io"
	"testing"

	"tapline/exporter/format"
	"tapline/exporter/format/unpack"
)

// ndjson is n records of page, one a line.
func ndjson(n int) []byte {
	doc := page(1, n)
	doc = doc[bytes.Index(doc, []byte("[{"))+1 : len(doc)-2]
	return append(bytes.ReplaceAll(doc, []byte(`}},{"profile":`), []byte("}}\n{\"profile\":")), '\n')
}

func packed(b *testing.B, text []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

func BenchmarkRead(b *testing.B) {
	const records = 100000
	text := ndjson(records)
	pool := format.NewPool(0)
	for _, c := range []struct {
		name string
		file []byte
		root Node
		o    FileOptions
	}{
		{"Plain", text, eventNode(), FileOptions{}},
		{"Gzip", packed(b, text), eventNode(), FileOptions{}},
		{"List", append(append([]byte("["), bytes.ReplaceAll(text[:len(text)-1], []byte("\n"), []byte(",\n"))...), ']'), eventNode(), FileOptions{}},
		{"Flatten", text, Node{}, FileOptions{Flatten: true}},
	} {
		b.Run(c.name, func(b *testing.B) {
			src := unpack.Source{Name: "a.json", Size: int64(len(c.file)), Open: func(_ context.Context, offset int64) (io.ReadCloser, error) {
				return io.NopCloser(bytes.NewReader(c.file[offset:])), nil
			}}
			ins, _, err := unpack.Open(context.Background(), src, unpack.Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(text)))
			cpu := cpuTime(b)
			for b.Loop() {
				rows := int64(0)
				for batch, err := range Read(context.Background(), ins[0], func(*format.Builder) Node { return c.root }, c.o, format.Batching{Mem: pool}, "") {
					if err != nil {
						b.Fatal(err)
					}
					rows += batch.Rows
				}
				if rows != records {
					b.Fatalf("%d rows", rows)
				}
			}
			cpu = cpuTime(b) - cpu
			b.ReportMetric(float64(b.N)*float64(len(text))/1e6/cpu.Seconds(), "MB/cpu-s")
		})
	}
}

// BenchmarkReadEncodingJSON is the yardstick: lines into maps.
func BenchmarkReadEncodingJSON(b *testing.B) {
	text := ndjson(20000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
			var v map[string]any
			if err := stdjson.Unmarshal(s.Bytes(), &v); err != nil {
				b.Fatal(err)
			}
		}
	}
}

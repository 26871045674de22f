package parquet

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNaNCounts holds what is told of NaN, with a dictionary and without.
func TestNaNCounts(t *testing.T) {
	double := func(f float64) []byte { return binary.LittleEndian.AppendUint64(nil, math.Float64bits(f)) }
	tests := []struct {
		name  string
		cells []any
		want  map[int16]any
	}{
		{"none", []any{1.5, -2.0, nil}, map[int16]any{3: int64(1), 5: double(1.5), 6: double(-2), 7: true, 8: true, 9: int64(0)}},
		{"null", []any{nil, nil}, map[int16]any{3: int64(2), 9: int64(0)}},
		{"some", []any{1.5, math.NaN(), nil, math.NaN()}, map[int16]any{3: int64(1), 9: int64(2)}},
		{"all", []any{math.NaN(), -math.NaN()}, map[int16]any{3: int64(0), 9: int64(2)}},
		{"in a dictionary", fill(900, func(i int) any {
			if i%9 < 2 {
				return math.NaN()
			}
			return float64(i % 9)
		}), map[int16]any{3: int64(0), 9: int64(200)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out chunk
			e := &encoder{codec: newCompressor(idUncompressed)}
			if err := e.encode(&out, float, record(col{"f", floatType, tt.cells}).Column(0)); err != nil {
				t.Fatal(err)
			}
			if dict := out.dictBytes > 0; dict != (tt.name == "in a dictionary") {
				t.Errorf("dictionary: %v", dict)
			}
			var w thrift
			w.beginElement()
			out.stats.append(&w, float)
			w.end()
			got := (&thriftReader{b: w.buf}).structure()[12]
			if diff := cmp.Diff(any(tt.want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

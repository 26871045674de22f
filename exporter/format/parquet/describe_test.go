package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/google/go-cmp/cmp"

	"tapline/exporter/format"
)

// TestDescribe: a footer alone tells the columns that reading the file gives,
// with what each has whatever its cells are.
func TestDescribe(t *testing.T) {
	prims, str := arrow.PrimitiveTypes, arrow.BinaryTypes.String
	members := arrow.StructOf(fieldOf("member0", str), fieldOf("member1", prims.Int64))
	rec := record(t, `[{},{}]`,
		fieldOf("i", prims.Int64), fieldOf("u", prims.Uint64), fieldOf("f", prims.Float32), fieldOf("at", &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}),
		fieldOf("local", &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "Asia/Kolkata"}), fieldOf("d", &arrow.Decimal128Type{Precision: 9, Scale: 2}), fieldOf("b", arrow.BinaryTypes.Binary),
		fieldOf("s", arrow.StructOf(fieldOf("x", prims.Int64), fieldOf("y", arrow.StructOf(fieldOf("z", str))))), fieldOf("l", arrow.ListOf(str)),
		fieldOf("ll", arrow.ListOf(arrow.ListOf(str))), fieldOf("m", arrow.MapOf(str, members)), fieldOf("one", members))
	file := fileOf(t, []arrow.Record{rec})
	for _, flatten := range []bool{false, true} {
		asked := &askedAt{r: bytes.NewReader(file)}
		d, err := Describe(asked, int64(len(file)), Options{Flatten: flatten})
		if err != nil || d.Rows != 2 {
			t.Fatal(d.Rows, err)
		}
		start := int64(len(file)-8) - int64(binary.LittleEndian.Uint32(file[len(file)-8:]))
		if diff := cmp.Diff([]int64{int64(len(file) - 8), start}, asked.from); diff != "" {
			t.Errorf("of %d bytes it read from %v on", len(file), asked.from)
		}
		got, err := readAll(t, file, Options{Flatten: flatten}, format.Batching{}, "")
		if err != nil {
			t.Fatal(err)
		}
		want, have := map[string]string{}, map[string]string{}
		for name, kinds := range got.Kinds {
			want[name] = kinds.String()
		}
		var text strings.Builder
		for _, c := range d.Columns {
			fmt.Fprintf(&text, "%s:%s:%d ", c.Name, c.Type, c.Leaf)
			if c.Type != TypeMap {
				have[c.Name] = c.Kinds.String()
			}
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Error(diff)
		}
		rest := "s:nested:7 l:list:9 ll:nested:10 m:nested:11 one:union:14 "
		if flatten {
			rest = "s.x:int:7 s.y.z:string:8 l:list:9 ll:nested:10 m:map:11 one:union:14 "
		}
		if diff := cmp.Diff("i:int:0 u:unsigned:1 f:single:2 at:instant:3 local:local:4 d:decimal:5 b:bytes:6 "+rest, text.String()); diff != "" {
			t.Error(diff)
		}
		if got := fmt.Sprint(d.Leaves[8:]); got != "[[s y z] [l list element] [ll list element list element] [m key_value key] [m key_value value member0] [m key_value value member1] [one member0] [one member1]]" {
			t.Error(got)
		}
	}
	for _, n := range []int{0, 8, 11, len(file) - 1, len(file) / 2} {
		if _, err := Describe(bytes.NewReader(file[:n]), int64(n), Options{}); err == nil {
			t.Errorf("%d bytes of %d are described", n, len(file))
		}
	}
}

// askedAt notes where it is read.
type askedAt struct {
	r    *bytes.Reader
	from []int64
}

func (a *askedAt) ReadAt(b []byte, at int64) (int, error) {
	a.from = append(a.from, at)
	return a.r.ReadAt(b, at)
}

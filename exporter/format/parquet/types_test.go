package parquet

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/format"
)

func TestTypes(t *testing.T) {
	india := time.FixedZone("", 5*3600+1800)
	utc := func(u arrow.TimeUnit) arrow.DataType { return &arrow.TimestampType{Unit: u, TimeZone: "UTC"} }
	for _, c := range []struct {
		name  string
		typ   arrow.DataType
		doc   string
		want  []string
		kinds string
	}{
		{"bool", arrow.FixedWidthTypes.Boolean, `true,false,null,true`, []string{"true", "false", null, "true"}, "bool"},
		{"int8", arrow.PrimitiveTypes.Int8, `-128,127,null`, []string{"-128", "127", null}, "int"},
		{"int16", arrow.PrimitiveTypes.Int16, `-32768`, []string{"-32768"}, "int"},
		{"int32", arrow.PrimitiveTypes.Int32, `-2147483648,7`, []string{"-2147483648", "7"}, "int"},
		{"int64", arrow.PrimitiveTypes.Int64, `1,-9007199254740992`, []string{"1", "-9007199254740992"}, "int"},
		{"long", arrow.PrimitiveTypes.Int64, `1,9007199254740993`, []string{"1", "9007199254740993"}, "int|long"},
		{"uint8", arrow.PrimitiveTypes.Uint8, `255`, []string{"255"}, "int"},
		{"uint16", arrow.PrimitiveTypes.Uint16, `65535`, []string{"65535"}, "int"},
		{"uint32", arrow.PrimitiveTypes.Uint32, `4294967295,null`, []string{"4294967295", null}, "int"},
		{"uint64", arrow.PrimitiveTypes.Uint64, `7`, []string{"7"}, "int"},
		{"uint64 beyond", arrow.PrimitiveTypes.Uint64, `7,18446744073709551615`, []string{"7", "18446744073709551615"}, "int|text"},
		{"float32", arrow.PrimitiveTypes.Float32, `0.1,1.5e30,null`, []string{"0.1", "1.5e+30", null}, "float"},
		{"float64", arrow.PrimitiveTypes.Float64, `0.1,-2`, []string{"0.1", "-2"}, "float"},
		{"date", arrow.FixedWidthTypes.Date32, `"2026-09-01","1969-12-31",null`, []string{"2026-09-01", "1969-12-31", null}, "date"},
		{"ms", utc(arrow.Millisecond), `"2026-09-01T10:00:00.123Z"`, []string{"2026-09-01T10:00:00.123Z"}, "time"},
		{"us", utc(arrow.Microsecond), `"2026-09-01T10:00:00.123456Z",null`, []string{"2026-09-01T10:00:00.123456Z", null}, "time"},
		{"ns", utc(arrow.Nanosecond), `"2026-09-01T10:00:00.123456Z"`, []string{"2026-09-01T10:00:00.123456Z"}, "time"},
		{"ns, odd", utc(arrow.Nanosecond), `"2026-09-01T10:00:00.123456789Z"`, []string{"2026-09-01T10:00:00.123456789Z"}, "time|text"},
		{"time ms", arrow.FixedWidthTypes.Time32ms, `"10:11:12.5"`, []string{"10:11:12.5"}, "text"},
		{"time us", arrow.FixedWidthTypes.Time64us, `"10:11:12"`, []string{"10:11:12"}, "text"},
		{"decimal", &arrow.Decimal128Type{Precision: 9, Scale: 2}, `"12.50","-0.05",null`, []string{"12.5", "-0.05", null}, "float"},
		{"decimal, long", &arrow.Decimal128Type{Precision: 30, Scale: 5}, `"1234567890123456789.12345"`, []string{"1234567890123456789.12345"}, "float|text"},
		{"decimal, whole", &arrow.Decimal128Type{Precision: 30}, `"-12","123456789012345678901"`, []string{"-12", "123456789012345678901"}, "int|text"},
		{"string", arrow.BinaryTypes.String, `"","é","a long text of more than sixteen bytes",null`, []string{"", "é", "a long text of more than sixteen bytes", null}, "text"},
		{"binary", arrow.BinaryTypes.Binary, `"aGVsbG8=","/w==",null`, []string{"hello", "/w==", null}, "text"},
		{"fixed", &arrow.FixedSizeBinaryType{ByteWidth: 2}, `"AQI="`, []string{"0102"}, "text"},
		{"all null", arrow.PrimitiveTypes.Int64, `null`, []string{null}, "int"},
		{"list", arrow.ListOf(arrow.PrimitiveTypes.Int64), `[1,null,3],[],null`, []string{"[1,null,3]", "[]", null}, "text"},
		{"lists", arrow.ListOf(arrow.ListOf(arrow.BinaryTypes.String)), `[["a","b\"\n\u0001"],[],null],[[]]`, []string{`[["a","b\"\u000a\u0001"],[],null]`, "[[]]"}, "text"},
		{"struct", arrow.StructOf(fieldOf("x", arrow.PrimitiveTypes.Int64), fieldOf("y", arrow.FixedWidthTypes.Date32)), `{"x":1,"y":"2026-09-01"},{"x":null,"y":null},null`,
			[]string{`{"x":1,"y":"2026-09-01"}`, `{"x":null,"y":null}`, null}, "text"},
		{"map", arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Float64), `[{"key":"a","value":1.5},{"key":"b","value":null}],[],null`,
			[]string{`{"a":1.5,"b":null}`, `{}`, null}, "text"},
		{"map of int", arrow.MapOf(arrow.PrimitiveTypes.Int64, arrow.FixedWidthTypes.Boolean), `[{"key":7,"value":true}]`, []string{`{"7":true}`}, "text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := "["
			for i, v := range jsonValues(c.doc) {
				if i > 0 {
					doc += ","
				}
				doc += `{"c":` + v + `}`
			}
			rec := record(t, doc+"]", fieldOf("c", c.typ))
			for _, version := range []parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2} {
				got, err := readAll(t, fileOf(t, []arrow.Record{rec}, parquet.WithDataPageVersion(version), parquet.WithVersion(parquet.V2_LATEST)), Options{}, format.Batching{Zone: india}, "")
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, got.Cells["c"]); diff != "" || got.Kinds["c"].String() != c.kinds {
					t.Errorf("page version %v, kinds %v, want %s:\n%s", version, got.Kinds["c"], c.kinds, diff)
				}
				if len(got.Rejects) > 0 {
					t.Error(got.Rejects)
				}
			}
		})
	}
}

// jsonValues cuts a list of JSON values at its outermost commas.
func jsonValues(doc string) (out []string) {
	depth, from, quoted := 0, 0, false
	for i := 0; i < len(doc); i++ {
		switch c := doc[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case c == ',' && depth == 0:
			out, from = append(out, doc[from:i]), i+1
		}
	}
	return append(out, doc[from:])
}

func TestRejects(t *testing.T) {
	mem := memory.DefaultAllocator
	f := array.NewFloat64Builder(mem)
	f.AppendValues([]float64{1.5, math.NaN(), math.Inf(1), 2}, nil)
	s := array.NewStringBuilder(mem)
	s.AppendValues([]string{"a", "b\x00", "\xff", "d"}, nil)
	l := array.NewListBuilder(mem, arrow.BinaryTypes.String)
	for _, v := range []string{"a", "b", "c\xff", "d"} {
		l.Append(true)
		l.ValueBuilder().(*array.StringBuilder).Append(v)
	}
	d := array.NewDate32Builder(mem)
	d.AppendValues([]arrow.Date32{0, 1, 2, 3000000}, nil)
	rec := array.NewRecord(arrow.NewSchema([]arrow.Field{
		fieldOf("f", arrow.PrimitiveTypes.Float64), fieldOf("s", arrow.BinaryTypes.String), fieldOf("l", l.Type()), fieldOf("d", arrow.FixedWidthTypes.Date32),
	}, nil), []arrow.Array{f.NewArray(), s.NewArray(), l.NewArray(), d.NewArray()}, 4)
	got, err := readAll(t, fileOf(t, []arrow.Record{rec, rec}), Options{}, format.Batching{}, "")
	if err != nil {
		t.Fatal(err)
	}
	want := []exporter.Reject{
		{Row: 1, Column: "f", Reason: ReasonNotFinite, Raw: "NaN"}, {Row: 1, Column: "s", Reason: ReasonNUL, Raw: `b\x00`},
		{Row: 2, Column: "l", Reason: ReasonInvalidUTF8, Raw: "[\"c\ufffd\"]"}, {Row: 2, Column: "f", Reason: ReasonNotFinite, Raw: "+Inf"}, {Row: 2, Column: "s", Reason: ReasonInvalidUTF8, Raw: `\xff`},
		{Row: 3, Column: "d", Reason: ReasonRange, Raw: "3000000"},
	}
	for _, w := range want[:6] {
		w.Row += 4
		want = append(want, w)
	}
	for i := range want {
		want[i].Place = fmt.Sprintf("a.parquet, row group %d, row %d", want[i].Row/4+1, want[i].Row+1)
	}
	if diff := cmp.Diff(want, got.Rejects); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1.5", null, null, "2", "1.5", null, null, "2"}, got.Cells["f"]); diff != "" {
		t.Error(diff)
	}
}

func unionOf(fields ...arrow.DataType) arrow.DataType {
	var out []arrow.Field
	for i, f := range fields {
		out = append(out, fieldOf(fmt.Sprint("member", i), f))
	}
	return arrow.StructOf(out...)
}

func TestFlatten(t *testing.T) {
	props := arrow.MapOf(arrow.BinaryTypes.String, unionOf(arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String, arrow.ListOf(arrow.BinaryTypes.String)))
	dev := arrow.StructOf(fieldOf("os", arrow.BinaryTypes.String), fieldOf("dim", arrow.StructOf(fieldOf("w", arrow.PrimitiveTypes.Int32))), fieldOf("tags", arrow.ListOf(arrow.PrimitiveTypes.Int32)))
	b := fileOf(t, []arrow.Record{record(t, `[
		{"eventName":"x","props":[{"key":"n","value":{"member0":null,"member1":7,"member2":null,"member3":null}},{"key":"ok","value":{"member0":true,"member1":null,"member2":null,"member3":null}}],"dev":{"os":"ios","dim":{"w":5},"tags":[1]},"props.n":null},
		{"eventName":"y","props":null,"dev":null,"props.n":3},
		{"eventName":"z","props":[{"key":"n","value":{"member0":null,"member1":null,"member2":"t","member3":null}},{"key":"ids","value":{"member0":null,"member1":null,"member2":null,"member3":["a","b"]}},{"key":"none","value":{"member0":null,"member1":null,"member2":null,"member3":null}}],"dev":{"os":null,"dim":null,"tags":null},"props.n":4},
		{"eventName":"two","props":[{"key":"two","value":{"member0":true,"member1":1,"member2":null,"member3":null}}],"dev":null,"props.n":null}
	]`, fieldOf("eventName", arrow.BinaryTypes.String), fieldOf("props", props), fieldOf("dev", dev), fieldOf("props.n", arrow.PrimitiveTypes.Int64))})

	t.Run("columns", func(t *testing.T) {
		got, err := readAll(t, b, Options{Flatten: true}, format.Batching{}, "")
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]string{
			"eventName": {"x", "y", "z", "two"}, "dev.os": {"ios", null, null, null}, "dev.dim.w": {"5", null, null, null}, "dev.tags": {"[1]", null, null, null},
			"props.n": {null, "3", "4", null}, "props.ok": {"true", null, null, null}, "props.ids": {null, null, `["a","b"]`, null},
			"props.two": {null, null, null, `{"member0":true,"member1":1}`},
		}
		if diff := cmp.Diff(want, got.Cells); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"eventName", "dev.os", "dev.dim.w", "dev.tags", "props.n", "props.ids", "props.ok", "props.two"}, got.Names); diff != "" {
			t.Error(diff)
		}
		if len(got.Rejects) != 2 || got.Rejects[0].Reason != ReasonDuplicateColumn || got.Rejects[1].Raw != "t" {
			t.Error(got.Rejects)
		}
	})
	t.Run("JSON", func(t *testing.T) {
		got, err := readAll(t, b, Options{}, format.Batching{}, "")
		if err != nil {
			t.Fatal(err)
		}
		want := []string{`{"n":7,"ok":true}`, null, `{"n":"t","ids":["a","b"],"none":null}`, `{"two":{"member0":true,"member1":1}}`}
		if diff := cmp.Diff(want, got.Cells["props"]); diff != "" {
			t.Error(diff)
		}
	})
}

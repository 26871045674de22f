package loader

import (
	"fmt"
	"math"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/exporter"
	"tapline/warehouse"
)

func one(t testing.TB, v any) arrow.Array {
	t.Helper()
	mem := memory.DefaultAllocator
	switch v := v.(type) {
	case bool:
		b := array.NewBooleanBuilder(mem)
		b.Append(v)
		return b.NewArray()
	case int:
		b := array.NewInt64Builder(mem)
		b.Append(int64(v))
		return b.NewArray()
	case float64:
		b := array.NewFloat64Builder(mem)
		b.Append(v)
		return b.NewArray()
	case string:
		b := array.NewStringBuilder(mem)
		b.Append(v)
		return b.NewArray()
	case arrow.Date32:
		b := array.NewDate32Builder(mem)
		b.Append(v)
		return b.NewArray()
	case arrow.Timestamp:
		b := array.NewTimestampBuilder(mem, systemColumns()[3].Type.(*arrow.TimestampType))
		b.Append(v)
		return b.NewArray()
	}
	t.Fatalf("no array for %T", v)
	return nil
}

func TestCast(t *testing.T) {
	const noon = arrow.Timestamp(1756728000000000) // 2025-09-01T12:00:00Z
	for _, c := range []struct {
		in   any
		to   string
		want string // canonical text, "bad" or "null"
	}{
		{true, "int64", "1"}, {false, "float64", "0"}, {true, "string", "true"}, {true, "date", "bad"}, {true, "timestamp", "bad"},
		{12, "float64", "12"}, {1 << 53, "float64", "9007199254740992"}, {1<<53 + 1, "float64", "bad"}, {12, "string", "12"}, {1, "bool", "bad"}, {1700000000, "timestamp", "bad"},
		{12.0, "int64", "12"}, {12.5, "int64", "bad"}, {math.Copysign(0, -1), "int64", "bad"}, {1e300, "int64", "bad"}, {12.0, "string", "12"}, {0.1, "string", "0.1"}, {1e300, "string", "1e+300"},
		{"12", "int64", "12"}, {"-7", "int64", "-7"}, {"007", "int64", "bad"}, {"+7", "int64", "bad"}, {" 7", "int64", "bad"}, {"7.0", "int64", "7"}, {"7e0", "int64", "7"}, {"-0.0", "int64", "bad"}, {"7.5", "int64", "bad"}, {"9007199254740994.0", "int64", "bad"}, {"9223372036854775808", "int64", "bad"}, {"", "int64", "null"}, {"true", "int64", "1"},
		{"12.5", "float64", "12.5"}, {"12.50", "float64", "12.5"}, {"1e3", "float64", "1000"}, {"0.1234567890123456789", "float64", "bad"}, {"1e400", "float64", "bad"}, {"1e-400", "float64", "bad"}, {"0x1p3", "float64", "bad"}, {"NaN", "float64", "bad"}, {"Inf", "float64", "bad"}, {"01.5", "float64", "bad"}, {"9007199254740993", "float64", "bad"}, {"9007199254740994", "float64", "bad"}, {".5", "float64", "bad"}, {"1_0", "float64", "bad"}, {"-", "float64", "bad"},
		{"True", "bool", "true"}, {"false", "bool", "false"}, {"yes", "bool", "bad"}, {"", "bool", "null"},
		{"2025-09-01", "date", "2025-09-01"}, {"2025-02-30", "date", "bad"}, {"20250901", "date", "bad"}, {"2025-09-01T00:00:00Z", "date", "2025-09-01"}, {"2025-09-01T00:00:01Z", "date", "bad"}, {"2025-09-01", "timestamp", "2025-09-01T00:00:00Z"},
		{"2025-09-01T12:00:00Z", "timestamp", "2025-09-01T12:00:00Z"}, {"2025-09-01T17:30:00.25+05:30", "timestamp", "2025-09-01T12:00:00.25Z"}, {"2025-09-01 12:00:00", "timestamp", "bad"}, {"$D_1756728000", "timestamp", "2025-09-01T12:00:00Z"}, {"$D_99999999999999", "timestamp", "bad"}, {"2025-09-01T12:00:00.1234567Z", "timestamp", "bad"},
		{noon, "string", "2025-09-01T12:00:00Z"}, {noon, "date", "bad"}, {arrow.Timestamp(0), "date", "1970-01-01"}, {arrow.Timestamp(-86400e6), "date", "1969-12-31"}, {arrow.Date32(20332), "timestamp", "2025-09-01T00:00:00Z"}, {arrow.Date32(20332), "string", "2025-09-01"}, {noon, "int64", "bad"},
		{"x", "string", "x"}, {"", "string", ""},
	} {
		t.Run(fmt.Sprintf("%v to %s", c.in, c.to), func(t *testing.T) {
			to, err := warehouse.ParseType(c.to)
			if err != nil {
				t.Fatal(err)
			}
			in := one(t, c.in)
			out, bad := cast(memory.DefaultAllocator, in, 0, to)
			got := "null"
			switch {
			case len(bad) > 0:
				got = "bad"
			case out.IsValid(0):
				got = cellText(out, 0, 0)
			}
			if got != c.want || !arrow.TypeEqual(out.DataType(), to) {
				t.Errorf("got %s %q, want %q", out.DataType(), got, c.want)
			}
		})
	}
}

// What becomes of a value does not depend on whether its batch had it as a value
// or, for something else in its column, as text.
func TestCastSameAsText(t *testing.T) {
	values := []any{
		true, false, 0, 12, -7, 1 << 53, 1<<53 + 1, 1<<53 + 2, math.MinInt64, 0.0, math.Copysign(0, -1), 12.0, 12.5, -3.0, 1e15, 1e17, 1e300, 0.1,
		arrow.Date32(20332), arrow.Date32(-1), arrow.Timestamp(0), arrow.Timestamp(1756728000000000), arrow.Timestamp(-86400e6), arrow.Timestamp(1756728000250000),
	}
	become := func(in arrow.Array, k exporter.Kinds, to arrow.DataType) string {
		out, bad := cast(memory.DefaultAllocator, in, k, to)
		if len(bad) > 0 {
			return "bad"
		}
		return cellText(out, 0, 0)
	}
	for _, v := range values {
		for _, name := range []string{"bool", "int64", "float64", "date", "timestamp", "string"} {
			to, err := warehouse.ParseType(name)
			if err != nil {
				t.Fatal(err)
			}
			in := one(t, v)
			kinds, text := exporter.Kinds(0), cellText(in, 0, 0)
			if f, isFloat := v.(float64); isFloat && f == math.Trunc(f) && math.Abs(f) <= exporter.Exact {
				kinds, text = exporter.Float|exporter.Dotted|exporter.Frac1, fmt.Sprintf("%.1f", f)
			}
			if typed, asText := become(in, kinds, to), become(one(t, text), 0, to); typed != asText {
				t.Errorf("%T %v to %s: %q, and %q as the text %q", v, v, name, typed, asText, text)
			}
		}
	}
}

// A number of a text format comes back as it was written, where its kinds tell how.
func TestCastAsWritten(t *testing.T) {
	for _, c := range []struct {
		v     float64
		kinds exporter.Kinds
		want  string
	}{
		{1.1, exporter.Float | exporter.Frac1, "1.1"},
		{1.1, exporter.Float | exporter.Padded | exporter.Frac2, "1.10"},
		{20, exporter.Float | exporter.Padded | exporter.Frac2, "20.00"},
		{5, exporter.Float | exporter.Dotted | exporter.Frac1 | exporter.Frac2, "5.0"},
		{7.25, exporter.Float | exporter.Dotted | exporter.Frac1 | exporter.Frac2, "7.25"},
		{math.Copysign(0, -1), exporter.Float | exporter.Dotted | exporter.Frac1, "-0.0"},
		{5, exporter.Int | exporter.Float | exporter.Frac1, "5"},
	} {
		if id := c.kinds.Staged().ID(); id != arrow.FLOAT64 {
			t.Errorf("%v is staged as %v", c.kinds, id)
		}
		out, _ := cast(memory.DefaultAllocator, one(t, c.v), c.kinds, arrow.BinaryTypes.String)
		if got := out.(*array.String).Value(0); got != c.want {
			t.Errorf("%v became %q, want %q", c.v, got, c.want)
		}
	}
	for _, k := range []exporter.Kinds{
		exporter.Int | exporter.Float | exporter.Dotted | exporter.Frac1,                    // 5 and 5.0
		exporter.Float | exporter.Padded | exporter.Frac1 | exporter.Frac2,                  // 1.5 and 1.50
		exporter.Float | exporter.Odd, exporter.Float | exporter.Padded | exporter.FracMany, // 1E7, 0.12345670
	} {
		if k.Staged().ID() != arrow.STRING || k.Type().ID() != arrow.FLOAT64 {
			t.Errorf("%v: staged as %v, becomes %v", k, k.Staged(), k.Type())
		}
	}
}

// A float's canonical text is read back as the same float, and an int's as the same int.
func FuzzCastRoundTrip(f *testing.F) {
	f.Add(12.5, int64(7))
	f.Fuzz(func(t *testing.T, v float64, n int64) {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			if got, ok := parseFloat(string(exporter.AppendFloat(nil, v))); !ok || math.Float64bits(got) != math.Float64bits(v) {
				t.Errorf("%v came back as %v, %v", v, got, ok)
			}
		}
		in := one(t, int(n))
		text, _ := cast(memory.DefaultAllocator, in, 0, arrow.BinaryTypes.String)
		back, bad := cast(memory.DefaultAllocator, text, 0, arrow.PrimitiveTypes.Int64)
		if len(bad) > 0 || back.(*array.Int64).Value(0) != n {
			t.Errorf("%d came back as %v", n, back)
		}
	})
}

package loader

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"tapline/exporter"
)

// keeps reports whether values of the kinds k may be staged as type t whatever
// their column becomes in the end: nothing that tells them apart is lost.
func keeps(k exporter.Kinds, t arrow.DataType) bool {
	k &= exporter.Values
	switch t.ID() {
	case arrow.STRING:
		return true
	case arrow.FLOAT64:
		return k&^(exporter.Int|exporter.Float) == 0
	case arrow.INT64:
		return k&^(exporter.Int|exporter.Long) == 0
	}
	return k != 0 && arrow.TypeEqual(k.Type(), t)
}

// cast returns in, a column of the kinds k, as one of type to, NULL where a
// value cannot be held, and the indices of those values. The caller releases
// the result. A value becomes the same as its text does, for it depends on the
// rest of its batch as which of the two it comes.
func cast(mem memory.Allocator, in arrow.Array, k exporter.Kinds, to arrow.DataType) (arrow.Array, []int) {
	if arrow.TypeEqual(in.DataType(), to) {
		in.Retain()
		return in, nil
	}
	if ints, ok := in.(*array.Int64); ok && to.ID() == arrow.FLOAT64 {
		return intsToFloats(mem, ints)
	}
	b := array.NewBuilder(mem, to)
	defer b.Release()
	b.Reserve(in.Len())
	var bad []int
	for i := range in.Len() {
		if in.IsNull(i) {
			b.AppendNull()
			continue
		}
		ok, null := appendCast(b, in, k, i)
		if !ok {
			b.AppendNull()
			if !null {
				bad = append(bad, i)
			}
		}
	}
	return b.NewArray(), bad
}

// intsToFloats is the common widening, of a column that had whole numbers only so far.
func intsToFloats(mem memory.Allocator, in *array.Int64) (arrow.Array, []int) {
	b := array.NewFloat64Builder(mem)
	defer b.Release()
	b.Reserve(in.Len())
	var bad []int
	for i, v := range in.Int64Values() {
		switch {
		case in.IsNull(i):
			b.UnsafeAppendBoolToBitmap(false)
		case v > exporter.Exact || v < -exporter.Exact:
			b.UnsafeAppendBoolToBitmap(false)
			bad = append(bad, i)
		default:
			b.UnsafeAppend(float64(v))
		}
	}
	return b.NewArray(), bad
}

// appendCast appends value i of in to b and reports whether b could hold it;
// if not, null says that the value stands for no value at all.
func appendCast(b array.Builder, in arrow.Array, k exporter.Kinds, i int) (ok, null bool) {
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(cellText(in, k, i))
		return true, false
	case *array.Int64Builder:
		v, ok, null := asInt(in, i)
		if ok {
			b.Append(v)
		}
		return ok, null
	case *array.Float64Builder:
		v, ok, null := asFloat(in, i)
		if ok {
			b.Append(v)
		}
		return ok, null
	case *array.BooleanBuilder:
		v, ok, null := asBool(in, i)
		if ok {
			b.Append(v)
		}
		return ok, null
	case *array.TimestampBuilder:
		v, ok, null := asTime(in, i)
		if ok {
			b.Append(arrow.Timestamp(v))
		}
		return ok, null
	case *array.Date32Builder:
		v, ok, null := asDate(in, i)
		if ok {
			b.Append(arrow.Date32(v))
		}
		return ok, null
	}
	return false, false
}

// cellText is the canonical text of a value of a column of the kinds k, as
// package exporter defines it.
func cellText(in arrow.Array, k exporter.Kinds, i int) string {
	switch in := in.(type) {
	case *array.String:
		return in.Value(i)
	case *array.Int64:
		return strconv.FormatInt(in.Value(i), 10)
	case *array.Float64:
		return string(k.AppendFloat(nil, in.Value(i)))
	case *array.Boolean:
		return strconv.FormatBool(in.Value(i))
	case *array.Timestamp:
		return string(exporter.AppendTime(nil, int64(in.Value(i))))
	case *array.Date32:
		return in.Value(i).ToTime().Format(time.DateOnly)
	}
	return in.ValueStr(i)
}

func asInt(in arrow.Array, i int) (v int64, ok, null bool) {
	switch in := in.(type) {
	case *array.Boolean:
		if in.Value(i) {
			return 1, true, false
		}
		return 0, true, false
	case *array.Float64:
		v, ok = wholeInt(in.Value(i))
		return v, ok, false
	case *array.String:
		s := in.Value(i)
		if t, isBool := parseBool(s); isBool {
			if t {
				v = 1
			}
			return v, true, false
		}
		if v, err := strconv.ParseInt(s, 10, 64); err == nil {
			return v, strconv.FormatInt(v, 10) == s, false
		}
		f, isFloat := parseFloat(s)
		v, ok = wholeInt(f)
		return v, ok && isFloat && strings.ContainsAny(s, ".eE"), s == ""
	}
	return 0, false, false
}

// wholeInt is a float as an integer, if it is one.
func wholeInt(f float64) (int64, bool) {
	if f != math.Trunc(f) || math.Abs(f) > exporter.Exact || f == 0 && math.Signbit(f) {
		return 0, false
	}
	return int64(f), true
}

func asFloat(in arrow.Array, i int) (v float64, ok, null bool) {
	switch in := in.(type) {
	case *array.Boolean:
		if in.Value(i) {
			v = 1
		}
		return v, true, false
	case *array.String:
		s := in.Value(i)
		if t, isBool := parseBool(s); isBool {
			if t {
				v = 1
			}
			return v, true, false
		}
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && (n > exporter.Exact || n < -exporter.Exact) {
			return 0, false, false
		}
		v, ok = parseFloat(s)
		return v, ok, s == ""
	}
	return 0, false, false
}

// parseFloat reads a decimal whose digits a float64 gives back. Leading zeros
// and plus signs are part of a text, not of a number.
func parseFloat(s string) (float64, bool) {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || digits[0] < '0' || digits[0] > '9' || strings.ContainsAny(digits, "xX_pP") {
		return 0, false
	}
	if len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, false
	}
	if v == 0 && strings.ContainsAny(s, "123456789") {
		return 0, false // too small for a float64
	}
	if len(digits) <= 15 && !strings.ContainsAny(digits, "eE") {
		return v, true // so few digits a float64 gives back
	}
	shortest := string(exporter.AppendFloat(nil, v))
	return v, shortest == s || sameNumber(shortest, s)
}

// sameNumber compares two decimals exactly. Exponents are small here: both
// texts came through a float64.
func sameNumber(a, b string) bool {
	x, okA := new(big.Rat).SetString(a)
	y, okB := new(big.Rat).SetString(b)
	return okA && okB && x.Cmp(y) == 0
}

func asBool(in arrow.Array, i int) (v, ok, null bool) {
	if in, isText := in.(*array.String); isText {
		v, ok = parseBool(in.Value(i))
		return v, ok, in.Value(i) == ""
	}
	return false, false, false
}

func parseBool(s string) (v, ok bool) {
	switch s {
	case "true", "True", "TRUE":
		return true, true
	case "false", "False", "FALSE":
		return false, true
	}
	return false, false
}

func asTime(in arrow.Array, i int) (micros int64, ok, null bool) {
	switch in := in.(type) {
	case *array.Date32:
		return int64(in.Value(i)) * 86400e6, true, false
	case *array.String:
		if d, err := exporter.ParseDay(in.Value(i)); err == nil {
			return int64(d.Epoch()) * 86400e6, true, false
		}
		micros, ok = parseTime(in.Value(i))
		return micros, ok, in.Value(i) == ""
	}
	return 0, false, false
}

// parseTime reads RFC 3339 with a zone, and CleverTap's $D_<epoch seconds>. A
// text without a zone names no instant.
func parseTime(s string) (micros int64, ok bool) {
	if digits, found := strings.CutPrefix(s, "$D_"); found {
		seconds, err := strconv.ParseInt(digits, 10, 64)
		return seconds * 1e6, err == nil && seconds >= -62135596800 && seconds <= 253402300799
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t.UnixMicro(), err == nil && t.Nanosecond()%1000 == 0 && t.Year() >= 1
}

func asDate(in arrow.Array, i int) (days int32, ok, null bool) {
	switch in := in.(type) {
	case *array.Timestamp:
		days, ok = midnight(int64(in.Value(i)))
		return days, ok, false
	case *array.String:
		if d, err := exporter.ParseDay(in.Value(i)); err == nil {
			return d.Epoch(), true, false
		}
		micros, isTime := parseTime(in.Value(i))
		days, ok = midnight(micros)
		return days, ok && isTime, in.Value(i) == ""
	}
	return 0, false, false
}

// midnight is the day that begins at an instant, if one does.
func midnight(micros int64) (days int32, ok bool) {
	return int32(micros / 86400e6), micros%86400e6 == 0
}

// parseCell reads the canonical text of a value as a column of type t holds it.
func parseCell(text string, t arrow.DataType) (any, error) {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.Append(text)
	in := b.NewArray()
	defer in.Release()
	out, bad := cast(memory.DefaultAllocator, in, exporter.Text, t)
	defer out.Release()
	if len(bad) > 0 || out.IsNull(0) {
		return nil, fmt.Errorf("loader: %q is no %s", text, t)
	}
	switch out := out.(type) {
	case *array.String:
		return out.Value(0), nil
	case *array.Int64:
		return out.Value(0), nil
	case *array.Float64:
		return out.Value(0), nil
	case *array.Boolean:
		return out.Value(0), nil
	case *array.Timestamp:
		return time.UnixMicro(int64(out.Value(0))).UTC(), nil
	case *array.Date32:
		return out.Value(0).ToTime(), nil
	}
	return nil, fmt.Errorf("loader: no value of type %s", t)
}

// keepRows returns the rows of rec that keep wants.
func keepRows(mem memory.Allocator, rec arrow.Record, keep func(i int) bool) (arrow.Record, error) {
	var runs [][2]int64
	rows := int64(0)
	for from := int64(0); from < rec.NumRows(); from++ {
		to := from
		for to < rec.NumRows() && keep(int(to)) {
			to++
		}
		if to > from {
			runs, rows = append(runs, [2]int64{from, to}), rows+to-from
		}
		from = to
	}
	if rows == 0 {
		return rec.NewSlice(0, 0), nil
	}
	cols := make([]arrow.Array, rec.NumCols())
	for i, col := range rec.Columns() {
		pieces := make([]arrow.Array, len(runs))
		for j, r := range runs {
			pieces[j] = array.NewSlice(col, r[0], r[1])
			defer pieces[j].Release()
		}
		var err error
		if cols[i], err = array.Concatenate(pieces, mem); err != nil {
			return nil, err
		}
		defer cols[i].Release()
	}
	return array.NewRecord(rec.Schema(), cols, rows), nil
}

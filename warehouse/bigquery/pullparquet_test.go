//go:build cgo && !noduckdb

package bigquery

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	bq "cloud.google.com/go/bigquery"

	"tapline/warehouse"
	"tapline/warehouse/bigquery/bigquerytest"
)

// parquetTexts are what an expression of pull_parquet_functions makes of values
// called v, with local times of a zone.
func parquetTexts(t *testing.T, w *Warehouse, zone, expression string, values any) []string {
	t.Helper()
	functions, err := functionsOf(warehouse.Object{Format: formatParquet, Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	sql := functions + ";\nSELECT IFNULL(" + expression + ", 'NULL') FROM UNNEST(@values) AS v WITH OFFSET AS o ORDER BY o"
	err = w.read(t.Context(), sql, params{"values": values}.list(), nil, func(row []bq.Value) error {
		got = append(got, row[0].(string))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func newParquetRig(t *testing.T) *Warehouse {
	t.Helper()
	server := bigquerytest.NewServer(t, bigquerytest.Options{})
	w, err := New(t.Context(), Config{Project: "acme", Dataset: "raw", Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// TestParquetSingles: a number of single precision has the digits that tell it
// from its neighbours, and no more: all powers of two and their neighbours, some
// that are smaller than normal, ties, and others.
func TestParquetSingles(t *testing.T) {
	var list []float32
	for e := range uint32(255) {
		for _, m := range []uint32{0, 1, 1<<23 - 1} {
			list = append(list, math.Float32frombits(e<<23|m))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		list = append(list, math.Float32frombits(random.Uint32()&0x7f7fffff), math.Float32frombits(random.Uint32()&0x7fffff), float32(1<<20)+float32(random.IntN(1<<23))/8, float32(random.IntN(1e6))/1000)
	}
	values := make([]float64, len(list))
	for i, v := range list {
		if i%2 == 1 {
			list[i] = -v
		}
		values[i] = float64(list[i])
	}
	for i, got := range parquetTexts(t, newParquetRig(t), "", "tapline_parquet_single(v)", values) {
		short, err := strconv.ParseFloat(strconv.FormatFloat(values[i], 'g', -1, 32), 64)
		if want := "f" + canonicalFloat(short); err != nil || got != want {
			t.Errorf("%x: %s, want %s %v", math.Float32bits(list[i]), got, want, err)
		}
	}
}

// canonicalFloat is exporter.AppendFloat's text, which this package does not know.
func canonicalFloat(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) <= 1<<53 && (v != 0 || !math.Signbit(v)) {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// TestParquetDoubles: a double has its canonical text.
func TestParquetDoubles(t *testing.T) {
	values := []float64{0, math.Copysign(0, -1), 1, -1, 0.1, 1e-4, 9.9e-5, 999999.5, 1e6 + 0.5, 1 << 53, 1<<53 + 2, 1e21, 1.5e300, 0.30000000000000004, math.MaxFloat64}
	random := rand.New(rand.NewPCG(3, 4))
	for range 150 {
		if v := math.Float64frombits(random.Uint64()); v == v && math.Abs(v) > 1e-300 && !math.IsInf(v, 0) {
			values = append(values, v)
		}
		values = append(values, float64(random.IntN(1e9))/1000, random.NormFloat64())
	}
	for i, got := range parquetTexts(t, newParquetRig(t), "", "tapline_parquet_double(v)", values) {
		if want := "f" + canonicalFloat(values[i]); got != want {
			t.Errorf("%v: %s, want %s", values[i], got, want)
		}
	}
}

// TestParquetLocal: a local time is the instant at which clocks show it, as
// time.Date finds it, unless they show it twice or never.
func TestParquetLocal(t *testing.T) {
	w := newParquetRig(t)
	for _, zone := range []string{"America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		var values []time.Time
		for at := time.Date(2026, 1, 1, 0, 15, 0, 0, time.UTC); at.Year() == 2026; at = at.Add(150 * time.Minute) {
			_, before := at.Add(-36 * time.Hour).In(loc).Zone()
			_, after := at.Add(36 * time.Hour).In(loc).Zone()
			if before != after || at.Day() == 1 && at.Hour() < 3 {
				values = append(values, at)
			}
		}
		for i, got := range parquetTexts(t, w, zone, "tapline_parquet_local(v)", values) {
			wall := values[i]
			at := time.Date(2026, wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, loc)
			shown := 0
			for _, other := range []time.Duration{-time.Hour, -time.Hour / 2, 0, time.Hour / 2, time.Hour} {
				if at.Add(other).In(loc).Format(time.DateTime) == wall.Format(time.DateTime) {
					shown++
				}
			}
			want := "?"
			if shown == 1 {
				want = "t" + at.UTC().Format(time.RFC3339)
			}
			if got != want {
				t.Errorf("%s in %s: %s, want %s", wall.Format(time.DateTime), zone, got, want)
			}
		}
	}
}

// TestParquetTexts: texts of bytes, which BigQuery has loaded as such.
func TestParquetTexts(t *testing.T) {
	w := newParquetRig(t)
	id := []byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\xff")
	for expression, c := range map[string]struct {
		values any
		want   string
	}{
		"tapline_parquet_uuid(v)":                                  {[][]byte{id}, "p00010203-0405-0607-0809-0a0b0c0d0eff"},
		"tapline_parquet_hex(v)":                                   {[][]byte{id[14:]}, "p0eff"},
		"tapline_parquet_bytes(v)":                                 {[][]byte{[]byte("a\nb"), {0xff}, {'a', 0}, []byte("\ufffd")}, "pa\nb p/w== pYQA= p\ufffd"},
		"CAST(tapline_parquet_kind(v) AS STRING)":                  {[]string{"s", "sa", "s\ufffd", "p\ufffd", "xvalue.range 1", "?", "i9007199254740993", "f1"}, "64 64 256 64 128 256 4 8"},
		"CONCAT(tapline_parquet_wrong(v), tapline_parquet_raw(v))": {[]string{"xvalue.not_finite +Inf", "sx y"}, "value.not_finite+Inf NULL"},
		"tapline_parquet_decimal(v, 3)":                            {[]string{"1", "-0.5", "12345678901234567.5", "1.500", "0", "1e5"}, "f1 f-0.5 p12345678901234567.500 f1.5 f0 ?"},
		"tapline_parquet_decimal(v, 0)":                            {[]string{"1", "1.000", "-0", "99999999999999999999"}, "i1 i1 i-0 p99999999999999999999"},
		"tapline_parquet_json(v)":                                  {[]string{"sa\"\\é", "i1", "btrue", "s\n", "?", "xvalue.range 1", "p"}, `"a\"\\é" 1 true NULL NULL NULL ""`},
		"tapline_parquet_compact(v)":                               {[]string{"i1663784999", "s20260901003000", "t2026-09-01T00:00:00Z", "i12"}, "2022-09-21T18:29:59Z 2026-08-31T19:00:00Z 2026-09-01T00:00:00Z NULL"},
		"tapline_parquet_compact_day(v)":                           {[]string{"i1663784999", "i1663785000", "i12"}, "2022-09-21 2022-09-22 NULL"},
	} {
		if got := strings.Join(parquetTexts(t, w, "Asia/Kolkata", expression, c.values), " "); got != c.want {
			t.Errorf("%s: %q, want %q", expression, got, c.want)
		}
	}
}

// TestParquetTypes: what the reading of a column says has to be what BigQuery
// made of the file.
func TestParquetTypes(t *testing.T) {
	record := func(name string, fields ...*bq.FieldSchema) *bq.FieldSchema {
		return &bq.FieldSchema{Name: name, Type: bq.RecordFieldType, Schema: fields}
	}
	of := func(name string, typ bq.FieldType) *bq.FieldSchema { return &bq.FieldSchema{Name: name, Type: typ} }
	many := func(f *bq.FieldSchema) *bq.FieldSchema { f.Repeated = true; return f }
	schema := bq.Schema{
		of("i", bq.IntegerFieldType), record("u", of("member0", bq.StringFieldType), of("member1", bq.IntegerFieldType)),
		record("l", many(record("list", of("element", bq.StringFieldType)))), many(of("r", bq.IntegerFieldType)), of("f", bq.FloatFieldType),
	}
	leaves := leavesOf(schema, nil)
	p := warehouse.Pulled{Fields: len(leaves)}
	for _, l := range leaves {
		p.Keys = append(p.Keys, namesOf(l))
	}
	for _, c := range []struct {
		field int
		as    string
		want  string // of the error
	}{
		{0, "int", ""}, {0, "double", "which BigQuery made INTEGER"}, {1, "union(string,int)", ""}, {1, "union(int,string)", "which BigQuery made STRING"},
		{1, "union(string)", "of 1 members"}, {1, "string", ""}, {3, "list(string)", ""}, {3, "list(int)", "which BigQuery made STRING"}, {0, "list(int)", "which BigQuery made INTEGER"},
		{4, "int", "which BigQuery made an array"}, {5, "single", ""}, {5, "int96", "INT96"}, {5, "nested", "flatten: true"}, {5, "half", "half precision"},
		{6, "int", "not among the fields"}, {0, "decimal:x", "is none"}, {0, "union(int", "does not end"}, {0, "int)", "is none"}, {0, "map(string,int)", "which BigQuery made"},
		{3, "string", "it has lists"},
	} {
		_, err := parquetPuller{}.fieldOf(p, leaves, warehouse.PulledColumn{Field: c.field, As: "parquet " + c.as})
		if c.want == "" && err != nil || c.want != "" && !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%d as %s: %v, want %q", c.field, c.as, err, c.want)
		}
	}
}

//go:build !noduckdb && cgo

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"

	"tapline/exporter/bucket"
	"tapline/loader"
	"tapline/warehouse"
	"tapline/warehouse/bigquery/bigquerytest"
)

// A viaColumn is a column of a Parquet file: its values in JSON.
type viaColumn struct {
	name string
	typ  arrow.DataType
	docs []string
}

// viaParquet is a file of the columns, the shorter ones filled up with NULL; rows
// is how many a row group has, 0 = all.
func viaParquet(t testing.TB, rows int, columns []viaColumn, props ...parquet.WriterProperty) string {
	t.Helper()
	return viaWriter{rows: rows, props: props}.file(t, columns)
}

// A viaWriter writes Parquet in some manner.
type viaWriter struct {
	rows  int // of a row group, 0 = all
	props []parquet.WriterProperty
	int96 bool   // instants are INT96
	by    string // the key under which the writer left its name
}

func (v viaWriter) file(t testing.TB, columns []viaColumn) string {
	t.Helper()
	var fields []arrow.Field
	n := 0
	for _, c := range columns {
		fields = append(fields, arrow.Field{Name: c.name, Type: c.typ, Nullable: true})
		n = max(n, len(c.docs))
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	for i, c := range columns {
		doc := strings.Join(c.docs, ",")
		if more := n - len(c.docs); more > 0 {
			doc = strings.Trim(doc+strings.Repeat(",null", more), ",")
		}
		if err := b.Field(i).UnmarshalJSON([]byte("[" + doc + "]")); err != nil {
			t.Fatal(c.name, err)
		}
	}
	rec := b.NewRecord()
	defer rec.Release()
	var out bytes.Buffer
	props := append(v.props, parquet.WithVersion(parquet.V2_LATEST))
	if v.rows > 0 {
		props = append(props, parquet.WithMaxRowGroupLength(int64(v.rows)))
	}
	arrowProps := pqarrow.NewArrowWriterProperties(pqarrow.WithDeprecatedInt96Timestamps(v.int96))
	w, err := pqarrow.NewFileWriter(rec.Schema(), struct{ io.Writer }{&out}, parquet.NewWriterProperties(props...), arrowProps)
	if err != nil {
		t.Fatal(err)
	}
	if n > 0 {
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
	}
	if v.by != "" {
		err = w.AppendKeyValueMetadata(v.by, "3.5.1")
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func viaStamp(u arrow.TimeUnit, zone string) arrow.DataType {
	return &arrow.TimestampType{Unit: u, TimeZone: zone}
}

// viaTypes has a column of each type that BigQuery loads, with what is odd in it.
func viaTypes() []viaColumn {
	prims, fixed := arrow.PrimitiveTypes, arrow.FixedWidthTypes
	times := []string{`"2026-09-01T10:20:30.5Z"`, `"1969-12-31T23:59:59.999Z"`, "null", `"0001-01-02T00:00:00Z"`, `"9999-12-30T23:59:59Z"`, `"2026-09-01T00:00:00Z"`}
	return []viaColumn{
		{"bool", fixed.Boolean, []string{"true", "false", "null", "true"}},
		{"int8", prims.Int8, []string{"-128", "127"}},
		{"int32", prims.Int32, []string{"-2147483648", "7", "null"}},
		{"int64", prims.Int64, []string{"9007199254740992", "-9223372036854775808", "9223372036854775807", "null", "0", "9007199254740993"}},
		{"uint16", prims.Uint16, []string{"65535", "0"}},
		{"uint32", prims.Uint32, []string{"4294967295", "7"}},
		{"uint64", prims.Uint64, []string{"9007199254740992", "1"}},
		{"single", prims.Float32, []string{"0.1", "1.5e30", "-3", "1e-45", "0.00024414063", "16777216", "1.17549435e-38", "3.4028235e38", "0", "-0.0", `"NaN"`, `"-Inf"`, "1234567.8", "1.2621775e-29", "123456.79"}},
		{"double", prims.Float64, []string{"0.1", "-2", "1e300", "5e-300", "123456.789", "1234567.89", "0.00001", "0.0001", "9007199254740993", "1e16", "-0.0", `"NaN"`, `"Inf"`, `"-Inf"`, "null", "0.30000000000000004"}},
		{"date", fixed.Date32, []string{`"2026-09-01"`, `"0001-01-01"`, `"9999-12-31"`, "null"}},
		{"ms", viaStamp(arrow.Millisecond, "UTC"), times},
		{"us", viaStamp(arrow.Microsecond, "UTC"), append(times, `"2026-09-01T10:20:30.123456Z"`)},
		{"local", viaStamp(arrow.Microsecond, "Asia/Kolkata"), append(times[:3:3], times[4:]...)},
		{"time ms", fixed.Time32ms, []string{`"10:11:12.5"`, `"00:00:00"`, `"23:59:59.999"`}},
		{"time us", fixed.Time64us, []string{`"10:11:12.000001"`, `"10:10:10"`, `"10:00:00"`, "null"}},
		{"dec2", &arrow.Decimal128Type{Precision: 9, Scale: 2}, []string{`"12.50"`, `"-0.05"`, `"0.00"`, `"100.00"`, "null"}},
		{"dec0", &arrow.Decimal128Type{Precision: 29}, []string{`"-12"`, `"12345678901234567890123456789"`, `"0"`, `"9223372036854775807"`}},
		{"dec9", &arrow.Decimal128Type{Precision: 38, Scale: 9}, []string{`"12345678901234567890.123456780"`, `"0.100000000"`, `"1234567890123.125000000"`}},
		{"dec15", &arrow.Decimal128Type{Precision: 30, Scale: 15}, []string{`"123456789012345.123456789012340"`, `"-0.000000000000001"`}},
		{"dec30", &arrow.Decimal128Type{Precision: 38, Scale: 30}, []string{`"12345678.123456789012345678901234567890"`, `"0.500000000000000000000000000000"`}},
		{"text", arrow.BinaryTypes.String, []string{`""`, `"é \"quoted\"\n"`, `"nul\u0000in"`, `"12"`, `"true"`, `"2026-09-01"`, "null", `"x not a reason"`}},
		{"bytes", arrow.BinaryTypes.Binary, []string{`"aGVsbG8="`, `"/w=="`, `"AGE="`, `""`, `"77+9"`, "null"}},
		{"fixed", &arrow.FixedSizeBinaryType{ByteWidth: 2}, []string{`"AQI="`, `"//8="`, "null"}},
		{"words", arrow.ListOf(arrow.BinaryTypes.String), []string{`["a","\"b\\"]`, "[]", "null", `[null,"é"]`}},
		{"numbers", arrow.ListOf(prims.Float64), []string{`[1,null,2.5,1e21]`, `[]`}},
	}
}

func viaParquetCases(t testing.TB) map[string]viaCase {
	prims := arrow.PrimitiveTypes
	files := bucket.Selection{Files: "*.parquet"}
	flat := files
	flat.Flatten = true
	facts := files
	facts.FileColumns = []string{"*"}
	one := func(rows int, columns ...viaColumn) map[string]string {
		return map[string]string{"a.parquet": viaParquet(t, rows, columns)}
	}
	str, i64, f64 := arrow.BinaryTypes.String, arrow.DataType(prims.Int64), arrow.DataType(prims.Float64)
	ids := []string{"1", "2", "3"}
	many := make([]string, 5000)
	for i := range many {
		many[i] = fmt.Sprint(i % 7)
	}
	inner := arrow.StructOf(arrow.Field{Name: "x y", Type: i64, Nullable: true}, arrow.Field{Name: "s", Type: str, Nullable: true})
	outer := arrow.StructOf(arrow.Field{Name: "deep", Type: inner, Nullable: true}, arrow.Field{Name: "f", Type: f64, Nullable: true})
	return map[string]viaCase{
		"every": {files, loader.Target{}, one(0, viaTypes()...)},
		"text": {files, loader.Target{Columns: []loader.ColumnRule{
			{From: "single", Type: "string"}, {From: "double", Type: "string"}, {From: "dec2", Type: "string"}, {From: "dec9", Type: "string"}, {From: "int64", Type: "string"},
			{From: "us", Type: "string"}, {From: "date", Hash: "sha256"}, {From: "text", Hash: "sha256"}, {From: "bool", Hash: "sha256"}, {From: "uint64", Drop: true},
			{From: "time us", Type: "timestamp"}, {From: "dec0", Rename: "whole", Type: "float64"}, {From: "bytes", Type: "int64"}, {From: "int32", Type: "bool"},
		}}, one(0, viaTypes()...)},
		"names": {files, loader.Target{}, one(0, viaColumn{"a b", i64, ids}, viaColumn{"é-1", str, []string{`"x"`}}, viaColumn{"p%", i64, ids}, viaColumn{"q?(r)", i64, ids})},
		"groups": {files, loader.Target{Mode: warehouse.Snapshot}, map[string]string{
			"a.parquet": viaParquet(t, 700, []viaColumn{{"n", i64, many}, {"s", str, nil}}),
			"b.parquet": viaParquet(t, 700, []viaColumn{{"n", i64, many}}, parquet.WithDictionaryDefault(false), parquet.WithDataPageVersion(parquet.DataPageV2)),
		}},
		"flat": {flat, loader.Target{}, one(0, viaColumn{"id", i64, ids},
			viaColumn{"o", outer, []string{`{"deep":{"x y":1,"s":"a"},"f":0.5}`, `{"deep":null,"f":null}`, "null", `{"deep":{"x y":null,"s":""},"f":2}`}},
			viaColumn{"m", arrow.MapOf(str, f64), []string{`[{"key":"k 1","value":1.5},{"key":"it's","value":null}]`, "[]", "null", `[{"key":"it's","value":2}]`}},
			viaColumn{"none", arrow.MapOf(str, i64), []string{"[]"}})},
		"later": {files, loader.Target{}, map[string]string{
			"a.parquet": viaParquet(t, 0, []viaColumn{{"id", i64, ids}, {"v", i64, ids}, {"w", str, []string{`"a"`, `""`}}, {"d", arrow.FixedWidthTypes.Date32, []string{`"2026-09-01"`}}, {"k", i64, ids}}),
			"b.parquet": viaParquet(t, 0, []viaColumn{{"id", str, []string{`"7"`, `"x"`, `""`, "null"}}, {"v", f64, []string{"1.5", "2", `"NaN"`}}, {"w", i64, ids}, {"more", f64, []string{"1", "2.5"}},
				{"d", viaStamp(arrow.Millisecond, "UTC"), []string{`"2026-09-02T00:00:00Z"`, `"2026-09-02T00:00:01Z"`}}, {"k", str, []string{`"2026-09-02 10:00:00"`, `"007"`, `"1.0"`, `"1e2"`}}}),
		}},
		"frozen": {files, loader.Target{Contract: loader.Freeze}, map[string]string{
			"a.parquet": viaParquet(t, 0, []viaColumn{{"id", i64, ids}}), "b.parquet": viaParquet(t, 0, []viaColumn{{"id", i64, ids}, {"b", str, []string{`"x"`, `""`, "null"}}, {"c", f64, []string{"1.5", `"NaN"`}}}),
		}},
		"empty": {files, loader.Target{}, map[string]string{
			"a.parquet": viaParquet(t, 0, []viaColumn{{"id", i64, nil}}), "b.parquet": viaParquet(t, 0, []viaColumn{{"id", i64, ids}, {"n", i64, nil}}),
		}},
		"spark": {files, loader.Target{}, map[string]string{
			"a.parquet": viaWriter{int96: true, by: "org.apache.spark.version"}.file(t, []viaColumn{{"at", viaStamp(arrow.Nanosecond, "UTC"), []string{`"2026-09-01T10:20:30.123456Z"`, "null", `"1899-01-01T00:00:00Z"`}}}),
		}},
		"packed": {bucket.Selection{Files: "*.gzip"}, loader.Target{}, map[string]string{"a.parquet.gzip": viaParquet(t, 0, []viaColumn{{"id", i64, ids}})}},
		"facts": {facts, loader.Target{}, map[string]string{
			"1663664837-1663665000-Charged-20260901-7-db.parquet": viaParquet(t, 0, []viaColumn{{"a", i64, ids}}),
		}},
		"clevertap": {bucket.Selection{Files: "*-*.parquet", FileColumns: []string{"name"}}, loader.Target{}, map[string]string{
			"1663664837-1663665000-Order Placed-20260901-0-db.parquet": viaExport(t),
		}},
	}
}

// viaExport is an export of CleverTap: maps of unions.
func viaExport(t testing.TB) string {
	t.Helper()
	prims := arrow.PrimitiveTypes
	union := func(types ...arrow.DataType) arrow.DataType {
		var fields []arrow.Field
		for i, typ := range types {
			fields = append(fields, arrow.Field{Name: fmt.Sprint("member", i), Type: typ, Nullable: true})
		}
		return arrow.MapOf(arrow.BinaryTypes.String, arrow.StructOf(fields...))
	}
	values := union(arrow.FixedWidthTypes.Boolean, prims.Int32, prims.Int64, prims.Float32, prims.Float64, arrow.BinaryTypes.String)
	return viaParquet(t, 0, []viaColumn{
		{"eventName", arrow.BinaryTypes.String, []string{`"Order Placed"`, `"Order Placed"`, `"Order Placed"`, `"Order Placed"`}},
		{"eventTime", prims.Int64, []string{"1663784999", "1663785000", "12", "20260901003000"}},
		{"identity", union(arrow.BinaryTypes.String, arrow.ListOf(arrow.BinaryTypes.String)), []string{
			`[{"key":"clevertapId","value":{"member0":"__g1"}},{"key":"identity","value":{"member0":"0042"}},{"key":"all_identities","value":{"member1":["0042","a@x.org"]}}]`,
			`[{"key":"identity","value":{"member0":"43,x"}},{"key":"all_identities","value":{"member1":[]}}]`, `[{"key":"all_identities","value":{"member0":"b"}}]`}},
		{"profile", values, []string{`[{"key":"phone","value":{"member2":15550100}},{"key":"name","value":{"member1":7}}]`, "[]", "null", `[{"key":"name","value":{"member5":"Ann"}}]`}},
		{"eventProps", values, []string{`[{"key":"Amount","value":{"member4":12.5}},{"key":"Paid","value":{"member0":true}},{"key":"Rate","value":{"member3":0.1}}]`,
			`[{"key":"Amount","value":{"member1":7}},{"key":"Nothing","value":null},{"key":"Mixed","value":{"member5":"12"}}]`, `[{"key":"Paid","value":{"member0":false}},{"key":"Mixed","value":{"member1":12}}]`, `[{"key":"Amount","value":{"member4":"NaN"}}]`}},
		{"session_props", values, []string{`[{"key":"utm_source","value":{"member5":"mail"}}]`}},
	})
}

// TestViaParquetAgrees: Parquet that BigQuery loads itself gives what it gives
// when tapline reads it, and tapline reads its footers alone.
func TestViaParquetAgrees(t *testing.T) {
	r := newViaRig(t)
	var sel []bucket.Selection
	var targets []loader.Target
	size := map[string]int{}
	for name, c := range viaParquetCases(t) {
		for file, text := range c.files {
			r.put(t, name+"/"+file, text)
			size[name+"/"+file] = len(text)
		}
		c.sel.Files, c.target.Table = name+"/"+c.sel.Files, name
		sel, targets = append(sel, c.sel), append(targets, c.target)
	}
	read := r.scene(t, false, targets, sel...)
	read.mustRun(t)
	want := read.loaded(t)
	r.forget()
	s := r.scene(t, true, targets, sel...)
	s.mustRun(t)
	if got := s.loaded(t); got != want {
		t.Error("not as tapline reads it:", differing(want, got))
	}
	for _, g := range r.gets() {
		whole := size[g.name]
		if g.from < whole/10 || g.from+g.bytes != whole || g.bytes > 16<<10 {
			t.Errorf("tapline read %d bytes of %s from byte %d on, which has %d", g.bytes, g.name, g.from, whole)
		}
	}
	if again := s.mustRun(t); len(again.Loads) != 0 {
		t.Errorf("a second run loaded %d slices", len(again.Loads))
	}
}

// TestViaParquetFaults: whatever request of a load goes wrong, and however, the
// next run ends with the table of an undisturbed one.
func TestViaParquetFaults(t *testing.T) {
	r := newViaRig(t)
	r.put(t, "1663664837-1663665000-Charged-20260901-0-db.parquet", viaExport(t))
	jobs := []bigquerytest.Match{
		{Method: "jobs.insert", Text: "tapline_p_"},                    // BigQuery reads the object
		{Method: "tables.get", Text: "_tapline_stage_"},                // which columns it has
		{Method: "jobs.insert", Text: "SELECT DISTINCT kv"},            // which keys maps have
		{Method: "jobs.insert", Text: "places AS"},                     // which place each row has
		{Method: "jobs.insert", Text: "BIT_OR"},                        // which kinds there are
		{Method: "jobs.insert", Text: "' of the load'"},                // what is put aside
		{Method: "jobs.insert", Text: "BEGIN TRANSACTION;\nSELECT IF"}, // the load
	}
	r.withFaults(t, "*.parquet", jobs, "lost", "applied", "denied")
}

// TestViaParquetRefuses: what BigQuery cannot load, or does not give back as it
// was, is an error that says so and names the remedy, and nothing of it is loaded.
func TestViaParquetRefuses(t *testing.T) {
	r := newViaRig(t)
	prims, str := arrow.PrimitiveTypes, arrow.BinaryTypes.String
	one := arrow.StructOf(arrow.Field{Name: "x", Type: prims.Int64, Nullable: true})
	good := viaParquet(t, 0, []viaColumn{{"id", prims.Int64, []string{"1", "2"}}})
	for name, c := range map[string]struct{ content, want string }{
		"dot.parquet":        {viaParquet(t, 0, []viaColumn{{"a.b", prims.Int64, []string{"1"}}}), "period"},
		"case.parquet":       {viaParquet(t, 0, []viaColumn{{"a", prims.Int64, []string{"1"}}, {"A", prims.Int64, []string{"1"}}}), "Duplicate field name"},
		"nanos.parquet":      {viaParquet(t, 0, []viaColumn{{"at", viaStamp(arrow.Nanosecond, "UTC"), []string{`"2026-09-01T10:20:30Z"`}}}), "NANOS"},
		"half.parquet":       {viaParquet(t, 0, []viaColumn{{"h", arrow.FixedWidthTypes.Float16, []string{"1.5"}}}), "Unsupported type"},
		"struct.parquet":     {viaParquet(t, 0, []viaColumn{{"s", one, []string{`{"x":1}`}}}), "flatten: true"},
		"lists.parquet":      {viaParquet(t, 0, []viaColumn{{"l", arrow.ListOf(arrow.ListOf(str)), []string{`[["a"]]`}}}), `column "l": it has lists`},
		"escapes.parquet":    {viaParquet(t, 0, []viaColumn{{"l", arrow.ListOf(str), []string{`["a\n"]`}}}), "have to be escaped"},
		"replaced.parquet":   {viaParquet(t, 0, []viaColumn{{"id", prims.Int64, []string{"1"}}, {"s", str, []string{`"a\ufffd"`}}}), `column "s" has a cell`},
		"beyond.parquet":     {viaParquet(t, 0, []viaColumn{{"u", prims.Uint64, []string{"18446744073709551615"}}}), "Error while reading data"},
		"int96.parquet":      {viaWriter{int96: true}.file(t, []viaColumn{{"at", viaStamp(arrow.Nanosecond, "UTC"), []string{`"2026-09-01T10:20:30.123456Z"`}}}), "INT96"},
		"cut.parquet":        {good[:len(good)-9], "Error while reading data"},
		"packed.parquet.gz":  {good, "Error while reading data"},
		"packed.parquet.zst": {good, "compressed by zstd"},
		"no.parquet":         {"id\n1\n", "Error while reading data"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r.put(t, name, c.content)
			s := r.scene(t, true, []loader.Target{{Table: "t"}}, bucket.Selection{Files: name})
			sum := s.run(t)
			if len(sum.Failures) != 1 || !errors.Is(sum.Failures[0].Err, warehouse.ErrPull) || !strings.Contains(sum.Failures[0].Err.Error(), c.want) || !strings.Contains(sum.Failures[0].Err.Error(), "take via: out") {
				t.Errorf("failures %v, want %s", sum.Failures, c.want)
			}
			if _, err := s.w.Table(t.Context(), "t"); !errors.Is(err, warehouse.ErrNotExist) {
				t.Errorf("there is a table: %v", err)
			}
		})
	}
}

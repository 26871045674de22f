package bucket_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/bucket"
	"tapline/exporter/exportertest"
)

// The same three events as the vendor's exports have them: the last of one day
// in India, the first of the next, and one of no known time.
const (
	goldenCSV = "ts,eventName,profile.identity,profile.objectId,profile.phone,deviceInfo.osVersion,deviceInfo.dimensions.width,eventProps.Amount,eventProps.Paid,sessionProps.utm_source\n" +
		"20220921235959,Order Placed,42,__g1,15550100,14.2,68,12.5,true,\n" +
		"20220922000000,Order Placed,\"43,x\",,,,,7,,mail\n" +
		",Order Placed,0044,,,,,,false,\n"

	goldenJSON = `{"profile":{"identity":"42","objectId":"__g1","phone":15550100},"ts":20220921235959,"eventName":"Order Placed","deviceInfo":{"osVersion":"14.2","dimensions":{"width":68}},"eventProps":{"Amount":12.5,"Paid":true}}
{"eventName":"Order Placed","ts":"20220922000000","profile":{"identity":"43,x"},"eventProps":{"Amount":7},"session_props":{"utm_source":"mail"}}
{"eventName":"Order Placed","profile":{"identity":"0044"},"eventProps":{"Paid":false}}
`
	// goldenParquet is what the Parquet file is made of. Other than the others it
	// has seconds since 1970 and a member for each type of value.
	goldenParquet = `[
{"eventName":"Order Placed","eventTime":1663784999,"identity":[{"key":"clevertapId","value":{"member0":"__g1"}},{"key":"identity","value":{"member0":"42"}}],
 "profile":[{"key":"phone","value":{"member2":15550100}}],"deviceInfo":[{"key":"osVersion","value":{"member5":"14.2"}},{"key":"dimensions.width","value":{"member1":68}}],
 "eventProps":[{"key":"Amount","value":{"member4":12.5}},{"key":"Paid","value":{"member0":true}}],"sessionProps":null},
{"eventName":"Order Placed","eventTime":1663785000,"identity":[{"key":"identity","value":{"member0":"43,x"}}],"profile":[],"deviceInfo":[],
 "eventProps":[{"key":"Amount","value":{"member1":7}}],"sessionProps":[{"key":"utm_source","value":{"member5":"mail"}}]},
{"eventName":"Order Placed","eventTime":null,"identity":[{"key":"identity","value":{"member0":"0044"}}],"profile":null,"deviceInfo":null,
 "eventProps":[{"key":"Paid","value":{"member0":false}}],"sessionProps":[]}]`
)

func goldenRows() []string {
	return []string{
		"deviceInfo.dimensions.width=68 deviceInfo.osVersion=14.2 eventName=Order Placed eventProps.Amount=12.5 eventProps.Paid=true event_date=2022-09-21 profile.identity=42 profile.objectId=__g1 profile.phone=15550100 ts=2022-09-21T18:29:59Z",
		"eventName=Order Placed eventProps.Amount=7 event_date=2022-09-22 profile.identity=43,x sessionProps.utm_source=mail ts=2022-09-21T18:30:00Z",
		"eventName=Order Placed eventProps.Paid=false profile.identity=0044",
	}
}

// union is a structure of members, as Avro's writers make Parquet.
func union(types ...arrow.DataType) arrow.DataType {
	var fields []arrow.Field
	for i, typ := range types {
		fields = append(fields, arrow.Field{Name: fmt.Sprint("member", i), Type: typ, Nullable: true})
	}
	return arrow.MapOf(arrow.BinaryTypes.String, arrow.StructOf(fields...))
}

// exportParquet writes events, in JSON, as CleverTap's Parquet files have them.
func exportParquet(t *testing.T, events string) string {
	t.Helper()
	prims := arrow.PrimitiveTypes
	values := union(arrow.FixedWidthTypes.Boolean, prims.Int32, prims.Int64, prims.Float32, prims.Float64, arrow.BinaryTypes.String)
	var fields []arrow.Field
	for _, f := range []struct {
		name string
		typ  arrow.DataType
	}{
		{"eventName", arrow.BinaryTypes.String}, {"eventTime", prims.Int64}, {"identity", union(arrow.BinaryTypes.String, arrow.ListOf(arrow.BinaryTypes.String))},
		{"profile", values}, {"deviceInfo", values}, {"eventProps", values}, {"sessionProps", values},
	} {
		fields = append(fields, arrow.Field{Name: f.name, Type: f.typ, Nullable: true})
	}
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema(fields, nil), strings.NewReader(events), array.WithUseNumber())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := pqarrow.NewFileWriter(rec.Schema(), struct{ io.Writer }{&b}, parquet.NewWriterProperties(), pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestGolden: one event gives one row, whatever the format of the export.
func TestGolden(t *testing.T) {
	list := "[" + strings.ReplaceAll(strings.TrimSpace(goldenJSON), "}\n{", "},\n{") + "]"
	parquet := exportParquet(t, goldenParquet)
	for name, content := range map[string]string{
		".csv": goldenCSV, ".csv.gz": zipped(t, goldenCSV), ".csv.gzip": zipped(t, zipped(t, goldenCSV)), "-crlf.csv": strings.ReplaceAll(goldenCSV, "\n", "\r\n"),
		".json": goldenJSON, ".json.gz": zipped(t, goldenJSON), "-list.json": list,
		"-named.json":  "Order Placed\n" + strings.ReplaceAll(strings.ReplaceAll(goldenJSON, `"eventName":"Order Placed",`, ""), `,"eventName":"Order Placed"`, ""),
		"-quoted.json": "\"Order Placed\"\r\n" + goldenJSON,
		".parquet":     parquet, ".parquet.gzip": zipped(t, parquet),
	} {
		t.Run(name, func(t *testing.T) {
			d := newDrop(t)
			d.put(t, "x/"+orders+name, content, before)
			src := d.source(t, bucket.Selection{Files: "x/*", Layout: "clevertap"})
			if diff := cmp.Diff(goldenRows(), rows(t, src)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestGoldenInOneTable: files of all formats found by name alone, one of them
// with a time that is none.
func TestGoldenInOneTable(t *testing.T) {
	d := newDrop(t)
	d.put(t, strings.Replace(orders, "-0-0", "-1-0", 1)+".csv.gz", zipped(t, goldenCSV), before)
	d.put(t, strings.Replace(orders, "-0-0", "-2-0", 1)+".json", goldenJSON, before)
	d.put(t, strings.Replace(orders, "-0-0", "-3-0", 1)+".parquet", exportParquet(t, goldenParquet), before)
	d.put(t, strings.Replace(orders, "-0-0", "-4-0", 1)+".parquet", exportParquet(t, strings.Replace(goldenParquet, "1663784999", "12", 1)), before)
	src := d.source(t, bucket.Selection{Files: "*-Order-Placed-*"})
	want := append(append(goldenRows(), goldenRows()...), append(goldenRows(), goldenRows()...)...)
	want[9] = `!ts=value.time:"12" ` + strings.Replace(strings.Replace(want[9], " ts=2022-09-21T18:29:59Z", "", 1), " event_date=2022-09-21", "", 1)
	if diff := cmp.Diff(want, rows(t, src)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, sl := range slicesOf(t, src, exporter.Window{}) {
		if sl.Stream.Partition != "event_date" {
			t.Errorf("stream %+v has no partition", sl.Stream)
		}
		exportertest.ReadAll(t, src, sl, "")
	}
}

package bucket_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/bucket"
)

// orders is the name of an export file of CleverTap, without its ending.
const orders = "1663664837-1663785000-Order-Placed-20220921-0-0"

// header is the start of that of every CSV export.
const header = "ts,eventName,profile.identity,profile.objectId,profile.phone,deviceInfo.dimensions.width,eventProps.Amount,sessionProps.utm_source\n"

// ordersCSV are three events: the last of one day in India and the first of the
// next, and one that has no time.
const ordersCSV = header +
	"20220921235959,Order Placed,42,__g1,15550100,68,12.5,\n" +
	"20220922000000,Order Placed,\"43,x\",,,,7,mail\n" +
	"20229922000000,Order Placed,0044,,,,,\n"

// ordersRows are these events under the columns of the API's streams.
func ordersRows() []string {
	return []string{
		"deviceInfo.dimensions.width=68 eventName=Order Placed eventProps.Amount=12.5 event_date=2022-09-21 profile.identity=42 profile.objectId=__g1 profile.phone=15550100 ts=2022-09-21T18:29:59Z",
		"eventName=Order Placed eventProps.Amount=7 event_date=2022-09-22 profile.identity=43,x sessionProps.utm_source=mail ts=2022-09-21T18:30:00Z",
		"eventName=Order Placed profile.identity=0044 !ts=value.time:\"20229922000000\"",
	}
}

func TestCleverTapCSV(t *testing.T) {
	for name, sel := range map[string]bucket.Selection{
		orders + ".csv.gz": {Files: "*"},
		"renamed.csv.gz":   {Files: "*", Layout: "clevertap"},
	} {
		d := newDrop(t)
		d.put(t, name, zipped(t, ordersCSV), before)
		got := rows(t, d.source(t, sel))
		for i := range got {
			got[i] = rejectLast(got[i])
		}
		if diff := cmp.Diff(ordersRows(), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// rejectLast puts the rejects of a row behind its cells.
func rejectLast(row string) string {
	if cell, rest, ok := strings.Cut(row, " "); ok && strings.HasPrefix(cell, "!") {
		return rest + " " + cell
	}
	return row
}

// TestCleverTapTypes: the columns that API and files have in common are of the
// types that package clevertap gives them.
func TestCleverTapTypes(t *testing.T) {
	d := newDrop(t)
	d.put(t, orders+".csv", ordersCSV, before)
	src := d.source(t, bucket.Selection{Files: "*"})
	types := map[string]string{}
	for b, err := range src.Read(t.Context(), slicesOf(t, src, exporter.Window{})[0], "") {
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range b.Record.Schema().Fields() {
			types[f.Name] = f.Type.String() + " " + b.Kinds[i].String()
		}
		if names := b.Record.Schema().Fields(); names[0].Name != "ts" || names[1].Name != "event_date" {
			t.Errorf("the first columns are %s and %s", names[0].Name, names[1].Name)
		}
	}
	stamp := (&arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}).String()
	want := map[string]string{
		"ts": stamp + " time", "event_date": "date32 date", "eventName": "utf8 text",
		"profile.identity": "utf8 text", "profile.objectId": "utf8 text", "profile.phone": "int64 int",
		"deviceInfo.dimensions.width": "int64 int", "eventProps.Amount": "float64 int|float", "sessionProps.utm_source": "utf8 text",
	}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
}

// TestPlain: what is no export of CleverTap's stays as it is.
func TestPlain(t *testing.T) {
	for name, sel := range map[string]bucket.Selection{
		orders + ".csv": {Files: "*", Layout: "plain"},
		"renamed.csv":   {Files: "*.csv"},
	} {
		d := newDrop(t)
		d.put(t, name, "ts,eventName\n20220921235959,x\n", before)
		if diff := cmp.Diff([]string{"eventName=x ts=20220921235959"}, rows(t, d.source(t, sel))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	d := newDrop(t)
	d.put(t, orders+".csv", "id,name\n1,x\n", before)
	if diff := cmp.Diff([]string{"id=1 name=x"}, rows(t, d.source(t, bucket.Selection{Files: "*"}))); diff != "" {
		t.Errorf("a file of other columns (-want +got):\n%s", diff)
	}
}

// TestCleverTapEmpty: exports without an event are zero rows, whatever is left
// of them.
func TestCleverTapEmpty(t *testing.T) {
	for name, content := range map[string]string{
		".csv": header, "-x.csv": "", ".json": "", "-name.json": "Order Placed\n", "-list.json": "[]", "-quoted.json": "\"Order Placed\"",
		".parquet": exportParquet(t, "[]"),
	} {
		d := newDrop(t)
		d.put(t, orders+name, content, before)
		for _, layout := range []string{"auto", "clevertap"} {
			if got := rows(t, d.source(t, bucket.Selection{Files: "*", Layout: layout})); len(got) != 0 {
				t.Errorf("%s, layout %s: %q", name, layout, got)
			}
		}
	}
}

func TestCleverTapErrors(t *testing.T) {
	d := newDrop(t)
	d.put(t, "a.csv", "id,name\n1,x\n", before)
	src := d.source(t, bucket.Selection{Files: "*", Layout: "clevertap"})
	if err := readErr(t, src, slicesOf(t, src, exporter.Window{})[0]); !errors.Is(err, exporter.ErrContent) || !strings.Contains(err.Error(), "layout: plain") {
		t.Errorf("other columns: error %v, want %v", err, exporter.ErrContent)
	}

	d = newDrop(t)
	d.cfg.Timezone = ""
	d.put(t, "in/"+orders+".csv", ordersCSV, before)
	src = d.source(t, bucket.Selection{Files: "in/**"})
	if err := readErr(t, src, slicesOf(t, src, exporter.Window{})[0]); err == nil || !strings.Contains(err.Error(), "set timezone:") {
		t.Errorf("no time zone: error %v", err)
	}
}

func TestDescribe(t *testing.T) {
	d := newDrop(t)
	d.put(t, orders+".csv.gz", zipped(t, ordersCSV), before)
	d.put(t, "b.csv", "a|b\n1|2\n", before)
	d.put(t, "c.csv", "", before)
	d.put(t, "d.xml", "<root></root>", before)
	src := d.source(t, bucket.Selection{Files: "*"})
	want := map[string]string{
		orders + ".csv.gz": `gzip; CSV: comma, quote ", header, utf-8; layout of CleverTap, times of Asia/Kolkata`,
		"b.csv":            `CSV: pipe, quote ", header, utf-8`, "c.csv": "empty",
		"d.xml": "it is XML; CSV, JSON, Parquet and XLSX can be read",
	}
	for _, sl := range slicesOf(t, src, exporter.Window{}) {
		got, err := src.Describe(t.Context(), sl)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want[sl.Name]) {
			t.Errorf("%s is described as %q, want %q", sl.Name, got, want[sl.Name])
		}
	}
}

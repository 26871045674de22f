//go:build !noduckdb && cgo

package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tapline/exporter/bucket"
	"tapline/exporter/format/csv"
	"tapline/loader"
	"tapline/warehouse"
	"tapline/warehouse/bigquery"
	"tapline/warehouse/bigquery/bigquerytest"
)

// TestViaAgrees: files that BigQuery loads itself give the rows, types,
// quarantine and counts that they give when tapline reads them, and tapline
// reads no byte of them.
func TestViaAgrees(t *testing.T) {
	r := newViaRig(t)
	s := r.agrees(t, viaCases())
	if read := r.content(); len(read) > 0 {
		t.Errorf("tapline read of the objects: %v", read)
	}
	if again := s.mustRun(t); len(again.Loads) != 0 {
		t.Errorf("a second run loaded %d slices", len(again.Loads))
	}
	r.put(t, "typed/a.csv.gz", "id,i\n7,8\n")
	s.mustRun(t)
	if got := s.rows(t, "SELECT id, i FROM `typed`"); got != "7|8" {
		t.Errorf("after the file was written anew the table holds %s", got)
	}
}

// differing are the lines that one of two texts has and the other has not.
func differing(want, got string) string {
	var out strings.Builder
	in := func(text string) map[string]int {
		n := map[string]int{}
		for _, line := range strings.Split(text, "\n") {
			n[line]++
		}
		return n
	}
	w, g := in(want), in(got)
	for line, n := range w {
		if g[line] != n {
			fmt.Fprintf(&out, "\nwant %d of%s", n, line)
		}
	}
	for line, n := range g {
		if w[line] != n {
			fmt.Fprintf(&out, "\n got %d of%s", n, line)
		}
	}
	return out.String()
}

type viaCase struct {
	sel    bucket.Selection
	target loader.Target
	files  map[string]string
}

// allCells are cells of every kind, each in a column of its own kind and in
// columns of mixed kinds.
func allCells() string {
	cells := []string{
		"1", "-7", "0", "007", "-0", "9007199254740992", "9007199254740993", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
		"1.5", "1.50", "2.0", "-0.25", "1e5", "1E+7", "1.5e-3", "0.1234567890123456", "0.12345678901234567", "123456789012345678.5", "1e+400", "5.", ".5", "+1",
		"true", "False", "TRUE", "yes", "2026-09-01", "2026-02-30", "0001-01-01", "2026-09-01T10:20:30Z", "2026-09-01 10:20:30.250", "2026-09-01T10:20:30+05:30",
		"2026-09-01 24:00:00", "$D_1756700000", "$D_x", "text", "  spaced ", "a \"\"quoted\"\" one", "two\nlines", "é", "",
	}
	var b strings.Builder
	b.WriteString("n,each,same\n")
	for i, c := range cells {
		fmt.Fprintf(&b, "%d,\"%s\",x\n", i, c)
	}
	return b.String()
}

func viaCases() map[string]viaCase {
	plain := bucket.Selection{Files: "*.csv.gz"}
	into := loader.Target{}
	typed := "id,i,f,b,d,t,mixed,none,phone,email\n" +
		"1,12,1.50,true,2026-09-01,2026-09-01 10:00:00,1,,007,a@x.org\n" +
		"2,-3,2,False,2026-09-02,2026-09-01T10:00:00.5Z,true,,123,B@x.org\n" +
		"3,,0.25,,,$D_1756700000,0,,,\n"
	later := "id,i,f,b,d,t,mixed,new value,phone,email\n" +
		"4,x,7,1,2026-09-03 00:00:00Z,2026-09-02,2.5,n1,12.0,c@x.org\n" +
		"5,1.0,9007199254740993,maybe,2026-09-03T01:00:00Z,noon,text,n2,true,\n" +
		"6,true,true,TRUE,2026-13-01,2026-09-02 00:00:00+05:30,,,2026-09-01,d@x.org\n"
	export := "1663664837-1663665000-Order Placed-20260901-0-db.csv.gz"
	return map[string]viaCase{
		"every":  {plain, into, map[string]string{"a.csv.gz": allCells()}},
		"typed":  {plain, into, map[string]string{"a.csv.gz": typed}},
		"later":  {plain, into, map[string]string{"a.csv.gz": typed, "b.csv.gz": later}},
		"frozen": {plain, loader.Target{Contract: loader.Freeze}, map[string]string{"a.csv.gz": "id,a\n1,2\n", "b.csv.gz": "id,b\n2,TRUE\n3,\n"}},
		"rules": {plain, loader.Target{Mode: warehouse.Snapshot, Columns: []loader.ColumnRule{
			{From: "email", Hash: "sha256"}, {From: "t", Hash: "sha256"}, {From: "f", Drop: true}, {From: "i", Type: "float64", Rename: "number"}, {From: "phone", Type: "int64"},
			{From: "none", Type: "date"}, {From: "mixed", Type: "string"},
		}}, map[string]string{"a.csv.gz": typed + later[strings.Index(later, "\n")+1:]}},
		"ragged": {plain, into, map[string]string{"a.csv.gz": "a,b,c\r\n1,2,3\r\n4,5\r\n6\r\n\r\n7,8,9,10\r\na,b,c\r\na,x,y\r\n,,\r\n1,2,3\r\n"}},
		"text":   {plain, into, map[string]string{"a.csv.gz": "\ufeffa,b,b c\n" + strings.Repeat("0,fine,text\n", 20) + "1,caf\u00e9,x\n2,bad,\"q,\"\"\"\n3,nul\x00,z\n"}},
		"dialect": {bucket.Selection{Files: "*.txt", Formats: bucket.Formats{CSV: csv.Options{
			Delimiter: "semicolon", Quote: "'", Header: "yes", Skip: 2, Null: []string{"NA", "-"}, Text: []string{"code"},
		}}}, into, map[string]string{"a.txt": "made by\n\nn;code;'it''s'\n1;1.0;'a;b'\nNA;-;c\n"}},
		"headless": {bucket.Selection{Files: "*.tsv", Formats: bucket.Formats{CSV: csv.Options{Header: "no"}}}, into, map[string]string{"a.tsv": "1\tx\n2\ty\n"}},
		"empty":    {plain, into, map[string]string{"a.csv.gz": "a,b\n", "b.csv.gz": ""}},
		"facts": {bucket.Selection{Files: "*.csv", FileColumns: []string{"*"}}, into,
			map[string]string{"1663664837-1663665000-Charged-20260901-7-db.csv": "a,file.name\n1,mine\n"}},
		"clevertap": {bucket.Selection{Files: "*-*.csv.gz", FileColumns: []string{"name"}}, into, map[string]string{export: "ts,eventName,profile.identity,profile.name,eventProps.Amount,eventProps.When\n" +
			"20260901003000,Order Placed,007,Ann,12.50,$D_1756700000\n20260901,Order Placed,8,true,1,\n20260901240000,Order Placed,,,true,x\n,Order Placed,1,,2,\n"}},
	}
}

// TestViaFaults: whatever request of a load goes wrong, and however, the next
// run ends with the table of an undisturbed one.
func TestViaFaults(t *testing.T) {
	r := newViaRig(t)
	r.put(t, "a.csv.gz", "id,v\n1,x\n2\n3,\"y\"\n")
	jobs := []bigquerytest.Match{
		{Method: "jobs.insert", Text: "tapline_p_"}, // BigQuery reads the object
		{Method: "jobs.insert", Text: "AS r ON"},    // which record is first
		{Method: "jobs.insert", Text: "places AS"},  // which place each has
		{Method: "jobs.insert", Text: "BIT_OR"},     // which kinds there are
		{Method: "jobs.insert", Text: "csv.fields"}, // what is put aside
		{Method: "jobs.insert", Text: "BEGIN TRANSACTION;\nSELECT IF"},
	}
	r.withFaults(t, "*.csv.gz", jobs, "busy", "lost", "failed", "applied", "denied")
}

// TestViaReplaced: an object that is written anew while BigQuery reads it is
// not loaded, and the next run loads what there is then.
func TestViaReplaced(t *testing.T) {
	r := newViaRig(t)
	r.put(t, "a.csv.gz", "id,v\n1,x\n")
	s := r.scene(t, true, []loader.Target{{Table: "t"}}, bucket.Selection{Files: "*.csv.gz"})
	loads := 0
	sum := s.run(t, during{s.w, func() {
		loads++
		r.put(t, "a.csv.gz", "id,v\n2,y\n")
	}})
	if loads != 1 || len(sum.Loads) != 0 || len(sum.Notices) != 1 {
		t.Errorf("%d pulls, %d loads, notices %v, failures %v", loads, len(sum.Loads), sum.Notices, sum.Failures)
	}
	s.mustRun(t)
	if got := s.rows(t, "SELECT id, v FROM `t`"); got != "2|y" {
		t.Errorf("the table holds %s", got)
	}
}

// during does something after an object was pulled.
type during struct {
	*bigquery.Warehouse
	then func()
}

func (d during) Pull(ctx context.Context, o warehouse.Object) (warehouse.Pulled, error) {
	p, err := d.Warehouse.Pull(ctx, o)
	d.then()
	return p, err
}

// TestViaRefuses: what BigQuery cannot read, or the pipeline asks what only
// tapline can do, is an error that names the remedy.
func TestViaRefuses(t *testing.T) {
	r := newViaRig(t)
	r.put(t, "quotes.csv", "id,v\n1,\"x\"y\n")
	r.put(t, "twice.csv", "a,a\n1,2\n")
	r.put(t, "semicolons.csv", "a;b\n1;2\n")
	r.put(t, "numbers.csv", "1,2\n3,4\n")
	r.put(t, "book.xlsx", "PK")
	r.put(t, "good.csv", "id,v\n1,x\n1,y\n")
	r.put(t, "good.csv.zst", "id,v\n1,x\n1,y\n")
	r.put(t, "export", "id,v\n1,x\n1,y\n")
	for _, c := range []struct {
		files  string
		target loader.Target
		want   string
		csv    csv.Options
	}{
		{"quotes.csv", loader.Target{}, "take via: out", csv.Options{}},
		{"twice.csv", loader.Target{}, "csv.duplicate_header", csv.Options{}},
		{"semicolons.csv", loader.Target{}, "delimiter: comma", csv.Options{}},
		{"numbers.csv", loader.Target{}, "header: yes, or no", csv.Options{}},
		{"book.xlsx", loader.Target{}, "take via: out", csv.Options{}},
		{"good.csv", loader.Target{Mode: warehouse.Merge, Key: []string{"id"}}, "the order of a file's rows", csv.Options{}},
		{"good.csv", loader.Target{Columns: []loader.ColumnRule{{From: "v", Hash: "hmac-sha256", HashKey: []byte("k")}}}, "hashed with a key", csv.Options{}},
		{"good.csv.zst", loader.Target{}, "compressed by zstd", csv.Options{}},
		{"export", loader.Target{}, "name it (format: csv)", csv.Options{}},
		{"good.csv", loader.Target{}, "csv.escape", csv.Options{Escape: `\`}},
		{"good.csv", loader.Target{}, "csv.comment", csv.Options{Comment: "#"}},
		{"good.csv", loader.Target{}, "csv.encoding", csv.Options{Encoding: "latin-1"}},
		{"good.csv", loader.Target{}, "csv.delimiter", csv.Options{Delimiter: "none"}},
	} {
		t.Run(c.files+" "+c.want, func(t *testing.T) {
			t.Parallel()
			c.target.Table = "t"
			s := r.scene(t, true, []loader.Target{c.target}, bucket.Selection{Files: c.files, Formats: bucket.Formats{CSV: c.csv}})
			sum := s.run(t)
			if len(sum.Failures) != 1 || !strings.Contains(sum.Failures[0].Err.Error(), c.want) {
				t.Errorf("failures %v, want %s", sum.Failures, c.want)
			}
		})
	}
}

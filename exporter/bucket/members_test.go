package bucket_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"tapline/exporter"
	"tapline/exporter/bucket"
	"tapline/exporter/exportertest"
)

// archive is a zip file of members, given as name, content, name, content.
func archive(t *testing.T, members ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.Create(members[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, members[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// workbook is an XLSX file of two sheets of n rows.
func workbook(t *testing.T, n int) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	if _, err := f.NewSheet("Second"); err != nil {
		t.Fatal(err)
	}
	for _, sheet := range []string{"Sheet1", "Second"} {
		rows := [][]any{{"id", "sheet"}}
		for i := range n {
			rows = append(rows, []any{i, sheet})
		}
		for i, row := range rows {
			if err := f.SetSheetRow(sheet, fmt.Sprintf("A%d", i+1), &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestMembers: the members of an archive are read one after the other, each in
// its format, and can be gone on with anywhere.
func TestMembers(t *testing.T) {
	d := newDrop(t)
	d.opt.BatchRows = 2
	d.put(t, "a.zip", archive(t, "a.csv", "n\n1\n2\n3\n", "sub/", "", "sub/none.csv", "", "_SUCCESS", "",
		"sub/b.json", `{"n":4}`+"\n"+`{"n":5}`, "sub/"+orders+".csv.gz", zipped(t, "n,m\n6,x\n")), before)
	src := d.source(t, bucket.Selection{Files: "*.zip", FileColumns: []string{"member", "event"}})
	sl := slicesOf(t, src, exporter.Window{})[0]
	whole := exportertest.ReadAll(t, src, sl, "")
	want := []string{
		"file.member=a.csv n=1", "file.member=a.csv n=2", "file.member=a.csv n=3", "file.member=sub/b.json n=4", "file.member=sub/b.json n=5",
		"file.event=Order-Placed file.member=sub/" + orders + ".csv.gz m=x n=6",
	}
	for i := range whole.Rows {
		whole.Rows[i] = strings.ReplaceAll(whole.Rows[i], "\x1f", " ")
	}
	if diff := cmp.Diff(want, whole.Rows); diff != "" {
		t.Fatalf("rows (-want +got):\n%s", diff)
	}
	for i, c := range whole.Cursors {
		rest := exportertest.ReadAll(t, src, sl, c)
		if got, want := len(rest.Rows), len(want)-whole.Ends[i]; got != want {
			t.Errorf("after batch %d: %d rows, want %d", i+1, got, want)
		}
	}
	if about, err := src.Describe(t.Context(), sl); err != nil || about != `zip of 4 files; CSV: one column, quote ", header, utf-8` {
		t.Errorf("described as %q, %v", about, err)
	}
}

func TestWorkbook(t *testing.T) {
	d := newDrop(t)
	d.opt.BatchRows = 2
	d.put(t, "a.bin", workbook(t, 5), before)
	d.put(t, "b.xlsx.gz", zipped(t, workbook(t, 1)), before)
	src := d.source(t, bucket.Selection{Files: "*"}, bucket.Selection{Files: "*.bin", Formats: bucket.Formats{Sheet: "Second", HeaderRow: 1}})
	got := map[string]int{}
	for _, row := range rows(t, src) {
		got[row[strings.LastIndexByte(row, '=')+1:]]++
	}
	if diff := cmp.Diff(map[string]int{"Sheet1": 6, "Second": 5}, got); diff != "" {
		t.Errorf("rows by sheet (-want +got):\n%s", diff)
	}
	src = d.source(t, bucket.Selection{Files: "*", Formats: bucket.Formats{Sheet: "Third"}})
	if err := readErr(t, src, slicesOf(t, src, exporter.Window{})[0]); !errors.Is(err, exporter.ErrContent) || !strings.Contains(err.Error(), "Third") {
		t.Errorf("no such sheet: error %v", err)
	}
}

// TestDamage: what cannot be read says which object it is, and why.
func TestDamage(t *testing.T) {
	whole := zipped(t, table(50000))
	for name, content := range map[string]string{
		"cut.csv.gz": whole[:len(whole)/2], "xml.xml": "<?xml version=\"1.0\"?><root/>", "other.zip": archive(t, "[Content_Types].xml", "", "word/document.xml", ""),
		"noise.bin": "\x00\x01\x02\x03\x04\x05", "cut.parquet": "PAR1 and nothing else", "cut.zip": "PK\x03\x04", "list.json": `[{"a":1},{"a":`,
	} {
		d := newDrop(t)
		d.put(t, name, content, before)
		src := d.source(t, bucket.Selection{Files: "*"})
		err := readErr(t, src, slicesOf(t, src, exporter.Window{})[0])
		if !errors.Is(err, exporter.ErrContent) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v, want %v", name, err, exporter.ErrContent)
		}
	}
}

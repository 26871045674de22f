package xlsx

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"tapline/exporter"
	"tapline/exporter/format"
)

// zipOf is an archive of parts, given as names and contents in turn.
func zipOf(parts ...string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		f, err := w.Create(parts[i])
		if err != nil {
			panic(err)
		}
		f.Write([]byte(parts[i+1]))
	}
	w.Close()
	return b.Bytes()
}

// sheetOf is the least workbook with these rows.
func sheetOf(rows string, more ...string) []byte {
	return zipOf(append([]string{
		"xl/workbook.xml", `<workbook><sheets><sheet name="Data" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/s.xml"/><Relationship Id="r2" Type="x/sharedStrings" Target="/xl/strings.xml"/><Relationship Id="r3" Type="x/styles" Target="styles.xml"/></Relationships>`,
		"xl/worksheets/s.xml", `<worksheet><sheetData>` + rows + `</sheetData></worksheet>`,
	}, more...)...)
}

func TestErrors(t *testing.T) {
	a := `<row r="1"><c t="str"><v>a</v></c></row>`
	for _, c := range []struct {
		name string
		doc  []byte
		o    Options
		text string
	}{
		{"empty", nil, Options{}, "save it as .xlsx"},
		{"CSV", []byte("a,b\n1,2\n"), Options{}, "save it as .xlsx"},
		{"old", append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 512)...), Options{}, "without a password"},
		{"other archive", zipOf("a.txt", "hello"), Options{}, "no .xlsx workbook"},
		{"too large", sheetOf(a), Options{MaxBytes: 100}, "limit is 100"},
		{"not XML", sheetOf("<row"), Options{}, "not well-formed XML"},
		{"cut", sheetOf(a + "<!--"), Options{}, "not well-formed XML"},
		{"no end", zipOf("xl/workbook.xml", `<sheet name="D" id="r1"/>`, "xl/_rels/workbook.xml.rels", `<Relationship Id="r1" Type="x/worksheet" Target="s.xml"/>`, "xl/s.xml", "<sheetData>"+a), Options{}, "ends in the middle"},
		{"no rows", zipOf("xl/workbook.xml", `<sheet name="D" id="r1"/>`, "xl/_rels/workbook.xml.rels", `<Relationship Id="r1" Type="x/worksheet" Target="s.xml"/>`, "xl/s.xml", "<x/>"), Options{}, "has no rows"},
		{"no part", zipOf("xl/workbook.xml", `<sheet name="D" id="r1"/>`, "xl/_rels/workbook.xml.rels", `<Relationship Id="r1" Type="x/worksheet" Target="s.xml"/>`), Options{}, "xl/s.xml is not there"},
		{"rows that go back", sheetOf(a + `<row r="1"/>`), Options{}, `row "1" follows row 1`},
		{"a row too many", sheetOf(a + `<row r="1048577"/>`), Options{}, "more than 1048576 rows"},
		{"cells that go back", sheetOf(`<row><c r="B1"/><c r="A1"/></row>`), Options{}, "impossible place"},
		{"a column too many", sheetOf(`<row><c r="XFE1"/></row>`), Options{}, "impossible place"},
		{"no such text", sheetOf(`<row><c t="s"><v>7</v></c></row>`), Options{}, "cell A1: it refers to the shared text"},
		{"a long text", sheetOf(`<row><c t="str"><v>` + strings.Repeat("x", maxToken+1) + `</v></c></row>`), Options{}, "shorten it"},
		{"a long text in parts", sheetOf(`<row><c t="str"><v>` + strings.Repeat("x<b/>", maxToken+1) + `</v></c></row>`), Options{}, "shorten it"},
		{"a bomb of a sheet", sheetOf(a + strings.Repeat(" ", 1<<20)), Options{MaxUnpacked: 1 << 19}, "Options.MaxUnpacked"},
		{"a bomb of strings", sheetOf(a, "xl/strings.xml", "<sst>"+strings.Repeat("<si><t>xxxxxxxxxxxxxxxxxxxxxxxxxxxxx</t></si>", 1<<14)+"</sst>"), Options{MaxStrings: 1 << 18}, "Options.MaxStrings"},
		{"entities", sheetOf(`<row><c t="str"><v>&lol;</v></c></row>`), Options{}, "not well-formed XML"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readAll(t, c.doc, c.o, format.Batching{}, "")
			if !errors.Is(err, exporter.ErrContent) || !strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), "a.xlsx") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestBomb is of an archive that says that it is small.
func TestBomb(t *testing.T) {
	doc := sheetOf(`<row r="1"><c t="str"><v>a</v></c></row>` + strings.Repeat(" ", 8<<20))
	name := []byte("xl/worksheets/s.xml")
	at := bytes.LastIndex(doc, name) - 46  // the entry of the directory
	copy(doc[at+24:], []byte{0, 16, 0, 0}) // its size
	_, err := readAll(t, doc, Options{MaxUnpacked: 1 << 20}, format.Batching{}, "")
	if !errors.Is(err, exporter.ErrContent) {
		t.Error(err)
	}
}

func TestWideRow(t *testing.T) {
	long := strings.Repeat("x", 1000)
	doc := sheetOf(`<row><c t="str"><v>a</v></c><c t="str"><v>b</v></c></row><row><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row><row><c t="s"><v>0</v></c></row>`,
		"xl/strings.xml", "<sst><si><t>"+long+"</t></si></sst>")
	got, err := readAll(t, doc, Options{MaxRecord: 1500}, format.Batching{}, "")
	if err != nil || len(got.Rows) != 1 || len(got.Rejects) != 1 || got.Rejects[0].Reason != ReasonTooLarge || got.Rejects[0].Column != "" {
		t.Error(got, err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	doc := sheetOf(`<row><c t="str"><v>a</v></c></row><row><c><v>1</v></c></row><row><c><v>2</v></c></row>`)
	batches := 0
	for b, err := range Read(ctx, input(doc), Options{TempDir: t.TempDir()}, format.Batching{Rows: 1}, "") {
		if err != nil {
			if !errors.Is(err, context.Canceled) || batches != 1 {
				t.Errorf("after %d batches: %v", batches, err)
			}
			continue
		}
		batches += int(b.Rows)
		cancel()
	}
}

// sound are small workbooks.
func sound(t testing.TB) [][]byte {
	return [][]byte{
		sheetOf(`<row r="1"><c r="A1" t="s"><v>0</v></c><c t="inlineStr"><is><t>b</t></is></c></row><row><c s="1"><v>46266.5</v></c><c t="e"><v>#N/A</v></c><c><v>1</v></c></row>`,
			"xl/strings.xml", "<sst><si><t>a</t></si></sst>", "xl/styles.xml", `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>`),
		workbook(t, func(f *excelize.File) error {
			return errors.Join(f.SetSheetRow("Sheet1", "A1", &[]any{"a", "b"}), f.SetSheetRow("Sheet1", "A2", &[]any{1, "x"}))
		}),
	}
}

// survive reads what may be damaged: rows, or an error of the content.
func survive(t testing.TB, dir string, doc []byte) {
	o := Options{MaxUnpacked: 1 << 20, MaxStrings: 1 << 18, MaxRecord: 1 << 16, TempDir: dir}
	for _, err := range Read(context.Background(), input(doc), o, format.Batching{Rows: 10}, "") {
		if err != nil && (!errors.Is(err, exporter.ErrContent) || strings.Contains(err.Error(), "nobody foresaw")) {
			t.Fatalf("got %v", err)
		}
	}
}

func TestDamaged(t *testing.T) {
	r, dir := rand.New(rand.NewPCG(5, 6)), t.TempDir()
	for _, doc := range sound(t) {
		for n := 0; n < len(doc); n += 1 + n/9 {
			survive(t, dir, doc[:n])
		}
		for range 200 {
			bad := append([]byte(nil), doc...)
			for range 1 + r.IntN(3) {
				bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
			}
			survive(t, dir, bad)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, doc := range sound(f) {
		f.Add(doc)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, doc []byte) { survive(t, dir, doc) })
}

// FuzzSheet is of the parts within, which damage to the archive would hide.
func FuzzSheet(f *testing.F) {
	f.Add(`<row r="1"><c r="A1" t="s"><v>0</v></c><c t="inlineStr"><is><t>b</t></is></c></row><row><c s="1"><v>46266.5</v></c><c t="e"><v>#N/A</v></c><c><v>1</v></c></row>`,
		`<sst><si><t>a_x0041_</t></si><si><r><t>b</t></r></si></sst>`, `yyyy-mm-dd hh:mm`)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, rows, strings, code string) {
		survive(t, dir, sheetOf(rows, "xl/strings.xml", strings, "xl/styles.xml", `<styleSheet><numFmt numFmtId="164" formatCode="`+code+`"/><cellXfs><xf/><xf numFmtId="164"/></cellXfs></styleSheet>`))
	})
}

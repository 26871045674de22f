package xlsx

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"tapline/exporter"
	"tapline/exporter/format"
)

// stream is content in memory.
type stream struct{ *bytes.Reader }

func (stream) Close() error                    { return nil }
func (stream) Place(offset int64) format.Place { return format.Place{Offset: offset} }

func input(b []byte) format.Input {
	return format.Input{Name: "a.xlsx", Size: int64(len(b)), Open: func(context.Context, format.Place) (format.Stream, error) {
		return stream{bytes.NewReader(b)}, nil
	}}
}

// A table is what was read, by canonical text: the rows, and the kinds of the
// columns.
type table struct {
	Names   []string
	Kinds   []string
	Rows    [][]string
	Rejects []exporter.Reject
	Cursors []exporter.Cursor
}

func readAll(t testing.TB, b []byte, o Options, bt format.Batching, after exporter.Cursor) (*table, error) {
	t.Helper()
	if o.TempDir == "" {
		o.TempDir = t.TempDir()
	}
	checked := memory.NewCheckedAllocator(memory.DefaultAllocator)
	bt.Mem = checked
	defer checked.AssertSize(t, 0)
	out := &table{}
	var kinds []exporter.Kinds
	for batch, err := range Read(context.Background(), input(b), o, bt, after) {
		if err != nil {
			return out, err
		}
		for _, r := range batch.Rejects {
			r.Row += int64(len(out.Rows))
			out.Rejects = append(out.Rejects, r)
		}
		out.Cursors = append(out.Cursors, batch.Cursor)
		if batch.Record == nil {
			continue
		}
		out.Names, kinds = nil, append(kinds, make([]exporter.Kinds, max(len(batch.Kinds)-len(kinds), 0))...)
		for i := range batch.Record.Columns() {
			out.Names = append(out.Names, batch.Record.ColumnName(i))
			kinds[i] |= batch.Kinds[i]
		}
		for r := range int(batch.Record.NumRows()) {
			var row []string
			for _, col := range batch.Record.Columns() {
				row = append(row, show(col, r))
			}
			out.Rows = append(out.Rows, row)
		}
	}
	for _, k := range kinds {
		out.Kinds = append(out.Kinds, k.String())
	}
	return out, nil
}

const null = "<null>"

func show(col arrow.Array, r int) string {
	if col.IsNull(r) {
		return null
	}
	switch a := col.(type) {
	case *array.Boolean:
		return strconv.FormatBool(a.Value(r))
	case *array.Int64:
		return strconv.FormatInt(a.Value(r), 10)
	case *array.Float64:
		return string(exporter.AppendFloat(nil, a.Value(r)))
	case *array.Date32:
		return a.Value(r).ToTime().Format(time.DateOnly)
	case *array.Timestamp:
		return string(exporter.AppendTime(nil, int64(a.Value(r))))
	}
	return col.(*array.String).Value(r)
}

// workbook is what make makes of a new workbook with the sheet Sheet1.
func workbook(t testing.TB, fill func(f *excelize.File) error) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	if err := fill(f); err != nil {
		t.Fatal(err)
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// styled sets a cell and the code of its number format.
func styled(f *excelize.File, cell string, v any, code string) error {
	id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &code})
	return errors.Join(err, f.SetCellValue("Sheet1", cell, v), f.SetCellStyle("Sheet1", cell, cell, id))
}

func TestTypes(t *testing.T) {
	kolkata := time.FixedZone("", 5*3600+1800)
	doc := workbook(t, func(f *excelize.File) error {
		rich := []excelize.RichTextRun{{Text: "rich "}, {Text: "text", Font: &excelize.Font{Bold: true}}}
		return errors.Join(
			f.SetSheetRow("Sheet1", "A1", &[]any{"int", "float", "bool", "text", "date", "time", "clock", "span", "formula", "mixed"}),
			f.SetSheetRow("Sheet1", "A2", &[]any{7, 0.1, true, "é <&>"}),
			f.SetSheetRow("Sheet1", "A3", &[]any{int64(9007199254740993), math.Nextafter(0.3, 1), false, "  a  ", nil, nil, nil, nil, nil, "x"}),
			f.SetSheetRow("Sheet1", "A4", &[]any{-1, 1e300, nil, "a\r\nb"}),
			f.SetCellRichText("Sheet1", "D5", rich),
			styled(f, "E2", 46266, "yyyy-mm-dd"), styled(f, "E3", 1, "d/m/yy"), styled(f, "E4", 61, `[$-409]d\-mmm`), styled(f, "E5", 2958465, "yyyy"),
			styled(f, "F2", 46266.5, "yyyy-mm-dd hh:mm"), styled(f, "F3", 46266, "yyyy-mm-dd hh:mm"), styled(f, "F4", 46266.123456789, "m/d/yy h:mm:ss.000"),
			styled(f, "G2", 0.75, "hh:mm"), styled(f, "G3", 0.0000116, "h:mm:ss.000"), styled(f, "G4", 0, "h:mm AM/PM"),
			styled(f, "H2", 1.25, "[h]:mm"), styled(f, "H3", 0.5, "[mm]:ss"),
			f.SetCellFormula("Sheet1", "I2", "1+1"), f.SetCellValue("Sheet1", "J2", 1.5), styled(f, "J4", 3, "0.00E+00"),
			f.MergeCell("Sheet1", "A5", "C5"), f.SetCellValue("Sheet1", "A5", 5),
		)
	})
	got, err := readAll(t, doc, Options{}, format.Batching{Zone: kolkata}, "")
	if err != nil {
		t.Fatal(err)
	}
	want := &table{
		Names: []string{"int", "float", "bool", "text", "date", "time", "clock", "span", "formula", "mixed"},
		Kinds: []string{"int|long", "float", "bool", "text", "date", "time", "text", "text", "", "int|float|text"},
		Rows: [][]string{
			{"7", "0.1", "true", "é <&>", "2026-09-01", "2026-09-01T06:30:00Z", "18:00:00", "30:00:00", null, "1.5"},
			{"9007199254740993", "0.30000000000000004", "false", "  a  ", "1900-01-01", "2026-08-31T18:30:00Z", "00:00:01.002", "12:00:00", null, "x"},
			{"-1", "1e+300", null, "a\r\nb", "1900-03-01", "2026-08-31T21:27:46.667Z", "00:00:00", null, null, "3"},
			{"5", null, null, "rich text", "9999-12-31", null, null, null, null, null},
		},
		Cursors: []exporter.Cursor{"5"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFormulas(t *testing.T) {
	doc := sheetOf(`<row r="1"><c r="A1" t="str"><v>a</v></c><c r="B1" t="inlineStr"><is><t>b</t><rPh><t>hint</t></rPh><r><t> c</t></r></is></c></row>
		<row r="2"><c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>A1</f><v>_x0041__x000A_</v></c></row>
		<row r="3"><c r="A3" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="B3" t="d"><v>2026-09-01T10:00:00.5</v></c><c r="D3"><v>12</v></c></row>
		<row r="4"/><row r="5"><c r="A5" s="1"/></row>
		<row><c><v>123456789012345678.25</v></c><c t="d"><v>2026-09-01</v></c></row>
		<row><c t="n"><v>1e999</v></c><c t="b"><v>maybe</v></c></row><row><c><v>nan</v></c><c t="str"><v>_x0000_</v></c></row>`)
	got, err := readAll(t, doc, Options{}, format.Batching{}, "")
	if err != nil {
		t.Fatal(err)
	}
	want := &table{
		Names: []string{"a", "b c"},
		Kinds: []string{"int|text", "date|time|text"},
		Rows:  [][]string{{"2", "A\n"}, {null, "2026-09-01T10:00:00.5Z"}, {"123456789012345678.25", "2026-09-01"}, {null, null}, {null, null}},
		Rejects: []exporter.Reject{
			{Row: 1, Column: "a", Reason: ReasonError, Place: `a.xlsx, sheet "Data", cell A3`, Raw: "#DIV/0!"},
			{Row: 1, Column: "column4", Reason: ReasonNoHeader, Place: `a.xlsx, sheet "Data", cell D3`, Raw: "12"},
			{Row: 3, Column: "a", Reason: ReasonNotFinite, Place: `a.xlsx, sheet "Data", cell A7`, Raw: "1e999"},
			{Row: 3, Column: "b c", Reason: ReasonType, Place: `a.xlsx, sheet "Data", cell B7`, Raw: "maybe"},
			{Row: 4, Column: "a", Reason: ReasonType, Place: `a.xlsx, sheet "Data", cell A8`, Raw: "nan"},
			{Row: 4, Column: "b c", Reason: ReasonNUL, Place: `a.xlsx, sheet "Data", cell B8`, Raw: `\x00`},
		},
		Cursors: []exporter.Cursor{"8"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCalendarOf1904(t *testing.T) {
	doc := workbook(t, func(f *excelize.File) error {
		yes := true
		return errors.Join(f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes}), f.SetCellValue("Sheet1", "A1", "d"),
			styled(f, "A2", 0, "yyyy-mm-dd"), styled(f, "A3", 44804, "yyyy-mm-dd"), styled(f, "A4", 60, "yyyy-mm-dd"))
	})
	got, err := readAll(t, doc, Options{}, format.Batching{}, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"1904-01-01"}, {"2026-09-01"}, {"1904-03-01"}}, got.Rows); diff != "" {
		t.Error(diff)
	}
}

func TestDaysThatAreNone(t *testing.T) {
	doc := workbook(t, func(f *excelize.File) error {
		return errors.Join(f.SetCellValue("Sheet1", "A1", "d"), styled(f, "A2", 60, "yyyy-mm-dd"), styled(f, "A3", -1, "yyyy-mm-dd"),
			styled(f, "A4", 0, "yyyy-mm-dd"), styled(f, "A5", 2958466, "yyyy-mm-dd"), styled(f, "A6", 59, "yyyy-mm-dd"))
	})
	got, err := readAll(t, doc, Options{}, format.Batching{}, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{null}, {null}, {null}, {null}, {"1900-02-28"}}, got.Rows); diff != "" || len(got.Rejects) != 4 {
		t.Error(diff, got.Rejects)
	}
}

func TestFormats(t *testing.T) {
	for code, want := range map[string]numFormat{
		"General": plainNumber, "0.00": plainNumber, `#,##0 "days"`: plainNumber, `0 \d`: plainNumber, "[Red]0": plainNumber, "0.00E+00": plainNumber,
		"@": plainNumber, `_(* #,##0_);_(* "d"`: plainNumber, "": plainNumber, `"open`: plainNumber, "[open": plainNumber, `\`: plainNumber, "0;yyyy": plainNumber,
		"yyyy-mm-dd": showsDate, "mmm": showsDate, "[$-409]mmmm d, yyyy;@": showsDate, "DD.MM.YY": showsDate, `yyyy"年"m"月"`: showsDate, "[$-404]e/m/d": showsDate,
		"hh:mm": showsTime, "h AM/PM": showsTime, "mm:ss.0": showsTime, "[Blue]h:mm A/P": showsTime,
		"d/m/yy h:mm": showsDateTime, "yyyy-mm-ddThh:mm:ss": showsDateTime, "[h]:mm": showsElapsed, "[mm]:ss": showsElapsed, "[SS]": showsElapsed,
	} {
		if got := parseFormat(code); got != want {
			t.Errorf("%q shows %d, want %d", code, got, want)
		}
	}
}

func TestHeader(t *testing.T) {
	doc := workbook(t, func(f *excelize.File) error {
		return errors.Join(f.SetCellValue("Sheet1", "B2", "a report"), f.SetSheetRow("Sheet1", "A4", &[]any{"id", nil, 2026, " "}),
			f.SetSheetRow("Sheet1", "A5", &[]any{1, 2, 3, 4}))
	})
	t.Run("row", func(t *testing.T) {
		got, err := readAll(t, doc, Options{HeaderRow: 4}, format.Batching{}, "")
		if err != nil {
			t.Fatal(err)
		}
		want := &table{Names: []string{"id", "column2", "2026", "column4"}, Kinds: []string{"int", "int", "int", "int"}, Rows: [][]string{{"1", "2", "3", "4"}}, Cursors: []exporter.Cursor{"5"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("first", func(t *testing.T) {
		got, err := readAll(t, doc, Options{}, format.Batching{}, "")
		if diff := cmp.Diff([]string{"column1", "a report"}, got.Names); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
	t.Run("none", func(t *testing.T) {
		for _, o := range []Options{{HeaderRow: 3}, {HeaderRow: 9}} {
			_, err := readAll(t, doc, o, format.Batching{}, "")
			if want := o.HeaderRow == 3; want != errors.Is(err, exporter.ErrContent) {
				t.Error(o, err)
			}
		}
	})
	t.Run("twice", func(t *testing.T) {
		doc := workbook(t, func(f *excelize.File) error { return f.SetSheetRow("Sheet1", "A1", &[]any{"id", "x", "id"}) })
		_, err := readAll(t, doc, Options{}, format.Batching{}, "")
		if !errors.Is(err, exporter.ErrContent) || !strings.Contains(err.Error(), `"id", in A1 and C1`) {
			t.Error(err)
		}
	})
}

func TestSheets(t *testing.T) {
	doc := workbook(t, func(f *excelize.File) error {
		_, err1 := f.NewSheet("Data")
		_, err2 := f.NewSheet("Empty")
		f.SetActiveSheet(1)
		return errors.Join(err1, err2, f.SetCellValue("Sheet1", "A1", "hidden"), f.SetCellValue("Sheet1", "A2", 1),
			f.SetCellValue("Data", "A1", "seen"), f.SetCellValue("Data", "A2", 2), f.SetSheetVisible("Sheet1", false))
	})
	for _, c := range []struct{ sheet, want string }{{"", "seen"}, {"Data", "seen"}, {"Sheet1", "hidden"}} {
		got, err := readAll(t, doc, Options{Sheet: c.sheet}, format.Batching{}, "")
		if diff := cmp.Diff([]string{c.want}, got.Names); err != nil || diff != "" {
			t.Error(c.sheet, err, diff)
		}
	}
	if got, err := readAll(t, doc, Options{Sheet: "Empty"}, format.Batching{}, ""); err != nil || got.Cursors != nil {
		t.Error(got, err)
	}
	_, err := readAll(t, doc, Options{Sheet: "data"}, format.Batching{}, "")
	if !errors.Is(err, exporter.ErrContent) || !strings.Contains(err.Error(), `["Sheet1" "Data" "Empty"]`) {
		t.Error(err)
	}
}

func TestResume(t *testing.T) {
	doc := workbook(t, func(f *excelize.File) error {
		w, err := f.NewStreamWriter("Sheet1")
		if err != nil {
			return err
		}
		for i := range 1000 {
			row := []any{"id", "text"}
			if i > 0 {
				row = []any{i, "text " + strconv.Itoa(i)}
			}
			cell, _ := excelize.CoordinatesToCellName(1, 2*i+1)
			if err := w.SetRow(cell, row); err != nil {
				return err
			}
		}
		return w.Flush()
	})
	all, err := readAll(t, doc, Options{}, format.Batching{Rows: 100}, "")
	if err != nil || len(all.Rows) != 999 || len(all.Cursors) != 10 {
		t.Fatal(err, len(all.Rows), all.Cursors)
	}
	for i, cursor := range all.Cursors {
		rest, err := readAll(t, doc, Options{}, format.Batching{}, cursor)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(all.Rows[min(100*(i+1), 999):], rest.Rows, cmp.Transformer("len", func(r [][]string) int { return len(r) })); diff != "" {
			t.Errorf("after %s: %s", cursor, diff)
		}
	}
	for _, cursor := range []exporter.Cursor{"x", "0", "-1", "1048577"} {
		if _, err := readAll(t, doc, Options{}, format.Batching{}, cursor); !errors.Is(err, exporter.ErrCursorExpired) {
			t.Errorf("after %s: %v", cursor, err)
		}
	}
	few, err := readAll(t, doc, Options{}, format.Batching{Bytes: 2000}, "")
	if diff := cmp.Diff(all.Rows, few.Rows); err != nil || diff != "" || len(few.Cursors) < 5 {
		t.Error(err, diff, few.Cursors)
	}
}

package json

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/format"
)

// decode reads the records of doc with testNode.
func decode(t *testing.T, doc string) result {
	t.Helper()
	b := format.NewBuilder(format.NewPool(0))
	d := newTestDecoder(b)
	if err := d.Records(NewScanner([]byte(doc)), func(i int) string { return fmt.Sprint("page 3, record ", i+1) }); err != nil {
		t.Fatal(err)
	}
	return flush(t, b)
}

func TestRecords(t *testing.T) {
	for _, tt := range []struct {
		name, doc string
		want      []column
	}{
		{"Leaves", `[{"a":"x","b":true,"c":12,"d":0.5,"e":null,"f":[1, "2"],"g":{"h": 1}}]`, []column{
			{"a", "text", []string{"x"}}, {"b", "bool", []string{"true"}}, {"c", "int", []string{"12"}}, {"d", "float", []string{"0.5"}},
			{"f", "text", []string{`[1, "2"]`}}, {"g", "text", []string{`{"h": 1}`}},
		}},
		{"Objects", `[{"p":{"id":7,"x":1,"skip":{"y":2},"data":{"z":3,"deep":{"w":4}}},"o":{"y":{"z":5}}}]`, []column{
			{"o.y.z", "int", []string{"5"}}, {"p.deep", "text", []string{`{"w":4}`}}, {"p.x", "int", []string{"1"}}, {"p.z", "int", []string{"3"}}, {"the id", "int", []string{"7"}},
		}},
		{"NoObjects", `[{"p":1,"o":[2],"own":"3"},{"p":{"data":4}},{"p":null,"o":{"y":true}}]`, []column{
			{"mine", "text", []string{"3", "<null>", "<null>"}}, {"o", "text", []string{"[2]", "<null>", "<null>"}},
			{"o.y", "bool", []string{"<null>", "<null>", "true"}}, {"p", "int", []string{"1", "4", "<null>"}},
		}},
		{"Dates", `[{"d":"$D_1500000000","p":{"when":"$D_1"}},{"d":"$D_-62135596800"},{"d":"$D_253402300799"}]`, []column{
			{"d", "time", []string{"2017-07-14T02:40:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}}, {"p.when", "text", []string{"$D_1", "<null>", "<null>"}},
		}},
		{"NoDates", `[{"d":"$D_"},{"d":"$D_1.5"},{"d":"$D_253402300800"},{"d":"$D_-"},{"d":"$d_1"}]`, []column{
			{"d", "text", []string{"$D_", "$D_1.5", "$D_253402300800", "$D_-", "$d_1"}},
		}},
		{"Converted", `[{"ts":20260929043022},{"ts":"\u0041"},{"ts":[1]},{"ts":null}]`, []column{
			{"ts", "text", []string{"a number 20260929043022", "a string A", "a list [1]", "<null>"}}, {"ts2", "text", []string{"also", "also", "also", "<null>"}},
		}},
		{"Empty", `[]`, nil},
		{"White", "[ {\n \"a\" : 1 ,\t\"p\" : { \"id\" : 2 } } , { } ]", []column{{"a", "int", []string{"1", "<null>"}}, {"the id", "int", []string{"2", "<null>"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := decode(t, tt.doc)
			if diff := cmp.Diff(tt.want, got.columns); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(got.rejects) > 0 {
				t.Errorf("rejects: %v", got.rejects)
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	for _, tt := range []struct{ number, kind, text string }{
		{"0", "int", "0"}, {"-0", "int", "0"}, {"-0.0", "float", "-0"}, {"1.0", "float", "1"}, {"1e2", "float", "100"}, {"12.50", "float", "12.5"},
		{"9007199254740992", "int", "9007199254740992"}, {"9007199254740993", "long", "9007199254740993"},
		{"9223372036854775807", "long", "9223372036854775807"}, {"-9223372036854775808", "long", "-9223372036854775808"},
		{"9223372036854775808", "text", "9223372036854775808"}, {"-9223372036854775809", "text", "-9223372036854775809"},
		{"18446744073709551616", "text", "18446744073709551616"}, {"1000000000000000000000", "text", "1000000000000000000000"},
		{"1234567890123456789012345678901234567890", "text", "1234567890123456789012345678901234567890"},
		{"0.1", "float", "0.1"}, {"0.30000000000000004", "float", "0.30000000000000004"}, {"0.1234567890123456789", "text", "0.1234567890123456789"},
		{"9007199254740993.0", "text", "9007199254740993.0"}, {"123456789.1234567", "float", "1.234567891234567e+08"}, {"123456789.123456789", "text", "123456789.123456789"},
		{"1e22", "float", "1e+22"}, {"1e23", "float", "1e+23"}, {"1e308", "float", "1e+308"}, {"1e400", "text", "1e400"}, {"-1E400", "text", "-1E400"},
		{"1e-400", "text", "1e-400"}, {"0e-400", "float", "0"}, {"5e-324", "float", "5e-324"}, {"4.9e-324", "text", "4.9e-324"}, {"1e-320", "float", "1e-320"}, {"1.2345e-320", "text", "1.2345e-320"},
		{"1.7976931348623157e308", "float", "1.7976931348623157e+308"}, {"0.000000000000000000000000000001", "float", "1e-30"},
		{"1" + strings.Repeat("0", 30) + ".0", "float", "1e+30"}, {"1e99999999999999999999", "text", "1e99999999999999999999"},
	} {
		got := decode(t, `[{"n":`+tt.number+`}]`)
		want := []column{{"n", tt.kind, []string{tt.text}}}
		if diff := cmp.Diff(want, got.columns); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.number, diff)
		}
	}
}

func TestRejects(t *testing.T) {
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	large := `{"a":"` + strings.Repeat("x", testMaxRecord) + `"}`
	for _, tt := range []struct {
		name, record string
		want         exporter.Reject
	}{
		{"List", `[1]`, exporter.Reject{Reason: "json.not_object"}},
		{"Null", `null`, exporter.Reject{Reason: "json.not_object"}},
		{"DuplicateKey", `{"a":1,"b":{},"a":1}`, exporter.Reject{Reason: "json.duplicate_key"}},
		{"DuplicateKeyEscaped", `{"a":1,"\u0061":1}`, exporter.Reject{Reason: "json.duplicate_key"}},
		{"DuplicateKeyBelow", `{"a":[{"x":1,"x":2}]}`, exporter.Reject{Reason: "json.duplicate_key"}},
		{"DuplicateKeySkipped", `{"skip":{"x":1,"x":2}}`, exporter.Reject{Reason: "json.duplicate_key"}},
		{"DuplicateObject", `{"p":{"id":1},"p":{"x":1}}`, exporter.Reject{Reason: "json.duplicate_key"}},
		{"BadKey", "{\"a\xff\":1}", exporter.Reject{Reason: "json.bad_key", Raw: `{"a\xff":1}`}},
		{"BadKeyBelow", `{"a":{"\ud800":1}}`, exporter.Reject{Reason: "json.bad_key"}},
		{"TooDeep", `{"a":` + deep + `}`, exporter.Reject{Reason: "json.too_deep"}},
		{"TooLarge", large, exporter.Reject{Reason: "record.too_large"}},
		{"Vetoed", `{"veto":1}`, exporter.Reject{Reason: "test.veto"}},

		{"InvalidUTF8", "{\"a\":\"x\xff\"}", exporter.Reject{Column: "a", Reason: "text.invalid_utf8", Raw: `"x\xff"`}},
		{"Surrogate", `{"p":{"id":"\ud800"}}`, exporter.Reject{Column: "the id", Reason: "text.invalid_utf8", Raw: `"\ud800"`}},
		{"NUL", `{"b":"\u0000"}`, exporter.Reject{Column: "b", Reason: "text.nul", Raw: `"\u0000"`}},
		{"NULBelow", `{"b":[1,"\u0000"]}`, exporter.Reject{Column: "b", Reason: "text.nul", Raw: `[1,"\u0000"]`}},
		{"Both", `{"b":["\u0000","\udfff"]}`, exporter.Reject{Column: "b", Reason: "text.invalid_utf8", Raw: `["\u0000","\udfff"]`}},
		{"DuplicateColumn", `{"a":1,"alias":[2]}`, exporter.Reject{Column: "a", Reason: "json.duplicate_column", Raw: `[2]`}},
		{"Unconvertible", `{"ts":"bad thing"}`, exporter.Reject{Column: "ts", Reason: "test.bad", Raw: `"bad thing"`}},
		{"UnfitToConvert", `{"ts":"\u0000"}`, exporter.Reject{Column: "ts", Reason: "text.nul", Raw: `"\u0000"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := decode(t, `[{"a":"before"},`+tt.record+`,{"a":"after"}]`)
			want := tt.want
			want.Row, want.Place = 1, "page 3, record 2"
			if want.Raw == "" {
				want.Raw = tt.record
			}
			if diff := cmp.Diff([]exporter.Reject{want}, got.rejects); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			rows := 3
			if want.Column == "" {
				rows = 2
			}
			if got.rows != 3 || len(got.columns[0].Cells) != rows {
				t.Errorf("read %d rows, got %+v", got.rows, got.columns)
			}
		})
	}
}

func TestNothingIsRejectedTwice(t *testing.T) {
	got := decode(t, `[{"skip":"\u0000","a":null,"alias":1},{"skip":["\ud800"],"a":2,"alias":null}]`)
	if len(got.rejects) > 0 {
		t.Errorf("rejects: %v", got.rejects)
	}
	if diff := cmp.Diff([]column{{"a", "int", []string{"1", "2"}}}, got.columns); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRecord(t *testing.T) {
	b := format.NewBuilder(format.NewPool(0))
	d := newTestDecoder(b)
	for _, raw := range []string{` {"a":1} `, `{"a":`, `{"a":1} x`, ``, `{"a\xff":1}`, `7`, `{"a":2}`} {
		if err := d.Record([]byte(raw), "quarantine"); err != nil {
			t.Fatal(err)
		}
	}
	got := flush(t, b)
	if diff := cmp.Diff([]column{{"a", "int", []string{"1", "2"}}}, got.columns); diff != "" || got.rows != 7 {
		t.Errorf("%d rows (-want +got):\n%s", got.rows, diff)
	}
	syntax := func(row int64, raw string) exporter.Reject {
		return exporter.Reject{Row: row, Reason: "json.syntax", Place: "quarantine", Raw: raw}
	}
	want := []exporter.Reject{
		syntax(1, `{"a":`), syntax(2, `{"a":1} x`), syntax(3, ``), syntax(4, `{"a\xff":1}`),
		{Row: 5, Reason: "json.not_object", Place: "quarantine", Raw: `7`},
	}
	if diff := cmp.Diff(want, got.rejects); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRecordsErrors(t *testing.T) {
	b := format.NewBuilder(format.NewPool(0))
	d := newTestDecoder(b)
	for _, doc := range []string{`[{"a":1},{"a":2`, `[{"a":1} {"a":2}]`, `[{"a":1},]`, `[{"a":1},{"b":tru}]`, `[{"a":1},{"b":{"c":}}]`} {
		s := NewScanner([]byte(doc))
		mark := b.Mark()
		var syntax *SyntaxError
		if err := d.Records(s, nil); !errors.As(err, &syntax) || s.Skip() == nil {
			t.Errorf("%s: got %v", doc, err)
		}
		b.Rollback(mark)
	}
	var kind *KindError
	if err := d.Records(NewScanner([]byte(`{"error":"x"}`)), nil); !errors.As(err, &kind) || kind.Got != Object {
		t.Errorf("an object for a list: %v", err)
	}
	if got := flush(t, b); got.rows != 0 || got.columns != nil {
		t.Errorf("after rolling back: %+v", got)
	}
}

// A page after the first costs no allocation per record.
func TestDecoderAllocs(t *testing.T) {
	b := format.NewBuilder(format.NewPool(0))
	d := NewDecoder(b, eventNode(), Options{})
	doc := page(1, 1000)
	read := func() {
		if err := readPage(d, doc); err != nil {
			t.Fatal(err)
		}
		recycle(b)
	}
	read()
	// A batch costs some objects for each of its 27 columns, a page a few.
	if n := testing.AllocsPerRun(5, read); n > 400 {
		t.Errorf("%v allocations for a page of 1,000 records", n)
	}
}

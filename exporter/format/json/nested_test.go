package json

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/format"
)

// nestedDecoder makes a row of each thing of a person, with the person's id, the
// least of its tags and the thing's key, of what there is.
func nestedDecoder(b *format.Builder) *Decoder {
	var id, tag, least, key []byte
	shared := map[*format.Column]*[]byte{
		b.Column("owner"): &id, b.Column("tag"): &tag, b.Column("least"): &least, b.Column("key"): &key,
	}
	keep := func(to *[]byte) func(Kind, []byte) string {
		return func(k Kind, text []byte) string {
			if k == Bool {
				return "test.bad"
			}
			*to = append((*to)[:0], text...)
			return ""
		}
	}
	lesser := func(key string, of *[]byte) Node {
		return Node{Each: true, Only: true, Fields: []Field{{key, Node{Convert: func(_ Kind, text []byte) string {
			if len(*of) == 0 || string(text) < string(*of) {
				*of = append((*of)[:0], text...)
			}
			return ""
		}}}}}
	}
	root := Node{Fields: []Field{
		{"id", Node{Convert: keep(&id)}}, {"tags", lesser("t", &tag)}, {"things", lesser("least", &least)},
	}}
	return NewDecoder(b, root, Options{MaxRecord: testMaxRecord,
		Nested: &Nested{
			Key: "things", Row: Node{Rest: "thing.", Fields: []Field{{"n", Node{}}, {"when", Node{Dates: true}}}},
			Named: func(k []byte) { key = append(key[:0], k...) },
		},
		Row: func() string {
			for c, v := range shared {
				if len(*v) > 0 {
					c.Text(*v)
				}
			}
			return ""
		},
		Begin: func() {
			for _, v := range shared {
				*v = (*v)[:0]
			}
		}})
}

func TestNested(t *testing.T) {
	b := format.NewBuilder(format.NewPool(0))
	for _, tt := range []struct {
		name, record string
		want         []column
	}{
		{"List", `{"id":"p","things":[{"n":1,"x":true},{"n":2}]}`, []column{
			{"n", "int", []string{"1", "2"}}, {"owner", "text", []string{"p", "p"}}, {"thing.x", "bool", []string{"true", "<null>"}},
		}},
		{"Object", `{"things":{"a":{"n":1},"\u0062":{"n":2}},"id":7,"other":{"deep":[1]}}`, []column{
			{"key", "text", []string{"a", "b"}}, {"n", "int", []string{"1", "2"}}, {"owner", "text", []string{"7", "7"}},
		}},
		{"Under", `{"id":"p","things":[{"n":1},{"least":"c"},{"least":"b","n":2}]}`, []column{
			{"least", "text", []string{"b", "b", "b"}}, {"n", "int", []string{"1", "<null>", "2"}}, {"owner", "text", []string{"p", "p", "p"}},
			{"thing.least", "text", []string{"<null>", "c", "b"}},
		}},
		{"Each", `{"tags":[{"t":"c","x":1},5,{"t":"b"},null,{},{"y":{"t":"a"}}],"things":[{}]}`, []column{{"tag", "text", []string{"b"}}}},
		{"EachAlone", `{"tags":{"t":"c"},"things":[{}]}`, []column{{"tag", "text", []string{"c"}}}},
		{"EachIsText", `{"tags":"c","things":[{}]}`, nil},
		{"Nulls", `{"id":"p","things":[null,{"n":1},null]}`, []column{{"n", "int", []string{"1"}}, {"owner", "text", []string{"p"}}}},
		{"NullBlock", `{"id":"p","things":null}`, nil},
		{"NoBlock", `{"id":"p"}`, nil},
		{"EmptyList", `{"things": [ ] }`, nil},
		{"EmptyObject", `{"things": { } }`, nil},
		{"White", "{ \"things\" : [ { \"n\" : 1 } , { \"n\" : 2 } ] }", []column{{"n", "int", []string{"1", "2"}}}},
		{"Dates", `{"things":[{"when":"$D_1"}]}`, []column{{"when", "time", []string{"1970-01-01T00:00:01Z"}}}},
		{"HarmlessAround", `{"x":"\ud800","things":[{"n":1}]}`, []column{{"n", "int", []string{"1"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := nestedDecoder(b)
			if err := d.Records(NewScanner([]byte("["+tt.record+"]")), nil); err != nil {
				t.Fatal(err)
			}
			got := flush(t, b)
			if diff := cmp.Diff(tt.want, got.columns); diff != "" || len(got.rejects) > 0 {
				t.Errorf("rejects %v (-want +got):\n%s", got.rejects, diff)
			}
		})
	}
}

// A row that is rejected costs its record no other; a record that is, is one.
func TestNestedRejects(t *testing.T) {
	for _, tt := range []struct {
		name, record string
		rows         int // of the record, the rejected included
		want         exporter.Reject
	}{
		{"NotObject", `{"id":"p","things":[{"n":1},5,{"n":2}]}`, 3, exporter.Reject{Row: 2, Reason: "json.not_object", Place: "record 2, things 2", Raw: "5"}},
		{"Cell", `{"things":{"a":{"n":"\u0000"},"b":{"n":2}}}`, 2, exporter.Reject{Row: 1, Column: "n", Reason: "text.nul", Place: "record 2, things 1", Raw: `"\u0000"`}},
		{"DuplicateInside", `{"things":[{"n":1},{"n":1,"n":2}]}`, 1, exporter.Reject{Reason: "json.duplicate_key"}},
		{"DuplicateName", `{"things":{"a":{},"a":{}}}`, 1, exporter.Reject{Reason: "json.duplicate_key"}},
		{"DuplicateBlock", `{"things":[{}],"things":[{}]}`, 1, exporter.Reject{Reason: "json.duplicate_key"}},
		{"BadName", `{"things":{"\ud800":{}}}`, 1, exporter.Reject{Reason: "json.bad_key"}},
		{"NoRows", `{"things":"none"}`, 1, exporter.Reject{Reason: "json.no_rows"}},
		{"AroundUnfit", `{"things":[{}],"id":"\u0000"}`, 1, exporter.Reject{Reason: "text.nul"}},
		{"AroundRefused", `{"things":[{}],"id":true}`, 1, exporter.Reject{Reason: "test.bad"}},
		{"EachDuplicate", `{"things":[{}],"tags":[{"t":"a","t":"b"}]}`, 1, exporter.Reject{Reason: "json.duplicate_key"}},
		{"EachTooDeep", `{"things":[{}],"tags":` + strings.Repeat("[", 110) + strings.Repeat("]", 110) + `}`, 1, exporter.Reject{Reason: "json.too_deep"}},
		{"TooLarge", `{"things":[{}],"x":"` + strings.Repeat("x", testMaxRecord) + `"}`, 1, exporter.Reject{Reason: "record.too_large"}},
		{"NoRecord", `[1]`, 1, exporter.Reject{Reason: "json.not_object"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := format.NewBuilder(format.NewPool(0))
			d := nestedDecoder(b)
			doc := `[{"id":"a","things":[{"n":8}]},` + tt.record + `,{"id":"z","things":{"k":{"n":9}}}]`
			if err := d.Records(NewScanner([]byte(doc)), func(i int) string { return fmt.Sprint("record ", i+1) }); err != nil {
				t.Fatal(err)
			}
			got := flush(t, b)
			want := tt.want
			if want.Raw == "" {
				want.Row, want.Place, want.Raw = 1, "record 2", tt.record
			}
			if diff := cmp.Diff([]exporter.Reject{want}, got.rejects); diff != "" || got.rows != int64(2+tt.rows) {
				t.Errorf("%d rows read (-want +got):\n%s", got.rows, diff)
			}
		})
	}
}

// A page that ends in the middle of a record can be rolled back, rows of an
// earlier batch or not.
func TestNestedDamage(t *testing.T) {
	b := format.NewBuilder(format.NewPool(0))
	d := nestedDecoder(b)
	read := func(doc string) error { return d.Records(NewScanner([]byte(doc)), nil) }
	if err := read(`[{"things":[{"n":1},{"n":2}]}]`); err != nil {
		t.Fatal(err)
	}
	if got := flush(t, b); got.rows != 2 {
		t.Fatalf("%d rows", got.rows)
	}
	for _, doc := range []string{`[{"things":[{"n":1},{"n":2}`, `[{"things":[{"n":1}]},{"things":[{"n":tru`, `[{"tags":[{"t":1}`, `[{"tags":[1 2]}]`} {
		mark := b.Mark()
		if err := read(doc); err == nil {
			t.Errorf("%s: read", doc)
		}
		b.Rollback(mark)
	}
	if err := d.Record([]byte(`{"id":"p","things":[{"n":3},{"n":4}]}`), "again"); err != nil {
		t.Fatal(err)
	}
	want := []column{{"n", "int", []string{"3", "4"}}, {"owner", "text", []string{"p", "p"}}}
	got := flush(t, b)
	if diff := cmp.Diff(want[0], got.columns[0]); diff != "" || got.rows != 2 {
		t.Errorf("%d rows (-want +got):\n%s", got.rows, diff)
	}
}

// FuzzNested: whatever a document is, its rows add up, and one that is damaged
// leaves nothing.
func FuzzNested(f *testing.F) {
	for _, doc := range []string{
		`[{"id":"p","tags":[{"t":"a"},[{"t":"b"}],1],"things":[{"n":1,"x":{"y":[]}},null,5,{"n":"$D_1"}]}]`,
		`[{"things":{"a":{"n":1},"a":{}},"id":true},{"things":7},{"things":{"\ud800":{}}},5,{"tags":"x"}]`,
		`[{"things":[{"n":1}`, `[{"things":{"a" 1}}]`, `[{"things":[1,]}]`,
	} {
		f.Add([]byte(doc))
	}
	b := format.NewBuilder(format.NewPool(0))
	f.Fuzz(func(t *testing.T, doc []byte) {
		d := nestedDecoder(b)
		mark := b.Mark()
		if err := d.Records(NewScanner(doc), func(int) string { return "here" }); err != nil {
			b.Rollback(mark)
		}
		got, whole := flush(t, b), 0
		for _, r := range got.rejects {
			if r.Column == "" {
				whole++
			}
		}
		rows := 0
		if len(got.columns) > 0 {
			rows = len(got.columns[0].Cells)
		}
		if int64(rows+whole) > got.rows || len(got.columns) > 0 && int64(rows+whole) != got.rows {
			t.Fatalf("%q: %d rows and %d rejected of %d", doc, rows, whole, got.rows)
		}
	})
}

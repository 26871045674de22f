package json

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/google/go-cmp/cmp"

	"tapline/exporter"
	"tapline/exporter/format"
)

const testMaxRecord = 300

// testNode has every sort of Node. Its Convert hook gives set the text of what
// it met, and refuses what begins with "bad".
func testNode(set func(column, text string) bool) Node {
	return Node{Dates: true, Fields: []Field{
		{"a", Node{}},
		{"alias", Node{Column: "a"}},
		{"p", Node{Rest: "p.", Fields: []Field{
			{"data", Node{Rest: "p.", Dates: true}},
			{"id", Node{Column: "the id"}},
			{"skip", Node{Skip: true}},
		}}},
		{"o", Node{Fields: []Field{{"x", Node{}}, {"y", Node{Fields: []Field{{"z", Node{}}}}}}}},
		{"own", Node{Column: "mine", Rest: "own."}},
		{"skip", Node{Skip: true, Fields: []Field{{"x", Node{}}}}},
		{`q"\`, Node{Column: "quoted"}},
		{"ts", Node{Column: "ts", Convert: func(kind Kind, text []byte) string {
			if strings.HasPrefix(string(text), "bad") {
				return "test.bad"
			}
			set("ts", kind.String()+" "+string(text))
			set("ts2", "also")
			return ""
		}}},
	}}
}

// newTestDecoder returns a Decoder of testNode that refuses rows whose column
// veto has a cell.
func newTestDecoder(b *format.Builder) *Decoder {
	veto := b.Column("veto")
	node := testNode(func(column, text string) bool { return b.Column(column).Text([]byte(text)) })
	return NewDecoder(b, node, Options{MaxRecord: testMaxRecord, Row: func() string {
		if veto.Filled() {
			return "test.veto"
		}
		return ""
	}})
}

// A column is what a batch shows of it, by canonical text.
type column struct {
	Name, Kinds string
	Cells       []string
}

func look(t testing.TB, b exporter.Batch) (out []column) {
	if b.Record == nil {
		return nil
	}
	for i, col := range b.Record.Columns() {
		c := column{Name: b.Record.ColumnName(i), Kinds: b.Kinds[i].String()}
		if !arrow.TypeEqual(col.DataType(), b.Kinds[i].Staged()) {
			t.Errorf("column %q is %v for %v", c.Name, col.DataType(), b.Kinds[i])
		}
		for r := range col.Len() {
			c.Cells = append(c.Cells, show(col, r))
		}
		out = append(out, c)
	}
	return out
}

func show(col arrow.Array, r int) string {
	if col.IsNull(r) {
		return "<null>"
	}
	switch a := col.(type) {
	case *array.Boolean:
		return strconv.FormatBool(a.Value(r))
	case *array.Int64:
		return strconv.FormatInt(a.Value(r), 10)
	case *array.Float64:
		return string(exporter.AppendFloat(nil, a.Value(r)))
	case *array.Timestamp:
		return string(exporter.AppendTime(nil, int64(a.Value(r))))
	}
	return col.(*array.String).Value(r)
}

// checkRecords decodes doc and compares with the reference. A decoder that has
// met other documents must give the same as a new one.
func checkRecords(t testing.TB, b *format.Builder, d *Decoder, doc []byte) {
	t.Helper()
	s := NewScanner(doc)
	mark := b.Mark()
	err := d.Records(s, func(i int) string { return fmt.Sprint("record ", i) })
	if err == nil {
		err = s.Done()
	}
	var (
		syntax *SyntaxError
		kind   *KindError
		list   []stdjson.RawMessage
	)
	switch valid := stdjson.Valid(doc); {
	case !valid && tooDeepForStd(doc):
		b.Rollback(mark)
	case !valid && errors.As(err, &kind): // told before the mistake is met
		b.Rollback(mark)
	case !valid:
		if !errors.As(err, &syntax) {
			t.Fatalf("%q: got %v, want a *SyntaxError", doc, err)
		}
		b.Rollback(mark)
	case stdjson.Unmarshal(doc, &list) != nil || strings.TrimSpace(string(doc)) == "null":
		if !errors.As(err, &kind) {
			t.Fatalf("%q: got %v, want a *KindError", doc, err)
		}
	case err != nil:
		t.Fatalf("%q: %v", doc, err)
	default:
		var want reference
		want.records(doc)
		compare(t, doc, &want, flush(t, b))

		for i, raw := range list {
			if err := d.Record(raw, fmt.Sprint("record ", i)); err != nil {
				t.Fatal(err)
			}
		}
		compare(t, doc, &want, flush(t, b))
		return
	}
	if got := flush(t, b); len(got.columns)+len(got.rejects) > 0 || got.rows != 0 {
		t.Fatalf("%q: after rolling back: %+v", doc, got)
	}
}

// tooDeepForStd reports whether encoding/json may refuse doc for its depth only.
func tooDeepForStd(doc []byte) bool {
	return strings.Count(string(doc), "[")+strings.Count(string(doc), "{") > 10000
}

type result struct {
	rows    int64
	columns []column
	rejects []exporter.Reject
}

func flush(t testing.TB, b *format.Builder) result {
	batch := b.Flush()
	r := result{batch.Rows, look(t, batch), batch.Rejects}
	if batch.Record != nil {
		batch.Record.Release()
	}
	return r
}

func compare(t testing.TB, doc []byte, want *reference, got result) {
	t.Helper()
	if diff := cmp.Diff(want.columns(), got.columns); diff != "" {
		t.Fatalf("%q (-want +got):\n%s", doc, diff)
	}
	if len(want.rejects) > 0 || len(got.rejects) > 0 {
		if diff := cmp.Diff(want.rejects, got.rejects); diff != "" {
			t.Fatalf("%q rejects (-want +got):\n%s", doc, diff)
		}
	}
	if want.read != got.rows {
		t.Fatalf("%q: read %d rows, want %d", doc, got.rows, want.read)
	}
}

package bucket

import (
	"bytes"
	"errors"
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
	"tapline/objstore"
)

// parquetContent is a file of the records, in JSON.
func parquetContent(t *testing.T, records string, fields ...arrow.Field) string {
	t.Helper()
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema(fields, nil), strings.NewReader(records))
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Release()
	var b bytes.Buffer
	w, err := pqarrow.NewFileWriter(rec.Schema(), struct{ io.Writer }{&b}, parquet.NewWriterProperties(), pqarrow.DefaultWriterProps())
	if err == nil {
		err = errors.Join(w.Write(rec), w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestLocateParquet: the columns are those of the footer, paired with what was
// loaded; with another number of rows, other fields or other names there are none.
func TestLocateParquet(t *testing.T) {
	s, store, sl := located(t, "1663664837-1663665000-Charged-20260901-0-db.parquet", Selection{FileColumns: []string{"event"}})
	null := func(name string, typ arrow.DataType) arrow.Field {
		return arrow.Field{Name: name, Type: typ, Nullable: true}
	}
	content := parquetContent(t, `[{"eventTime":1},{"eventTime":2}]`, null("eventName", arrow.BinaryTypes.String), null("eventTime", arrow.PrimitiveTypes.Int64),
		null("identity", arrow.MapOf(arrow.BinaryTypes.String, arrow.BinaryTypes.String)), null("a b", arrow.StructOf(null("x", &arrow.Decimal128Type{Precision: 9, Scale: 2}))))
	if _, err := store.Put(t.Context(), sl.Name, objstore.Precondition{}, func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	slices, err := s.Slices(t.Context(), sl.Stream, exporter.Window{})
	if err != nil {
		t.Fatal(err)
	}
	at, err := s.Locate(t.Context(), slices[0])
	if err != nil || at.Format != "parquet" || !at.Open(nil) {
		t.Fatal(at, err)
	}
	found := exporter.Found{Records: 2, Keys: [][]string{
		{"eventName"}, {"eventTime"}, {"identity", "key_value", "key"}, {"identity", "key_value", "value"}, {"a_b", "x"},
		{"identity", "key_value", "key", "identity"}, {"identity", "key_value", "key", "clevertapId"},
	}}
	columns, err := at.Columns(t.Context(), found)
	if err != nil {
		t.Fatal(err)
	}
	want := []exporter.LocatedColumn{
		{Name: "eventName", As: "parquet string", Kinds: exporter.Text},
		{Name: "ts", Field: 1, As: "parquet int compact", Kinds: exporter.Time}, {Name: "event_date", Field: 1, As: "parquet int compact_day", Kinds: exporter.Date},
		{Name: "profile.identity", Field: 5, As: "parquet map(string,string)", Kinds: exporter.Text}, {Name: "profile.objectId", Field: 6, As: "parquet map(string,string)", Kinds: exporter.Text},
		{Name: "a b.x", Field: 4, As: "parquet decimal:2", Kinds: exporter.Float},
		{Name: "file.event", As: exporter.ReadText, Kinds: exporter.Text, Value: &exporter.Constant{Text: "Charged"}},
	}
	if diff := cmp.Diff(want, columns); diff != "" {
		t.Error(diff)
	}
	for name, change := range map[string]func(f *exporter.Found){
		"3 were loaded":          func(f *exporter.Found) { f.Records = 3 },
		"0 were loaded":          func(f *exporter.Found) { f.Records = 0 },
		"5 fields, and 4":        func(f *exporter.Found) { f.Keys = f.Keys[:4] },
		"was loaded as":          func(f *exporter.Found) { f.Keys[0], f.Keys[1] = f.Keys[1], f.Keys[0] },
		`two columns "identity.`: func(f *exporter.Found) { f.Keys[6] = f.Keys[5] },
	} {
		other := found
		other.Keys = append([][]string{}, found.Keys...)
		change(&other)
		if _, err := at.Columns(t.Context(), other); !errors.Is(err, exporter.ErrContent) || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %s", err, name)
		}
	}
	put(t, store, sl.Name)
	if _, err := at.Columns(t.Context(), found); !errors.Is(err, exporter.ErrReplaced) {
		t.Errorf("after it was written anew: %v, want ErrReplaced", err)
	}
}

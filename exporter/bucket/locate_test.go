package bucket

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"tapline/exporter"
	"tapline/exporter/format/csv"
	"tapline/objstore"
	"tapline/objstore/gcstest"
)

// located is a bucket at gs:// with an object.
func located(t *testing.T, name string, sel Selection) (*Source, objstore.Store, exporter.Slice) {
	t.Helper()
	server := gcstest.NewServer(t, gcstest.Options{}, "acme")
	cfg := Config{URL: "gs://acme/drop", Endpoint: server.URL, Timezone: "Asia/Kolkata"}
	store, err := objstore.Open(t.Context(), cfg.Objects())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	put(t, store, name)
	none := time.Duration(0)
	sel.Files, sel.Settle = "**", &none
	s, err := New(cfg, []Selection{sel}, Options{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	streams, err := s.Streams(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices, err := s.Slices(t.Context(), streams[0], exporter.Window{})
	if err != nil || len(slices) != 1 {
		t.Fatalf("%d slices, %v", len(slices), err)
	}
	return s, store, slices[0]
}

// put writes an object anew.
func put(t *testing.T, s objstore.Store, name string) {
	t.Helper()
	_, err := s.Put(t.Context(), name, objstore.Precondition{}, func(w io.Writer) error {
		_, err := io.WriteString(w, "content")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLocate(t *testing.T) {
	s, store, sl := located(t, "a b.csv.gz", Selection{FileColumns: []string{"name"}, Formats: Formats{CSV: csv.Options{Text: []string{"code"}}}})
	at, err := s.Locate(t.Context(), sl)
	if err != nil {
		t.Fatal(err)
	}
	if at.URL != "gs://acme/drop/a b.csv.gz" || at.Format != "csv" || at.Packing != "gzip" || at.CSV.Delimiter != ',' || at.CSV.Escape != '"' || !at.CSV.Header || at.Zone != "Asia/Kolkata" {
		t.Errorf("located %+v", at)
	}
	columns, err := at.Columns(t.Context(), exporter.Found{First: []string{"\ufeffid", "code"}})
	if err != nil || len(columns) != 3 || columns[0].Name != "id" || columns[1].As != exporter.ReadText || columns[2].Value.Text != "a b.csv.gz" {
		t.Errorf("columns %+v, %v", columns, err)
	}
	for _, first := range [][]string{{"a", "a"}, {"a;b"}, {"#a"}, {"a", ""}, {"1", "b"}} {
		if _, err := at.Columns(t.Context(), exporter.Found{First: first}); !errors.Is(err, exporter.ErrContent) {
			t.Errorf("first record %q: %v, want ErrContent", first, err)
		}
	}
	put(t, store, "a b.csv.gz")
	if _, err := s.Locate(t.Context(), sl); !errors.Is(err, exporter.ErrReplaced) {
		t.Errorf("a newer generation: %v, want ErrReplaced", err)
	}
	if err := store.Remove(t.Context(), "a b.csv.gz"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Locate(t.Context(), sl); !errors.Is(err, exporter.ErrReplaced) {
		t.Errorf("no object: %v, want ErrReplaced", err)
	}
}

func TestLocateExport(t *testing.T) {
	s, _, sl := located(t, "1663664837-1663665000-Charged-20260901-0-db.csv.gz", Selection{})
	at, err := s.Locate(t.Context(), sl)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := at.Columns(t.Context(), exporter.Found{First: []string{"ts", "eventName", "eventProps.Amount"}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range columns {
		got = append(got, c.Name+":"+string(c.As))
	}
	if text := strings.Join(got, " "); text != "event_date:compact_day ts:compact eventName:text eventProps.Amount:" {
		t.Errorf("columns %s", text)
	}
}

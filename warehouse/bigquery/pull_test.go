//go:build cgo && !noduckdb

package bigquery

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"tapline/objstore"
	"tapline/objstore/gcstest"
	"tapline/warehouse"
	"tapline/warehouse/bigquery/bigquerytest"
)

// TestPull: the first record is found wherever BigQuery puts it, however many
// fields it has and whatever begins as it does.
func TestPull(t *testing.T) {
	bucket := gcstest.NewServer(t, gcstest.Options{}, "acme")
	store, err := objstore.Open(t.Context(), objstore.Config{URL: "gs://acme", Endpoint: bucket.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	server := bigquerytest.NewServer(t, bigquerytest.Options{Storage: bucket.URL})
	w, err := New(t.Context(), Config{Project: "acme", Dataset: "raw", Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for name, c := range map[string]struct {
		content, first, want string
		skip                 int
	}{
		"plain":   {content: "a,b\n1,2\n", first: "a|b"},
		"alike":   {content: "a,b\na,c\na,b,c\na,d\n", first: "a|b"},
		"again":   {content: "a,b\na,b\na,c\n", first: "a|b"},
		"nothing": {content: "", first: ""},
		"alone":   {content: "a,\"b,\"\"\nc\"\n", first: "a|b,\"\nc"},
		"skipped": {content: "made by\na,b\n1,2\n", skip: 1, first: "a|b"},
		"wide":    {content: strings.Repeat("x,", 100) + "y\n", first: strings.Repeat("x|", 100) + "y"},
		"quotes":  {content: "a,b\n1,\"2\n", want: "take via: out"},
		"absent":  {want: "not"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want == "" || c.content != "" {
				if _, err := store.Put(t.Context(), name, objstore.Precondition{}, func(w io.Writer) error {
					_, err := io.WriteString(w, c.content)
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}
			p, err := w.Pull(t.Context(), warehouse.Object{URL: "gs://acme/" + name, Format: "csv", CSV: warehouse.ObjectCSV{Delimiter: ',', Quote: '"', Escape: '"', Encoding: "utf-8", Skip: c.skip, Header: true}})
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) || c.content != "" && !errors.Is(err, warehouse.ErrPull) {
					t.Errorf("%v, want %s", err, c.want)
				}
				return
			}
			if got := strings.Join(p.First, "|"); err != nil || got != c.first {
				t.Errorf("first record %q, %v; want %q", got, err, c.first)
			}
			w.Drop(t.Context(), p)
		})
	}
	for _, url := range []string{"s3://acme/a", "gs://acme/a*", "gs://acme/a#1", "gs://acme//a"} {
		if _, err := w.Pull(t.Context(), warehouse.Object{URL: url, Format: "csv"}); !errors.Is(err, warehouse.ErrPull) {
			t.Errorf("%s: %v, want ErrPull", url, err)
		}
	}
	if left, err := w.tableNames(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("tables that are no staging tables: %v, %v", left, err)
	}
	var stages []string
	for it := w.dataset().Tables(t.Context()); ; {
		table, err := it.Next()
		if err != nil {
			break
		}
		stages = append(stages, table.TableID)
	}
	if len(stages) > 0 {
		t.Errorf("left behind: %s", fmt.Sprint(stages))
	}
}

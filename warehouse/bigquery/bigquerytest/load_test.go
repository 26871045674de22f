//go:build cgo && !noduckdb

package bigquerytest

import (
	"os"
	"testing"

	"cloud.google.com/go/bigquery"
)

func read(e *env, name string) []byte {
	e.Helper()
	b, err := os.ReadFile(name)
	e.ok(err)
	return b
}

func TestLoad(t *testing.T) {
	e := newEnv(t, Options{})
	e.ok(e.ds.Table("t").Create(e.ctx, &bigquery.TableMetadata{Description: "about", Schema: bigquery.Schema{
		{Name: "id", Type: bigquery.IntegerFieldType, Description: "the id"}, {Name: "v", Type: bigquery.StringFieldType},
	}}))
	if n := e.mustLoad(e.loader("t", e.parquet("SELECT CAST(1 AS BIGINT) AS id, 'a' AS v"))); n != 1 {
		t.Fatal(n)
	}
	e.same(e.rows("SELECT * FROM `acme.raw.t`"), "1|a")
	m, err := e.ds.Table("t").Metadata(e.ctx)
	e.ok(err)
	if m.NumRows != 1 || m.Description != "about" || m.Schema[0].Description != "the id" {
		t.Fatalf("%+v", m)
	}
}

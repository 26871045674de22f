//go:build cgo && !noduckdb

package bigquerytest

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"cloud.google.com/go/bigquery"
)

// TestLoadRaggedText: with jagged rows and a marker for NULL that is nowhere, a
// field that is missing is told from an empty one.
func TestLoadRaggedText(t *testing.T) {
	e := newEnv(t, Options{})
	var schema bigquery.Schema
	for _, name := range []string{"c1", "c2", "c3"} {
		schema = append(schema, &bigquery.FieldSchema{Name: name, Type: bigquery.StringFieldType})
	}
	load := func(content string, lines bool) *bigquery.JobStatus {
		src := bigquery.NewReaderSource(strings.NewReader(content))
		src.SourceFormat, src.Schema, src.NullMarker, src.AllowJaggedRows, src.AllowQuotedNewlines = bigquery.CSV, schema, "\x01", true, lines
		return e.load(e.ds.Table("t").LoaderFrom(src))
	}
	const good = "a,,c\n1,2\n\n\"\",\"x\ny\",\"q\"\"q\"\n"
	e.failed(load(good, false), "invalid", "double quote")
	e.failed(load("a,b,c,d\n", true), "invalid", "Too many values")
	e.failed(load("a,b\n1,\"2", true), "invalid", "close double quote")
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte(good))
	e.ok(err)
	e.ok(z.Close())
	e.ok(load(packed.String(), true).Err())
	e.same(e.rows("SELECT c1, c2, c3 FROM t ORDER BY c1"), "|x\ny|q\"q", "1|2|<nil>", "a||c")
}

func TestTempFunctions(t *testing.T) {
	e := newEnv(t, Options{})
	const make = "CREATE TEMP FUNCTION is_a(v STRING) AS (IF(v = 'a', 1, 0)); CREATE TEMP FUNCTION twice(v STRING) RETURNS INT64 AS (is_a(v) * 2); "
	e.same(e.rows(make+"SELECT BIT_OR(twice(x) + 1), FORMAT('%.2e', 12.5), FARM_FINGERPRINT('a') = FARM_FINGERPRINT('a') FROM UNNEST(['a', 'b']) AS x"), "3|1.25e+01|true")
	for query, want := range map[string]string{
		"SELECT is_a('a')":                 "Function not found",
		make + "SELECT is_a('a', 'b')":     "No matching signature",
		make + make:                        "already exists",
		"CREATE TEMP FUNCTION f(v) AS (v)": "Syntax error",
		"CREATE TEMP FUNCTION f(v STRING) AS (w); SELECT f('a')": "w",
	} {
		if _, err := e.tryRows(query); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", query, err, want)
		}
	}
}

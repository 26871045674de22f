//go:build cgo && !noduckdb

package bigquerytest

import (
	"os"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"

	"tapline/objstore/buckettest"
	"tapline/objstore/gcstest"
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

func TestLoadDispositions(t *testing.T) {
	e := newEnv(t, Options{})
	one := func(table string, d bigquery.TableWriteDisposition) *bigquery.Loader {
		l := e.loader(table, e.parquet("SELECT CAST(1 AS BIGINT) AS id"))
		l.WriteDisposition = d
		return l
	}
	l := one("t", bigquery.WriteAppend)
	l.CreateDisposition = bigquery.CreateNever
	e.failed(e.load(l), "notFound", "acme:raw.t")
	e.mustLoad(one("t", bigquery.WriteAppend))
	e.mustLoad(one("t", bigquery.WriteAppend))
	e.failed(e.load(one("t", bigquery.WriteEmpty)), "duplicate", "Already Exists: Table acme:raw.t")
	e.same(e.rows("SELECT COUNT(*) FROM t"), "2")
	_, err := e.ds.Table("t").Update(e.ctx, bigquery.TableMetadataToUpdate{Description: "about", Schema: bigquery.Schema{
		{Name: "id", Type: bigquery.IntegerFieldType, Description: "the id"},
	}}, "")
	e.ok(err)
	e.mustLoad(one("t", bigquery.WriteTruncateData))
	m, err := e.ds.Table("t").Metadata(e.ctx)
	e.ok(err)
	if m.NumRows != 1 || m.Schema[0].Description != "the id" {
		t.Fatalf("%+v", m)
	}
	l = e.loader("t", e.parquet("SELECT 'x' AS other"))
	l.WriteDisposition = bigquery.WriteTruncate
	e.mustLoad(l)
	m, err = e.ds.Table("t").Metadata(e.ctx)
	e.ok(err)
	if m.Schema[0].Name != "other" || m.Description != "about" {
		t.Fatalf("%+v", m)
	}
}

func TestLoadSchema(t *testing.T) {
	e := newEnv(t, Options{})
	e.exec("CREATE TABLE t (id INT64, v STRING, f FLOAT64, j JSON, `at` TIMESTAMP)")
	e.exec("CREATE TABLE strict (id INT64 NOT NULL, v STRING)")
	for name, c := range map[string]struct{ query, reason, words string }{
		"added":        {"SELECT 1::BIGINT AS id, 2::BIGINT AS extra", "invalid", "Cannot add fields (field: extra)"},
		"type":         {"SELECT 1::BIGINT AS id, 2::BIGINT AS v", "invalid", "Field v has changed type from STRING to INTEGER"},
		"int as float": {"SELECT 1::BIGINT AS id, 2::BIGINT AS f", "invalid", "Field f has changed type from FLOAT to INTEGER"},
		"json":         {"SELECT 1::BIGINT AS id, '{}' AS j", "invalid", "Field j has changed type from JSON to STRING"},
		"nanos":        {"SELECT 1::BIGINT AS id, TIMESTAMP_NS '2026-09-01 00:00:00' AS at", "invalid", "NANOS"},
		"required":     {"SELECT 'a' AS v", "invalid", "Required field id is missing"},
		"mode":         {"SELECT 1::BIGINT AS id", "invalid", "changed mode from REQUIRED to NULLABLE"},
		"name":         {`SELECT 1::BIGINT AS id, 2 AS "a b"`, "invalid", "Invalid field name"},
		"prefix":       {`SELECT 1::BIGINT AS id, 2 AS _Partition_x`, "invalid", "prefix _PARTITION"},
		"list":         {`SELECT 1::BIGINT AS id, [1] AS v`, "invalid", "Field v has changed type from STRING to RECORD"},
		"dot":          {`SELECT 1::BIGINT AS id, 2 AS "a.b"`, "invalid", "period"},
		"uuid":         {`SELECT 1::BIGINT AS id, gen_random_uuid() AS v`, "invalid", "Unsupported type"},
	} {
		t.Run(name, func(t *testing.T) {
			e := *e
			e.T = t
			table := "t"
			if name == "required" || name == "mode" {
				table = "strict"
			}
			e.failed(e.load(e.loader(table, e.parquet(c.query))), c.reason, c.words)
		})
	}
	relaxed := e.loader("strict", e.parquet("SELECT 1::BIGINT AS id"))
	relaxed.SchemaUpdateOptions = []string{"ALLOW_FIELD_RELAXATION"}
	e.mustLoad(relaxed)
	e.exec("INSERT INTO strict (v) VALUES ('now nullable')")
	l := e.loader("t", e.parquet("SELECT 1::BIGINT AS id, 2::BIGINT AS extra, TIMESTAMPTZ '2026-09-01 00:00:00.000001+00' AS at"))
	l.SchemaUpdateOptions = []string{"ALLOW_FIELD_ADDITION"}
	e.mustLoad(l)
	e.same(e.rows("SELECT * FROM t"), "1|<nil>|<nil>|<nil>|2026-09-01 00:00:00.000001 +0000 UTC|2")
	e.failed(e.load(e.loader("u", []byte("no parquet"))), "invalid", "Error while reading data")
	l = e.loader("t", e.parquet("SELECT 1::BIGINT AS id"))
	l.SchemaUpdateOptions, l.WriteDisposition = []string{"ALLOW_FIELD_ADDITION"}, bigquery.WriteTruncate
	_, err := l.Run(e.ctx)
	e.refused(err, 400, "invalid", "Schema update options")
}

func TestLoadExplicitSchema(t *testing.T) {
	e := newEnv(t, Options{})
	src := func(schema bigquery.Schema) *bigquery.Loader {
		l := e.loader("t", e.parquet("SELECT 1::BIGINT AS id, 1.5::DECIMAL(38,9) AS n, [1::BIGINT] AS a"))
		l.Src.(*bigquery.ReaderSource).Schema = schema
		l.Src.(*bigquery.ReaderSource).ParquetOptions = &bigquery.ParquetOptions{EnableListInference: true}
		return l
	}
	schema := bigquery.Schema{
		{Name: "id", Type: bigquery.IntegerFieldType, Description: "kept"}, {Name: "more", Type: bigquery.StringFieldType},
		{Name: "n", Type: bigquery.NumericFieldType}, {Name: "a", Type: bigquery.IntegerFieldType, Repeated: true},
	}
	e.mustLoad(src(schema))
	e.same(e.rows("SELECT * FROM t"), "1|<nil>|3/2|[1]")
	e.failed(e.load(src(schema[:2])), "invalid", "does not have the column n")
	bad := append(bigquery.Schema{}, schema...)
	bad[0] = &bigquery.FieldSchema{Name: "id", Type: bigquery.JSONFieldType}
	e.failed(e.load(src(bad)), "invalid", "Unsupported field type: JSON")
}

func TestPartitions(t *testing.T) {
	e := newEnv(t, Options{})
	e.exec("CREATE TABLE t (d DATE, v STRING) PARTITION BY d")
	day := func(partition, query string) *bigquery.Loader {
		l := e.loader("t"+partition, e.parquet(query))
		l.WriteDisposition = bigquery.WriteTruncate
		return l
	}
	e.mustLoad(day("$20260901", "SELECT DATE '2026-09-01' AS d, 'a' AS v"))
	e.mustLoad(day("$20260902", "SELECT DATE '2026-09-02' AS d, 'b' AS v"))
	e.mustLoad(day("$20260901", "SELECT DATE '2026-09-01' AS d, 'c' AS v FROM range(2)"))
	e.same(e.rows("SELECT d, v FROM t ORDER BY d"), "2026-09-01|c", "2026-09-01|c", "2026-09-02|b")
	e.failed(e.load(day("$20260901", "SELECT DATE '2026-09-02' AS d, 'x' AS v")), "invalid", "Some rows belong to different partitions")
	e.failed(e.load(day("$20260901", "SELECT 'x' AS v")), "invalid", "Some rows belong to different partitions")
	for _, bad := range []string{"$19591231", "$21600101", "$2026", "$20261301", "$x"} {
		_, err := day(bad, "SELECT DATE '2026-09-02' AS d").Run(e.ctx)
		e.refused(err, 400, "invalid", "")
	}
	l := day("$20260903", "SELECT DATE '2026-09-03' AS d, 1::BIGINT AS n")
	l.SchemaUpdateOptions = []string{"ALLOW_FIELD_ADDITION"}
	e.mustLoad(l)
	e.same(e.rows("SELECT d, n FROM t WHERE n IS NOT NULL"), "2026-09-03|1")
	e.failed(e.load(e.loader("t", e.parquet("SELECT DATE '2000-01-01' + i::INTEGER AS d FROM range(4001) AS r(i)"))), "invalid", "Too many partitions")
	e.exec("CREATE TABLE plain (d DATE)")
	e.failed(e.load(e.loader("plain$20260901", e.parquet("SELECT DATE '2026-09-01' AS d"))), "invalid", "not partitioned")
}

func TestIngestionTime(t *testing.T) {
	e := newEnv(t, Options{Now: func() time.Time { return time.Date(2026, 9, 5, 10, 0, 0, 0, time.UTC) }})
	e.ok(e.ds.Table("t").Create(e.ctx, &bigquery.TableMetadata{
		Schema: bigquery.Schema{{Name: "v", Type: bigquery.StringFieldType}}, TimePartitioning: &bigquery.TimePartitioning{Type: bigquery.DayPartitioningType},
		RequirePartitionFilter: true,
	}))
	e.mustLoad(e.loader("t", e.parquet("SELECT 'now' AS v")))
	e.mustLoad(e.loader("t$20260901", e.parquet("SELECT 'old' AS v")))
	e.exec("INSERT INTO t (v) VALUES ('dml')")
	e.same(e.rows("SELECT *, _PARTITIONDATE AS p FROM t WHERE _PARTITIONTIME >= TIMESTAMP '2026-09-01' ORDER BY v"), "dml|2026-09-05", "now|2026-09-05", "old|2026-09-01")
	_, err := e.tryRows("SELECT * FROM t")
	e.refused(err, 400, "invalidQuery", "without a filter")
	e.exec("DELETE FROM t WHERE _PARTITIONDATE = DATE '2026-09-05'")
	e.same(e.rows("SELECT v FROM t WHERE _PARTITIONDATE > DATE '2026-01-01'"), "old")
}

func TestRequireFilter(t *testing.T) {
	e := newEnv(t, Options{})
	e.exec("CREATE TABLE t (d DATE, v STRING) PARTITION BY d OPTIONS (require_partition_filter = TRUE)")
	e.exec("INSERT INTO t VALUES ('2026-09-01', 'a'), (NULL, 'b')")
	for _, sql := range []string{"SELECT v FROM t", "SELECT v FROM t WHERE v = 'a'", "SELECT d FROM t", "SELECT x.v FROM (SELECT 1 AS d) AS x2 JOIN t AS x ON TRUE"} {
		_, err := e.tryRows(sql)
		e.refused(err, 400, "invalidQuery", "Cannot query over table 'acme.raw.t' without a filter over column(s) 'd'")
	}
	e.failed(e.tryExec("DELETE FROM t WHERE v = 'a'"), "invalidQuery", "without a filter")
	e.failed(e.tryExec("UPDATE t SET v = 'x' WHERE v = 'a'"), "invalidQuery", "without a filter")
	e.same(e.rows("SELECT COUNT(*) FROM t WHERE d >= DATE '0001-01-01' OR d IS NULL"), "2")
	e.exec("DELETE FROM t WHERE d = '2026-09-01'")
}

func TestLoadURIs(t *testing.T) {
	gcs := gcstest.NewServer(t, gcstest.Options{}, "b")
	e := newEnv(t, Options{Storage: gcs.URL})
	put := func(name string, content []byte) {
		gcs.Put("b", buckettest.Object{Name: name, Content: content})
	}
	put("p/a b.parquet", e.parquet("SELECT 1::BIGINT AS id"))
	put("p/deep/c.parquet", e.parquet("SELECT 2::BIGINT AS id"))
	put("p/other.parquet", e.parquet("SELECT 3::BIGINT AS id, 'x' AS v"))
	load := func(uris ...string) *bigquery.JobStatus {
		ref := bigquery.NewGCSReference(uris...)
		ref.SourceFormat = bigquery.Parquet
		return e.load(e.ds.Table("t").LoaderFrom(ref))
	}
	st := load("gs://b/p/a b.parquet", "gs://b/p/deep/c.parquet")
	e.ok(st.Err())
	if d := st.Statistics.Details.(*bigquery.LoadStatistics); d.InputFiles != 2 || d.OutputRows != 2 || d.InputFileBytes == 0 {
		t.Fatalf("%+v", d)
	}
	e.failed(load("gs://b/p/*.parquet"), "invalid", "the schemas of the files that the wildcard matches differ")
	e.ok(load("gs://b/p/*c.parquet").Err())
	e.failed(load("gs://b/p/missing.parquet"), "notFound", "gs://b/p/missing.parquet")
	e.failed(load("gs://b/p/a b.parquet#123"), "notFound", "")
	e.failed(load("gs://b/*/x/*"), "invalid", "wildcard")
	e.failed(load("s3://b/x"), "invalid", "Cloud Storage")
	e.same(e.rows("SELECT id FROM t ORDER BY id"), "1", "2", "2")
}

func TestLoadText(t *testing.T) {
	e := newEnv(t, Options{})
	schema := bigquery.Schema{{Name: "id", Type: bigquery.IntegerFieldType}, {Name: "v", Type: bigquery.StringFieldType}, {Name: "seen", Type: bigquery.TimestampFieldType}}
	load := func(format bigquery.DataFormat, content string) *bigquery.JobStatus {
		src := bigquery.NewReaderSource(strings.NewReader(content))
		src.SourceFormat, src.Schema, src.SkipLeadingRows = format, schema, 1
		if format == bigquery.JSON {
			src.SkipLeadingRows = 0
		}
		src.AllowQuotedNewlines = true
		return e.load(e.ds.Table("t").LoaderFrom(src))
	}
	e.ok(load(bigquery.CSV, "id,v,seen\n1,\"a,\"\"\nb\",2026-09-01 10:00:00+00:00\n2,,\n3,\"\",\n").Err())
	e.ok(load(bigquery.JSON, "{\"id\":4,\"v\":\"x\"}\n{\"id\":\"5\",\"seen\":\"2026-09-01T10:00:00Z\"}\n").Err())
	e.same(e.rows("SELECT id, v, seen FROM t ORDER BY id"), "1|a,\"\nb|2026-09-01 10:00:00 +0000 UTC", "2|<nil>|<nil>", "3||<nil>", "4|x|<nil>",
		"5|<nil>|2026-09-01 10:00:00 +0000 UTC")
	e.failed(load(bigquery.CSV, "id,v,seen\nx,a,\n"), "invalid", "int64")
	e.failed(load(bigquery.JSON, "{\"id\":4,\"w\":\"x\"}\n"), "invalid", "No such field: w")
	e.same(e.rows("SELECT COUNT(*) FROM t"), "5")
}

//go:build cgo && !noduckdb

package bigquerytest

import (
	"math/big"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"
)

func TestExpressions(t *testing.T) {
	e := newEnv(t, Options{Now: func() time.Time { return time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC) }})
	for sql, want := range map[string]string{
		"SELECT 1, 'it''s'":                                                                                                                "error",
		`SELECT "a\tb", r'\d', '''x'y''', b'\x41'`:                                                                                         "a\tb|\\d|x'y|[65]",
		"SELECT 7 / 2, DIV(7, 2), MOD(7, 2)":                                                                                               "3.5|3|1",
		"SELECT IF(TRUE, 'ok', ERROR('no'))":                                                                                               "ok",
		"SELECT IF((SELECT COUNT(*) FROM UNNEST([1, 2]) AS x) = 2, 'ok', ERROR('no'))":                                                     "ok",
		"SELECT IFNULL(NULL, 3), COALESCE(NULL, NULL, 4), NULLIF(1, 1)":                                                                    "3|4|<nil>",
		"SELECT CONCAT('a', NULL), CONCAT('a', 'b', 'c'), GREATEST(1, NULL), LEAST(2, 1)":                                                  "<nil>|abc|<nil>|1",
		"SELECT SAFE_CAST('1.5' AS INT64), SAFE_CAST('12' AS INT64), SAFE_CAST('x' AS FLOAT64), SAFE_CAST('t' AS BOOL)":                    "<nil>|12|<nil>|<nil>",
		"SELECT CAST(1.0 AS STRING), CAST(2.5 AS STRING), CAST(TRUE AS STRING), CAST('2026-09-01' AS DATE)":                                "1|2.5|true|2026-09-01",
		"SELECT SAFE_CAST('2026-09-01 10:00:00+05:30' AS TIMESTAMP), TIMESTAMP_MICROS(1)":                                                  "2026-09-01 04:30:00 +0000 UTC|1970-01-01 00:00:00.000001 +0000 UTC",
		"SELECT FORMAT_TIMESTAMP('%F %T', TIMESTAMP '2026-09-01 20:00:00+00', 'Asia/Kolkata')":                                             "2026-09-02 01:30:00",
		"SELECT DATE_ADD(DATE '2026-02-27', INTERVAL 2 DAY), DATE_DIFF(DATE '2026-03-01', DATE '2026-02-01', DAY)":                         "2026-03-01|28",
		"SELECT TIMESTAMP_TRUNC(TIMESTAMP '2026-09-01 20:10:00+00', HOUR), EXTRACT(YEAR FROM DATE '2026-09-01')":                           "2026-09-01 20:00:00 +0000 UTC|2026",
		"SELECT CURRENT_TIMESTAMP(), CURRENT_DATE()":                                                                                       "2026-09-01 12:00:00 +0000 UTC|2026-09-01",
		"SELECT UNIX_MICROS(TIMESTAMP '1970-01-01 00:00:01+00'), DATE(TIMESTAMP '2026-09-01 20:00:00+00', 'Asia/Kolkata')":                 "1000000|2026-09-02",
		"SELECT COUNTIF(x > 1), COUNT(DISTINCT x), SUM(x), STRING_AGG(CAST(x AS STRING), '+' ORDER BY x DESC) FROM UNNEST([1, 2, 3]) AS x": "2|3|6|3+2+1",
		"SELECT ARRAY_AGG(x ORDER BY x), ARRAY_LENGTH(GENERATE_ARRAY(1, 5)) FROM UNNEST([2, 1]) AS x":                                      "[1 2]|5",
		"SELECT x, o FROM UNNEST(['a', 'b']) AS x WITH OFFSET AS o ORDER BY o DESC LIMIT 1":                                                "b|1",
		"SELECT x FROM UNNEST([1, 2, 3]) AS x QUALIFY ROW_NUMBER() OVER (ORDER BY x DESC) = 1":                                             "3",
		"SELECT * EXCEPT (b) FROM (SELECT 1 AS a, 2 AS b)":                                                                                 "1",
		"WITH a AS (SELECT 1 AS x UNION ALL SELECT 2), b AS (SELECT MAX(x) AS m FROM a) SELECT m FROM b":                                   "2",
		"SELECT STRUCT(1 AS a, 'x' AS b)":                                                                                                  "[1 x]",
		"SELECT COUNT(CASE WHEN x IS NOT DISTINCT FROM 1 OR (x IS DISTINCT FROM 2) THEN 1 END) FROM UNNEST([1, 2, 3]) AS x":                "2",
		"SELECT 2 IN UNNEST([1, 2]), 1 IS DISTINCT FROM NULL":                                                                              "true|true",
		"SELECT CASE WHEN 1 = 1 THEN 'a' ELSE 'b' END AS v":                                                                                "a",
		"SELECT REGEXP_CONTAINS('abc', r'b.'), REGEXP_EXTRACT('k=v', r'k=(.)'), REGEXP_REPLACE('aa', 'a', 'b')":                            "true|v|bb",
		"SELECT ARRAY_TO_STRING(REGEXP_EXTRACT_ALL('a1b22', r'[0-9]+'), '|'), ARRAY_TO_STRING(REGEXP_EXTRACT_ALL('a1b22', r'[a-z]([0-9])'), '|'), ARRAY_LENGTH(REGEXP_EXTRACT_ALL('a', 'b'))": "1|22|1|2|0",
		"SELECT BYTE_LENGTH('\u00e9'), TO_HEX(CAST('\u00e9\\\\x' AS BYTES)), JSON_VALUE(r'\"\\ud83d\\ude00\\/\\\"\"', '$'), JSON_VALUE('[1]', '$')":                                           "2|c3a95c78|\U0001F600/\"|<nil>",
		"SELECT SAFE.PARSE_JSON('{'), JSON_VALUE(JSON '{\"a\":1}', '$.a'), TO_JSON_STRING([1])":                                                                                               "<nil>|1|[1]",
		"SELECT STRING_AGG(IFNULL(CAST(x AS STRING), '-'), '') FROM (SELECT x FROM UNNEST([1, NULL]) AS x ORDER BY x LIMIT 1)":                                                                "-",
		"SELECT TO_HEX(SHA256('a')), LENGTH('é'), UPPER('a')":                                                                                                                                 "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb|1|A",
		"SELECT a.*, b.y FROM (SELECT 1 AS x) AS a LEFT JOIN (SELECT 1 AS x, 'm' AS y) AS b ON a.x = b.x AND b.y > ''":                                                                        "1|m",
		"SELECT y FROM (SELECT 1 AS x) JOIN (SELECT 1 AS x, 'm' AS y) USING (x), (SELECT 2 AS z) WHERE z = 2":                                                                                 "m",
		"SELECT DISTINCT COUNT(*) OVER (PARTITION BY x), SUM(x) OVER w FROM UNNEST([1, 1]) AS x WINDOW w AS (ORDER BY x)":                                                                     "2|2",
		"SELECT x, COUNT(*) FROM UNNEST([1, 1, 2]) AS x GROUP BY x HAVING COUNT(*) > 1 ORDER BY 2 DESC LIMIT 1 OFFSET 0":                                                                      "1|2",
		"SELECT ARRAY(SELECT x + 1 FROM UNNEST([1, 2]) AS x ORDER BY x)[SAFE_OFFSET(1)], ARRAY<INT64>[], [1][SAFE_OFFSET(5)]":                                                                 "3|[]|<nil>",
		"SELECT SUM(x) FROM (SELECT x FROM UNNEST([1, 2, 3, 3]) AS x EXCEPT DISTINCT SELECT 1)":                                                                                               "5",
		"SELECT 'a' LIKE 'A', NOT 1 BETWEEN 2 AND 3, x.a FROM (SELECT STRUCT(5 AS a) AS x)":                                                                                                   "false|true|5",
		"SELECT SOUNDEX('a')":   "error",
		"SELECT 1 / 0":          "error",
		"SELECT 1 & 2":          "error",
		"SELECT 1 AS a, 2 AS a": "error",
		"SELECT (SELECT 1":      "error",
		"SELECT * FROM nowhere": "error",
		"SELECT ERROR('told')":  "error",
	} {
		t.Run(sql, func(t *testing.T) {
			e := *e
			e.T = t
			rows, err := e.tryRows(sql)
			if want == "error" {
				if err == nil {
					t.Fatalf("%v must be refused", rows)
				}
				return
			}
			e.ok(err)
			e.same(rows, want)
		})
	}
}

func TestParameters(t *testing.T) {
	e := newEnv(t, Options{})
	at := time.Date(2026, 9, 1, 12, 0, 0, 123456000, time.UTC)
	p := func(name string, v any) bigquery.QueryParameter { return bigquery.QueryParameter{Name: name, Value: v} }
	e.same(e.rows("SELECT @i, @f, @s, @e, @b, @t, @d, @n, @a, @null, @y",
		p("i", 7), p("f", 2.5), p("s", "it's \\"), p("e", ""), p("b", true), p("t", at), p("d", civil.DateOf(at)), p("n", big.NewRat(5, 4)),
		p("a", []string{"x", "y"}), p("null", bigquery.NullString{}), p("y", []byte("z"))),
		`7|2.5|it's \||true|2026-09-01 12:00:00.123456 +0000 UTC|2026-09-01|5/4|[x y]|<nil>|[122]`)
	e.same(e.rows("SELECT x FROM UNNEST(@a) AS x WHERE x IN UNNEST(@b) ORDER BY x", p("a", []int64{1, 2, 3}), p("b", []int64{3, 2})), "2", "3")
	type record struct {
		N  int64               `bigquery:"n"`
		S  bigquery.NullString `bigquery:"s"`
		At time.Time           `bigquery:"read_at"`
		D  bigquery.NullDate   `bigquery:"day"`
	}
	list := []record{{N: 1, S: bigquery.NullString{StringVal: "it's", Valid: true}, At: at}, {N: 2, At: at, D: bigquery.NullDate{Date: civil.DateOf(at), Valid: true}}}
	e.same(e.rows("SELECT l.n, l.s, l.read_at = @t, l.`day` FROM UNNEST(@list) AS l ORDER BY l.n DESC", p("list", list), p("t", at)),
		"2|<nil>|true|2026-09-01", "1|it's|true|<nil>")
	e.same(e.rows("SELECT COUNT(*), ANY_VALUE(l.n) FROM UNNEST(@list) AS l", p("list", []record{})), "0|<nil>")
	e.same(e.rows("SELECT @one.n, @one.s", p("one", list[0])), "1|it's")
	if _, err := e.tryRows("SELECT l.other FROM UNNEST(@list) AS l", p("list", list)); err == nil {
		t.Fatal("a field that the structs do not have must be refused")
	}
	if _, err := e.tryRows("SELECT @nothing"); err == nil {
		t.Fatal("a parameter that is not given must be refused")
	}
}

func TestPages(t *testing.T) {
	e := newEnv(t, Options{})
	rows := e.rows("SELECT x FROM UNNEST(GENERATE_ARRAY(1, 25000)) AS x ORDER BY x")
	if len(rows) != 25000 || rows[0] != "1" || rows[24999] != "25000" {
		t.Fatal(len(rows))
	}
	if n := len(e.server.Calls(Match{Method: "jobs.getQueryResults"})); n != 2 {
		t.Fatalf("%d further pages", n)
	}
	e.exec("CREATE TABLE t AS SELECT x FROM UNNEST(GENERATE_ARRAY(1, 50)) AS x")
	it := e.ds.Table("t").Read(e.ctx)
	it.PageInfo().MaxSize = 20
	n := 0
	for {
		var row []bigquery.Value
		if err := it.Next(&row); err != nil {
			break
		}
		n++
	}
	if n != 50 || len(e.server.Calls(Match{Method: "tabledata.list"})) != 3 {
		t.Fatal(n)
	}
}

func TestDryRun(t *testing.T) {
	e := newEnv(t, Options{})
	e.exec("CREATE TABLE t AS SELECT x FROM UNNEST(GENERATE_ARRAY(1, 50)) AS x")
	q := e.client.Query("SELECT x FROM `acme.raw.t`")
	q.DryRun = true
	j, err := q.Run(e.ctx)
	e.ok(err)
	if n := j.LastStatus().Statistics.TotalBytesProcessed; n != 400 {
		t.Fatal(n)
	}
	q = e.client.Query("SELECT x FROM `acme.raw.t`")
	q.MaxBytesBilled = 1 << 20
	_, err = q.Read(e.ctx)
	e.refused(err, 400, "bytesBilledLimitExceeded", "10485760 or higher required")
	q = e.client.Query("SELECT y FROM `acme.raw.t`")
	q.DryRun = true
	_, err = q.Run(e.ctx)
	e.refused(err, 400, "invalidQuery", "y")
	q = e.client.Query("DELETE FROM `acme.raw.t` WHERE x > 3")
	q.DryRun = true
	_, err = q.Run(e.ctx)
	e.ok(err)
	e.same(e.rows("SELECT COUNT(*) FROM t"), "50")
}

func TestTypes(t *testing.T) {
	e := newEnv(t, Options{})
	e.exec("CREATE TABLE t (b BOOL, i INT64, f FLOAT64, s STRING, y BYTES, d DATE, tm TIME, dt DATETIME, ts TIMESTAMP, n NUMERIC, bn BIGNUMERIC, j JSON, a ARRAY<INT64>, r STRUCT<x INT64, y STRING>)")
	e.exec(`INSERT INTO t VALUES (TRUE, 9007199254740993, 0.1, 'é', b'\x00\xff', '2026-09-01', '12:00:00.5', '2026-09-01 12:00:00', '2026-09-01 12:00:00.123456+00', NUMERIC '1.5', BIGNUMERIC '2.25', JSON '{"a": [1]}', [1, 2], STRUCT(1 AS x, 'z' AS y))`)
	want := `true|9007199254740993|0.1|é|[0 255]|2026-09-01|12:00:00.500000000|2026-09-01T12:00:00|2026-09-01 12:00:00.123456 +0000 UTC|3/2|9/4|{"a": [1]}|[1 2]|[1 z]`
	e.same(e.rows("SELECT * FROM t"), want)
	m, err := e.ds.Table("t").Metadata(e.ctx)
	e.ok(err)
	if m.Schema[12].Repeated != true || m.Schema[13].Schema[1].Name != "y" || m.Schema[9].Type != bigquery.NumericFieldType {
		t.Fatalf("%+v", m.Schema)
	}
	e.exec("INSERT INTO t (i) VALUES (NULL)")
	e.same(e.rows("SELECT a, i FROM t WHERE i IS NULL"), "[]|<nil>")
}

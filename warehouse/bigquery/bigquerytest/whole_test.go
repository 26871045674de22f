//go:build cgo && !noduckdb

package bigquerytest

import (
	"testing"
)

// TestCutStatements runs beginnings of statements: they are refused or work,
// and nothing panics.
func TestCutStatements(t *testing.T) {
	e := newEnv(t, Options{})
	e.ok(e.server.Exec(e.ctx, "CREATE TABLE t (a INT64, s STRING, d DATE)"))
	for _, sql := range []string{
		"WITH RECURSIVE x AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM x WHERE n < 3), y AS (SELECT n / -2 AS h FROM x) SELECT * EXCEPT (h), h FROM y, UNNEST([1]) AS u WITH OFFSET AS o",
		"SELECT a IS NOT DISTINCT FROM 1, a IN UNNEST([1]), CAST(a AS ARRAY<STRUCT<x INT64, y NUMERIC(10, 2)>>), SAFE.PARSE_JSON(s), [a][SAFE_OFFSET(0)] FROM t AS z WHERE EXISTS (SELECT 1)",
		"SELECT STRUCT<a INT64>(1), ARRAY<INT64>[1], ARRAY(SELECT 1), EXTRACT(YEAR FROM d AT TIME ZONE 'UTC'), DATE_ADD(d, INTERVAL 1 DAY), ARRAY_AGG(a IGNORE NULLS ORDER BY a LIMIT 2), STRING_AGG(s, ',' ORDER BY s) FROM t",
		"SELECT FORMAT_TIMESTAMP('%F', CURRENT_TIMESTAMP(), 'UTC'), REGEXP_EXTRACT(s, 'a(b)'), GREATEST(1, 2), TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), TIMESTAMP '2026-01-01', DAY) FROM t",
		"INSERT INTO t (a, s) VALUES (1, 'x'), (2, r'y')",
		"INSERT t (a) SELECT a FROM t",
		"UPDATE t AS x SET a = y.a + 1, s = DEFAULT FROM (SELECT 1 AS a) AS y WHERE x.a = y.a",
		"DELETE FROM t AS x WHERE x.a = 1",
		"MERGE INTO t AS x USING (SELECT 1 AS a) AS y ON x.a = y.a WHEN MATCHED AND x.a = 2 THEN UPDATE SET a = y.a WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN NOT MATCHED THEN INSERT (a) VALUES (y.a)",
		"CREATE OR REPLACE TABLE raw.u (a INT64 NOT NULL OPTIONS (description = 'x'), d DATE) PARTITION BY TIMESTAMP_TRUNC(d, DAY) CLUSTER BY a OPTIONS (labels = [('a', 'b')], description = 'y')",
		"CREATE TABLE IF NOT EXISTS raw.w PARTITION BY DATE(d) AS SELECT d FROM t",
		"CREATE VIEW IF NOT EXISTS raw.v OPTIONS (description = 'x') AS SELECT a FROM `acme.raw.t`",
		"ALTER TABLE IF EXISTS t ADD COLUMN IF NOT EXISTS n INT64 OPTIONS (description = 'n'), ALTER COLUMN a SET DATA TYPE NUMERIC, SET OPTIONS (expiration_timestamp = NULL), DROP COLUMN IF EXISTS zz",
		"DROP TABLE IF EXISTS raw.nothing",
		"TRUNCATE TABLE t",
		"DECLARE x, y INT64 DEFAULT 1; SET x = 2; IF x = 1 THEN SELECT 1; ELSEIF x = 2 THEN SELECT CASE WHEN TRUE THEN 2 END; ELSE SELECT 3; END IF; BEGIN RAISE USING MESSAGE = 'm'; EXCEPTION WHEN ERROR THEN SELECT @@error.message; END; ASSERT TRUE AS 'm'",
		"BEGIN TRANSACTION; DELETE FROM t WHERE TRUE; ROLLBACK TRANSACTION;",
		"CREATE TEMP TABLE k AS SELECT 1 AS a; SELECT a FROM k; DROP TABLE k",
	} {
		toks, err := tokens(sql)
		e.ok(err)
		for n := range toks {
			e.try(sql[:toks[n].end])
			e.try(sql[toks[n].offset:])
			e.try(sql[:toks[n].offset] + sql[toks[n].end:])
		}
	}
	for _, sql := range []string{"", ";", "`", "'", "/*", "SELECT '\\", "@", "SELECT @@", "SELECT 0x", "SELECT 1e", "SELECT r'", "SELECT b'\\x4", "IF", "BEGIN", "END", "(", ")"} {
		e.try(sql)
	}
}

// try plans a statement whatever it is.
func (e *env) try(sql string) {
	e.Helper()
	e.ok(e.server.behind(e.ctx, func(s *session) error {
		s.dry = true
		_ = s.run(sql) // refused, most of the time
		return nil
	}))
}

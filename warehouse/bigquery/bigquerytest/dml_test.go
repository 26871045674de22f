//go:build cgo && !noduckdb

package bigquerytest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
)

func TestDML(t *testing.T) {
	e := newEnv(t, Options{})
	e.exec("CREATE TABLE t (id INT64 NOT NULL, v STRING, f FLOAT64)")
	details := func(st *bigquery.JobStatus) *bigquery.QueryStatistics {
		return st.Statistics.Details.(*bigquery.QueryStatistics)
	}
	d := details(e.exec("INSERT INTO `acme`.raw.`t` (id, v) VALUES (1, 'a'), (2, 'b'), (3, NULL)"))
	if d.NumDMLAffectedRows != 3 || d.DMLStats.InsertedRowCount != 3 || d.StatementType != "INSERT" {
		t.Fatalf("%+v", d)
	}
	d = details(e.exec("UPDATE t SET v = CONCAT(t.v, '!'), f = id WHERE id < 3"))
	if d.DMLStats.UpdatedRowCount != 2 {
		t.Fatalf("%+v", d)
	}
	e.exec("UPDATE t AS x SET v = s.w FROM (SELECT 3 AS k, 'c' AS w) AS s WHERE s.k = x.id")
	e.same(e.rows("SELECT id, v, f FROM t ORDER BY id"), "1|a!|1", "2|b!|2", "3|c|<nil>")
	d = details(e.exec("DELETE FROM t AS x WHERE EXISTS (SELECT 1 FROM t AS y WHERE y.id = x.id + 1)"))
	if d.DMLStats.DeletedRowCount != 2 {
		t.Fatalf("%+v", d)
	}
	d = details(e.exec(`MERGE t USING (SELECT 3 AS id, 'new' AS v UNION ALL SELECT 4, 'four') AS s ON t.id = s.id
		WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, s.v)`))
	if d.DMLStats.UpdatedRowCount != 1 || d.DMLStats.InsertedRowCount != 1 || d.NumDMLAffectedRows != 2 {
		t.Fatalf("%+v", d.DMLStats)
	}
	e.same(e.rows("SELECT id, v FROM t ORDER BY id"), "3|new", "4|four")
	e.exec("MERGE t USING (SELECT 9 AS id) AS s ON FALSE WHEN NOT MATCHED THEN INSERT (id) VALUES (id) WHEN NOT MATCHED BY SOURCE AND t.id > 3 THEN DELETE")
	e.same(e.rows("SELECT id FROM t ORDER BY id"), "3", "9")
	e.exec("TRUNCATE TABLE t")
	e.same(e.rows("SELECT COUNT(*) FROM t"), "0")
}

func TestDMLRefused(t *testing.T) {
	e := newEnv(t, Options{})
	e.exec("CREATE TABLE t (id INT64 NOT NULL, v STRING, n NUMERIC)")
	e.exec("INSERT INTO t (id, v) VALUES (1, 'a')")
	for sql, words := range map[string]string{
		"UPDATE t SET v = 'x'":                 "must have a WHERE",
		"DELETE FROM t":                        "must have a WHERE",
		"DELETE t":                             "must have a WHERE",
		"UPDATE t SET w = 'x' WHERE TRUE":      "not present",
		"INSERT INTO t (id, id) VALUES (1, 1)": "duplicate",
		"INSERT INTO t (id) VALUES (1, 2)":     "wrong column count",
		"INSERT INTO t (id) SELECT 'x'":        "cannot be inserted",
		"INSERT INTO t (v) SELECT 1":           "cannot be inserted",
		"INSERT INTO t (v) VALUES ('x')":       "Required field id cannot be null",
		"UPDATE t SET v = s.v FROM (SELECT 'a' AS v UNION ALL SELECT 'b') AS s WHERE TRUE":               "at most one source row",
		"MERGE t USING (SELECT 1 AS id UNION ALL SELECT 1) AS s ON t.id = s.id WHEN MATCHED THEN DELETE": "at most one source row",
		"SELECT * FROM missing":                                      "Not found: Table acme:raw.missing",
		"SELECT * FROM elsewhere.t":                                  "Not found: Dataset acme:elsewhere",
		"SELECT * FROM t$20260101":                                   "Illegal input",
		"SELECT v FROM `acme.raw.t$20260101`":                        "decorators",
		"GRANT SELECT ON t TO x":                                     "GRANT",
		"EXPORT DATA OPTIONS (uri = 'x') AS SELECT 1":                "EXPORT",
		"SELECT id FROM t FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP()": "FOR",
	} {
		t.Run(sql, func(t *testing.T) {
			e := *e
			e.T = t
			st := e.tryExec(sql)
			if st.Err() == nil || !strings.Contains(st.Err().Error(), words) {
				t.Fatalf("%v; want %s", st.Err(), words)
			}
		})
	}
	e.same(e.rows("SELECT id, v FROM t"), "1|a")
}

func TestScripts(t *testing.T) {
	e := newEnv(t, Options{})
	e.exec("CREATE TABLE t (id INT64, v STRING)")
	st := e.exec("BEGIN TRANSACTION; INSERT INTO t VALUES (1, 'a'); SELECT IF((SELECT COUNT(*) FROM t) = 1, 'ok', ERROR('no')); COMMIT TRANSACTION;")
	if k := st.Statistics.Details.(*bigquery.QueryStatistics).StatementType; k != "SCRIPT" {
		t.Fatal(k)
	}
	st = e.tryExec("BEGIN TRANSACTION; DELETE FROM t WHERE TRUE; SELECT IF((SELECT COUNT(*) FROM t) = 5, 'ok', ERROR(CONCAT('tapline-moved: ', CAST(7 AS STRING)))); COMMIT TRANSACTION;")
	e.failed(st, "invalidQuery", "tapline-moved: 7")
	e.same(e.rows("SELECT id FROM t"), "1")
	e.exec("BEGIN TRANSACTION; DELETE FROM t WHERE TRUE;")
	e.same(e.rows("SELECT id FROM t"), "1")
	e.exec("BEGIN TRANSACTION; DELETE FROM t WHERE TRUE; ROLLBACK TRANSACTION;")
	e.same(e.rows("SELECT id FROM t"), "1")
	e.exec(`DECLARE n, m INT64 DEFAULT 0; DECLARE word STRING; SET n = (SELECT COUNT(*) FROM t); SET word = 'w';
		IF n = 2 THEN INSERT INTO t VALUES (2, 'two'); ELSEIF n = 1 THEN INSERT INTO t VALUES (3, word); IF m = 0 THEN INSERT INTO t VALUES (4, 'm'); END IF;
		ELSE RAISE USING MESSAGE = 'never'; END IF; ASSERT @@row_count = 1 AS 'one row';`)
	e.same(e.rows("SELECT id, v FROM t ORDER BY id"), "1|a", "3|w", "4|m")
	e.exec("BEGIN RAISE USING MESSAGE = 'told'; EXCEPTION WHEN ERROR THEN INSERT INTO t VALUES (5, @@error.message); END;")
	e.same(e.rows("SELECT v FROM t WHERE id = 5"), "told")
	e.exec("CREATE TEMP TABLE x AS SELECT 7 AS a; BEGIN TRANSACTION; INSERT INTO t (id) SELECT a FROM x; COMMIT; DROP TABLE x;")
	e.same(e.rows("SELECT id FROM t WHERE id = 7"), "7")
	e.failed(e.tryExec("ASSERT (SELECT COUNT(*) FROM t) = 0 AS 'empty';"), "invalidQuery", "Assertion failed: empty")
	e.failed(e.tryExec("BEGIN TRANSACTION; CREATE TABLE y (a INT64); COMMIT;"), "invalidQuery", "DDL statements are not supported in a transaction")
	e.failed(e.tryExec("LOOP SELECT 1; END LOOP;"), "invalidQuery", "LOOP")
}

func TestTransactionsMeet(t *testing.T) {
	e := newEnv(t, Options{})
	e.exec("CREATE TABLE t AS SELECT x FROM UNNEST(GENERATE_ARRAY(1, 1000)) AS x")
	e.ok(e.server.behind(e.ctx, func(s *session) error {
		e.ok(s.run("BEGIN TRANSACTION"))
		e.ok(s.run("DELETE FROM t WHERE x = 1"))
		e.failed(e.tryExec("BEGIN TRANSACTION; DELETE FROM t WHERE x = 2; COMMIT;"), "invalid", "concurrent update")
		e.exec("INSERT INTO t VALUES (2000)") // appends run beside it
		e.same(e.rows("SELECT COUNT(*) FROM t"), "1001")
		var wg sync.WaitGroup
		wg.Go(func() { e.exec("DELETE FROM t WHERE x = 3") }) // waits
		time.Sleep(50 * time.Millisecond)
		e.same(e.rows("SELECT COUNT(*) FROM t"), "1001")
		e.ok(s.run("COMMIT"))
		wg.Wait()
		return nil
	}))
	e.same(e.rows("SELECT COUNT(*) FROM t"), "999")
	e.ok(e.server.behind(e.ctx, func(s *session) error {
		e.ok(s.run("BEGIN TRANSACTION"))
		e.ok(s.run("SELECT COUNT(*) FROM t"))
		e.exec("DELETE FROM t WHERE x = 4")
		if err := s.run("DELETE FROM t WHERE x < 10"); err == nil || !strings.Contains(err.Error(), "concurrent update") {
			t.Errorf("a transaction that began before another's change: %v", err)
		}
		return nil
	}))
}

func TestDDL(t *testing.T) {
	e := newEnv(t, Options{})
	e.exec(`CREATE TABLE IF NOT EXISTS raw.t (id INT64 NOT NULL OPTIONS (description = 'the id'), d DATE, v STRING(10)) PARTITION BY d CLUSTER BY v, id
		OPTIONS (description = 'about', labels = [('a', 'b')], require_partition_filter = TRUE)`)
	e.exec("CREATE TABLE IF NOT EXISTS raw.t (other INT64)")
	e.failed(e.tryExec("CREATE TABLE raw.t (other INT64)"), "duplicate", "Already Exists: Table acme:raw.t")
	m, err := e.ds.Table("t").Metadata(e.ctx)
	e.ok(err)
	if m.Description != "about" || m.Labels["a"] != "b" || !m.RequirePartitionFilter || m.TimePartitioning.Field != "d" || len(m.Clustering.Fields) != 2 ||
		m.Schema[0].Description != "the id" || !m.Schema[0].Required {
		t.Fatalf("%+v", m)
	}
	e.exec("ALTER TABLE t ADD COLUMN IF NOT EXISTS n INT64 OPTIONS (description = 'n'), ADD COLUMN IF NOT EXISTS id INT64")
	e.exec("ALTER TABLE t ALTER COLUMN n SET DATA TYPE FLOAT64")
	e.exec("ALTER TABLE t SET OPTIONS (description = 'more', require_partition_filter = FALSE)")
	e.exec("ALTER TABLE t ALTER COLUMN id DROP NOT NULL")
	e.failed(e.tryExec("ALTER TABLE t ALTER COLUMN n SET DATA TYPE INT64"), "invalidQuery", "assignable")
	e.failed(e.tryExec("ALTER TABLE t ALTER COLUMN v SET DATA TYPE INT64"), "invalidQuery", "assignable")
	e.exec("INSERT INTO t (id, n, d) VALUES (1, 0.5, '2026-09-01')")
	e.exec("CREATE OR REPLACE VIEW raw.v OPTIONS (description = 'a view') AS SELECT *, id + 1 AS next FROM `acme.raw.t`")
	e.exec("ALTER TABLE t ADD COLUMN later STRING")
	e.same(e.rows("SELECT * FROM v"), "1|2026-09-01|<nil>|0.5|2")
	e.failed(e.tryExec("CREATE VIEW raw.w AS SELECT id + 1 FROM `acme.raw.t`"), "invalidQuery", "must be named")
	e.failed(e.tryExec("CREATE VIEW raw.w AS SELECT nothing FROM `acme.raw.t`"), "invalidQuery", "nothing")
	e.failed(e.tryExec("CREATE OR REPLACE VIEW raw.t AS SELECT 1 AS a"), "invalid", "currently a TABLE")
	e.failed(e.tryExec("DELETE FROM v WHERE TRUE"), "invalidQuery", "view")
	e.same(e.rows("SELECT table_name, table_type FROM raw.INFORMATION_SCHEMA.TABLES ORDER BY table_name"), "t|BASE TABLE", "v|VIEW")
	e.same(e.rows("SELECT column_name, data_type, is_partitioning_column, clustering_ordinal_position FROM raw.INFORMATION_SCHEMA.COLUMNS WHERE table_name = 't' ORDER BY ordinal_position"),
		"id|INT64|NO|2", "d|DATE|YES|<nil>", "v|STRING|NO|1", "n|FLOAT64|NO|<nil>", "later|STRING|NO|<nil>")
	e.same(e.rows("SELECT partition_id, total_rows FROM `acme.raw.INFORMATION_SCHEMA.PARTITIONS`"), "20260901|1")
	e.same(e.rows("SELECT option_value FROM raw.INFORMATION_SCHEMA.TABLE_OPTIONS WHERE option_name = 'labels'"), `[STRUCT("a", "b")]`)
	e.same(e.rows("SELECT field_path, description FROM raw.INFORMATION_SCHEMA.COLUMN_FIELD_PATHS WHERE table_name = 't' AND description = 'n'"), "n|n")
	e.exec("DROP VIEW v")
	e.exec("DROP TABLE IF EXISTS t")
	e.exec("DROP TABLE IF EXISTS t")
	e.failed(e.tryExec("DROP TABLE t"), "notFound", "Table acme:raw.t")
}

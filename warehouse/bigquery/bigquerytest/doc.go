// Package bigquerytest is BigQuery in one process: a real HTTP server with
// state, to which the client cloud.google.com/go/bigquery speaks over loopback.
// Rows are kept by a DuckDB in memory, in a folder of its own what does not fit.
// Tests use NewServer, others Start.
//
// It is made to fail what fails in BigQuery: what it does not know it refuses,
// with reason "invalid" or "invalidQuery" and its own name in the message, and
// never guesses. Rules and words of errors are those of the reference pages of
// docs.cloud.google.com/bigquery, read in the state of 2026-08-22, and of the
// client v1.86.2.
//
// # Served
//
// Datasets (insert, get, list, patch, delete), tables and views (insert, get,
// list, patch with ETags, delete), tabledata.list, load and query jobs (insert,
// get, list, cancel, delete, query, getQueryResults), uploads in one request
// and resumable ones. Not served: copy and extract jobs, insertAll, models,
// routines, IAM, sessions, range partitions, partitions other than by day, the
// Storage API (its clients are told so, and fall back to this one).
//
// Job ids are unique in a location, and a second insert is 409 duplicate. A job
// runs in the background; short ones are DONE in the first answer already. What
// happens at once: 404 for a load into a dataset that is not there or elsewhere,
// 400 for a bad destination, 403 quotaExceeded for more load jobs on a table
// than it takes in 24 hours. All else is in the job's status.
//
// Loads take Parquet (of the types that BigQuery documents; lists are structures
// of a repeated field without enableListInference), CSV and newline-delimited JSON (with a schema, without bad records), from an
// upload or gs:// URIs with at most one *; text may be gzipped. Parquet files of one job may differ
// in columns, which are NULL where they lack, but for a wildcard. Types have
// to be the table's own: INT64 does not go into FLOAT64, nothing of Parquet
// into JSON. A load is one transaction; WRITE_TRUNCATE of "table$YYYYMMDD"
// replaces that partition.
//
// # GoogleSQL
//
// Statements: queries (WITH [RECURSIVE], SELECT [DISTINCT] with * EXCEPT and *
// REPLACE, FROM with tables, views, subqueries, UNNEST [WITH OFFSET], all JOINs,
// WHERE, GROUP BY [ROLLUP], HAVING, QUALIFY, WINDOW, ORDER BY, LIMIT, UNION ALL
// and DISTINCT, INTERSECT and EXCEPT DISTINCT); INSERT of VALUES or a query;
// UPDATE [FROM], DELETE, TRUNCATE TABLE, MERGE (INSERT (columns) VALUES);
// CREATE [OR REPLACE] [TEMP] TABLE [IF NOT EXISTS] with columns, PARTITION BY
// day, CLUSTER BY, OPTIONS, AS; CREATE [OR REPLACE] VIEW; DROP TABLE and VIEW;
// ALTER TABLE with ADD COLUMN, DROP COLUMN, SET OPTIONS and ALTER COLUMN (SET
// DATA TYPE to a wider one, DROP NOT NULL, SET OPTIONS). Options of tables:
// description, friendly_name, labels, expiration_timestamp,
// require_partition_filter; of columns: description.
//
// Scripts: BEGIN, COMMIT and ROLLBACK TRANSACTION; DECLARE, SET, IF, RAISE,
// ASSERT, BEGIN ... EXCEPTION WHEN ERROR THEN ... END, @@row_count,
// @@error.message. A variable stands for itself wherever its name is, so it
// must not be that of a column. The result of a script is that of its last
// query or DML statement. A transaction sees the tables as they were when it
// began. Of two that change rows of one table the later fails at once; DML
// outside of transactions waits instead; rows may be inserted beside all that.
// DDL is refused in a transaction. CREATE TEMP FUNCTION name(arguments) AS
// (expression) makes a function for the rest of the job.
//
// Expressions: the operators + - * / || = <> != < <= > >=, AND, OR, NOT, IS
// [NOT] NULL, TRUE, FALSE or DISTINCT FROM, IN (also UNNEST), BETWEEN, LIKE,
// EXISTS, CASE; all literals; arrays, STRUCT with names, array[SAFE_OFFSET(n)];
// @named parameters of all types; CAST, SAFE_CAST, SAFE.function; window
// functions; and the functions of functions.go and temporal.go. Types: STRING,
// BYTES, INT64, FLOAT64, BOOL, DATE, TIME, DATETIME, TIMESTAMP, NUMERIC,
// BIGNUMERIC, JSON, ARRAY, STRUCT.
//
// INFORMATION_SCHEMA: TABLES, COLUMNS, COLUMN_FIELD_PATHS, TABLE_OPTIONS,
// PARTITIONS, with their main columns. _PARTITIONTIME and _PARTITIONDATE.
//
// # Known to differ
//
// BIGNUMERIC has 38 digits, 18 of them fractional, and dividing NUMERIC gives a
// FLOAT64. DuckDB compares and combines some types by itself that BigQuery
// wants cast; lengths of STRING(n) are not enforced; set operations of different
// kinds need no brackets. A query's bytes are all columns of the tables it names, at 8
// bytes a number and 16 a text. The words of messages about types and syntax
// are in part DuckDB's; reasons are not.
package bigquerytest

// Package bigquerytest is BigQuery in one process: a real HTTP server with
// state that the client cloud.google.com/go/bigquery speaks to. Rows are kept
// by a DuckDB in memory.
package bigquerytest

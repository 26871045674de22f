-- Purpose: whether all of tapline's views are there, and which tables there are.
-- Parameters: none.
-- Idempotent: reads only.
SELECT (
    SELECT count(*) = 3 FROM duckdb_views()
    WHERE database_name = current_database() AND view_name IN ('_tapline_loads', '_tapline_freshness', '_tapline_runs')
  ), (
    SELECT coalesce(string_agg(table_name, chr(10) ORDER BY table_name), '') FROM duckdb_tables()
    WHERE database_name = current_database() AND schema_name = 'main'
  )

-- Purpose: whether both views are there, and which tables there are.
-- Parameters: none.
-- Idempotent: reads only.
SELECT (
    SELECT count(*) = 2 FROM duckdb_views()
    WHERE database_name = current_database() AND view_name IN ('_tapline_loads', '_tapline_freshness')
  ), (
    SELECT coalesce(string_agg(table_name, chr(10) ORDER BY table_name), '') FROM duckdb_tables()
    WHERE database_name = current_database() AND schema_name = 'main'
  )

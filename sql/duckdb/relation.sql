-- Purpose: the table or view of a name, in whatever case it is written.
-- Parameters: $1 name.
-- Idempotent: reads only.
SELECT table_name, false AS is_view, coalesce(comment, '')
FROM duckdb_tables()
WHERE database_name = current_database() AND schema_name = 'main' AND lower(table_name) = lower($1)
UNION ALL
SELECT view_name, true, coalesce(comment, '')
FROM duckdb_views()
WHERE database_name = current_database() AND schema_name = 'main' AND lower(view_name) = lower($1)

-- Purpose: the columns of a table in their order.
-- Parameters: $1 table.
-- Idempotent: reads only.
SELECT column_name, data_type, coalesce(comment, '')
FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name = 'main' AND table_name = $1
ORDER BY column_index

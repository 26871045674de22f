-- Purpose: the tables that hold rows of tapline, and how new their rows can be
--   told to be: by ts, by event_date, or '' for not at all.
-- Parameters: none.
-- Idempotent: reads only.
SELECT c.table_name,
  CASE WHEN bool_or(c.column_name = 'ts' AND c.data_type = 'TIMESTAMP WITH TIME ZONE') THEN 'ts'
    WHEN bool_or(c.column_name = 'event_date' AND c.data_type = 'DATE') THEN 'event_date' ELSE '' END
FROM duckdb_columns() AS c SEMI JOIN duckdb_tables() AS t USING (database_name, schema_name, table_name)
WHERE c.database_name = current_database() AND c.schema_name = 'main' AND NOT starts_with(c.table_name, '_tapline_')
GROUP BY c.table_name HAVING bool_or(c.column_name = '_tapline_slice')
ORDER BY c.table_name

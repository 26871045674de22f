-- Purpose: whether the view of a name is what the probe is: the same text as
--   DuckDB writes it, the same columns, the same description.
-- Parameters: $1 name, $2 description.
-- Idempotent: reads only.
WITH probe AS (
  SELECT substr(sql, length('CREATE TEMP VIEW _tapline_probe') + 1) AS text, (
      SELECT list((column_name, data_type) ORDER BY column_index) FROM duckdb_columns()
      WHERE database_name = 'temp' AND table_name = '_tapline_probe'
    ) AS columns
  FROM duckdb_views() WHERE database_name = 'temp' AND view_name = '_tapline_probe'
), have AS (
  SELECT sql, coalesce(comment, '') AS about, (
      SELECT list((c.column_name, c.data_type) ORDER BY c.column_index) FROM duckdb_columns() AS c
      WHERE c.database_name = v.database_name AND c.schema_name = v.schema_name AND c.table_name = v.view_name
    ) AS columns
  FROM duckdb_views() AS v
  WHERE database_name = current_database() AND schema_name = 'main' AND lower(view_name) = lower($1)
)
SELECT count(*) > 0 FROM have, probe
WHERE ends_with(have.sql, probe.text) AND have.columns = probe.columns AND have.about = $2

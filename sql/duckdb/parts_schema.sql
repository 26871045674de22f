-- Purpose: which columns the parts have, and their types.
-- Parameters: Paths.
-- Idempotent: reads only.
SELECT name, coalesce(duckdb_type, ''), count(*)
FROM parquet_schema([{{texts .Paths}}])
WHERE type IS NOT NULL
GROUP BY ALL ORDER BY ALL

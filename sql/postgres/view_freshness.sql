-- Purpose: one row for each table that loads went into: its newest event, its
--   last load, the rows that loads of today (UTC) brought and that are in
--   force, and all its rows. It reads receipts alone, so that it is quick
--   whatever the tables' size, and no table depends on it.
-- Parameters: Schema.
-- Idempotent: yes.
CREATE OR REPLACE VIEW {{ident .Schema}}._tapline_freshness AS
SELECT "table" AS table_name,
  max(newest_event) FILTER (WHERE superseded_by IS NULL AND displaced_by IS NULL) AS newest_event,
  max(committed_at) FILTER (WHERE superseded_by IS NULL AND displaced_by IS NULL) AS last_load,
  coalesce(sum(rows_loaded) FILTER (WHERE superseded_by IS NULL AND displaced_by IS NULL
    AND (committed_at AT TIME ZONE 'UTC')::date = (now() AT TIME ZONE 'UTC')::date), 0)::bigint AS rows_today,
  coalesce(sum(rows_delta), 0)::bigint AS rows_total
FROM {{ident .Schema}}._tapline_receipts AS r
WHERE EXISTS (
  SELECT 1 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname = {{text .Schema}} AND c.relname = r."table")
GROUP BY "table"
ORDER BY "table"

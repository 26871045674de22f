-- Purpose: how many rows, cells and entries of other tables, slices or places
--   a load has in quarantine.
-- Parameters: Schema; $1 load, $2 table, $3 slice, $4 rows read.
-- Idempotent: reads only.
SELECT count(*) FILTER (WHERE coalesce("column", '') = ''),
  count(*) FILTER (WHERE "column" <> ''),
  count(*) FILTER (WHERE "table" IS DISTINCT FROM $2 OR slice IS DISTINCT FROM $3
    OR NOT coalesce("row" BETWEEN 0 AND $4::bigint - 1, false))
FROM {{ident .Schema}}._tapline_quarantine WHERE load = $1

-- Purpose: how many rows, cells and entries of other loads or places a load
--   has in quarantine.
-- Parameters: $1 load, $2 table, $3 slice, $4 rows read.
-- Idempotent: reads only.
SELECT count(*) FILTER (WHERE coalesce("column", '') = ''),
  count(*) FILTER (WHERE coalesce("column", '') <> ''),
  count(*) FILTER (WHERE "table" IS DISTINCT FROM $2 OR slice IS DISTINCT FROM $3
    OR NOT coalesce("row" BETWEEN 0 AND $4 - 1, false))
FROM _tapline_quarantine WHERE load = $1

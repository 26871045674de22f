-- Purpose: receipts, newest load last.
-- Parameters: Schema; $1 pipeline, '' for all; $2 id, '' for all; $3 table and
--   $4 slice, '' for all; $5 true for those in force only.
-- Idempotent: reads only.
SELECT id, pipeline, "table", stream, slice, revision, run, mode, merge_key, "day",
  read_at, committed_at, rows_read, rows_loaded, rows_quarantined, cells_quarantined,
  bytes_read, rows_purged, cells_purged, superseded_by, displaced_by
FROM {{ident .Schema}}._tapline_receipts
WHERE ($1 = '' OR pipeline = $1) AND ($2 = '' OR id = $2) AND ($3 = '' OR "table" = $3)
  AND ($4 = '' OR slice = $4) AND (NOT $5::boolean OR superseded_by IS NULL)
ORDER BY committed_at, id

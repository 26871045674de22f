-- Purpose: write the receipt of a load.
-- Parameters: $1 id, $2 pipeline, $3 table, $4 stream, $5 slice, $6 revision,
--   $7 run, $8 mode, $9 merge key as JSON, $10 day as text or NULL, $11 read
--   at, $12 committed at, $13 rows read, $14 loaded, $15 quarantined,
--   $16 cells quarantined, $17 bytes read.
-- Idempotent: no; the caller looks for the id first, in the same transaction.
INSERT INTO _tapline_receipts (
  id, pipeline, "table", stream, slice, revision, run, mode, merge_key, "day",
  read_at, committed_at, rows_read, rows_loaded, rows_quarantined,
  cells_quarantined, bytes_read, rows_purged, cells_purged)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CAST($10 AS DATE),
  $11, $12, $13, $14, $15, $16, $17, 0, 0)

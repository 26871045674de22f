-- Purpose: write the receipt of a load.
-- Parameters: Schema; $1 id, $2 pipeline, $3 table, $4 stream, $5 slice, $6
--   revision, $7 run, $8 mode, $9 merge key as JSON, $10 day or NULL, $11 read
--   at, $12 committed at, $13 rows read, $14 loaded, $15 quarantined,
--   $16 cells quarantined, $17 bytes read, $18 by how many rows the table
--   grew, $19 newest event or NULL.
-- Idempotent: no; the caller looks for the id first, in the same transaction.
INSERT INTO {{ident .Schema}}._tapline_receipts (
  id, pipeline, "table", stream, slice, revision, run, mode, merge_key, "day",
  read_at, committed_at, rows_read, rows_loaded, rows_quarantined,
  cells_quarantined, bytes_read, rows_purged, cells_purged, rows_delta, newest_event)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0, 0, $18, $19)

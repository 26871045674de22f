-- Purpose: write the receipt of a load.
-- Parameters: @load id, @pipeline, @in_table, @stream, @slice, @revision, @run,
--   @mode, @merge_key as JSON or NULL, @day or 0001-01-01, @read_at, @committed_at,
--   @rows_read, @rows_loaded, @rows_quarantined, @cells_quarantined, @bytes_read.
-- Idempotent: no; the transaction counts the receipts first.
INSERT INTO `_tapline_receipts` (id, pipeline, `table`, stream, slice, revision, run, mode, merge_key, `day`, read_at, committed_at,
  rows_read, rows_loaded, rows_quarantined, cells_quarantined, bytes_read, rows_purged, cells_purged)
VALUES (@load, @pipeline, @in_table, @stream, @slice, @revision, @run, @mode, @merge_key, NULLIF(@day, DATE '0001-01-01'), @read_at, @committed_at,
  @rows_read, @rows_loaded, @rows_quarantined, @cells_quarantined, @bytes_read, 0, 0)

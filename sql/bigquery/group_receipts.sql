-- Purpose: write the receipts of a group of loads.
-- Parameters: @in_table, @mode, @committed_at; @loads (each id, pipeline,
--   stream, slice, revision, run, day or 0001-01-01, read_at, rows_read, rows_loaded,
--   rows_quarantined, cells_quarantined, bytes_read).
-- Idempotent: no; the transaction looks for receipts first.
INSERT INTO `_tapline_receipts` (id, pipeline, `table`, stream, slice, revision, run, mode, `day`, read_at, committed_at,
  rows_read, rows_loaded, rows_quarantined, cells_quarantined, bytes_read, rows_purged, cells_purged)
SELECT l.id, l.pipeline, @in_table, l.stream, l.slice, l.revision, l.run, @mode, NULLIF(l.`day`, DATE '0001-01-01'), l.read_at, @committed_at,
  l.rows_read, l.rows_loaded, l.rows_quarantined, l.cells_quarantined, l.bytes_read, 0, 0
FROM UNNEST(@loads) AS l

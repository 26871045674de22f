-- Purpose: the receipts of the slices of a group of loads.
-- Parameters: @in_table, @slices.
-- Idempotent: reads only.
SELECT id, pipeline, `table`, stream, slice, revision, run, mode, merge_key, `day`, read_at, committed_at,
  rows_read, rows_loaded, rows_quarantined, cells_quarantined, bytes_read, rows_purged, cells_purged,
  superseded_by, displaced_by, 0 AS in_table, 0 AS beside, 0 AS late
FROM `_tapline_receipts`
WHERE `table` = @in_table AND slice IN UNNEST(@slices)
ORDER BY committed_at, id

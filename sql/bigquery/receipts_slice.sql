-- Purpose: the receipts of a slice, how many its table has in all, and how many
--   are of other slices that may have rows on the same day, or of loads that were
--   read no earlier or came in another mode than history. Where the slice has none,
--   a receipt of another slice brings those numbers.
-- Parameters: @in_table, @slice, @day, @read_at.
-- Idempotent: reads only.
SELECT id, pipeline, `table`, stream, slice, revision, run, mode, merge_key, `day`, read_at, committed_at,
  rows_read, rows_loaded, rows_quarantined, cells_quarantined, bytes_read, rows_purged, cells_purged,
  superseded_by, displaced_by, COUNT(*) OVER () AS in_table,
  COUNTIF(slice != @slice AND (`day` IS NULL OR `day` = @day)) OVER () AS beside,
  COUNTIF(read_at >= @read_at OR mode != 'history') OVER () AS late
FROM `_tapline_receipts`
WHERE `table` = @in_table
QUALIFY slice = @slice OR ROW_NUMBER() OVER (ORDER BY committed_at, id) = 1
ORDER BY committed_at, id

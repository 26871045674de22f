-- Purpose: entries that match, by load, row and column.
-- Parameters: @pipeline, @in_table, @load, @slice, @column, @reason, '' for
--   all; @before quarantined before; @from_row first row of the load; @limit.
-- Idempotent: reads only.
SELECT IFNULL(q.`load`, ''), IFNULL(q.slice, ''), IFNULL(q.`table`, ''), IFNULL(q.`row`, -1), IFNULL(q.`column`, ''),
  IFNULL(q.source, ''), IFNULL(q.reason, ''), IFNULL(q.place, ''), IFNULL(q.raw, ''), q.quarantined_at
FROM `_tapline_quarantine` AS q
WHERE (@pipeline = '' OR q.`load` IN (SELECT id FROM `_tapline_receipts` WHERE pipeline = @pipeline))
  AND (@in_table = '' OR q.`table` = @in_table) AND (@load = '' OR q.`load` = @load) AND (@slice = '' OR q.slice = @slice)
  AND (@column = '' OR q.`column` = @column) AND (@reason = '' OR q.reason = @reason)
  AND q.quarantined_at < @before AND (@from_row = 0 OR q.`row` >= @from_row)
ORDER BY IFNULL(q.`load`, ''), IFNULL(q.`row`, -1), IFNULL(q.`column`, ''), IFNULL(q.place, '')
LIMIT @limit

-- Purpose: end the transaction when the entries to purge are no longer those
--   that were counted.
-- Parameters: as quarantine_list; @entries.
-- Idempotent: reads only.
SELECT IF((SELECT COUNT(*) FROM (
  SELECT entry_load, entry_row, entry_column, entry_place FROM (
    SELECT IFNULL(q.`load`, '') AS entry_load, IFNULL(q.`row`, -1) AS entry_row, IFNULL(q.`column`, '') AS entry_column,
      IFNULL(q.place, '') AS entry_place,
      RANK() OVER (ORDER BY IFNULL(q.`load`, ''), IFNULL(q.`row`, -1), IFNULL(q.`column`, ''), IFNULL(q.place, '')) AS position
    FROM `_tapline_quarantine` AS q
    WHERE (@pipeline = '' OR q.`load` IN (SELECT id FROM `_tapline_receipts` WHERE pipeline = @pipeline))
      AND (@in_table = '' OR q.`table` = @in_table) AND (@load = '' OR q.`load` = @load) AND (@slice = '' OR q.slice = @slice)
      AND (@column = '' OR q.`column` = @column) AND (@reason = '' OR q.reason = @reason)
      AND q.quarantined_at < @before AND (@from_row = 0 OR q.`row` >= @from_row)
  ) AS ranked WHERE position <= @limit
) AS chosen) = @entries,
  'ok', ERROR('tapline-moved: the quarantine has changed'))

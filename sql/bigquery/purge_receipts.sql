-- Purpose: let the receipts tell what a purge takes away.
-- Parameters: as quarantine_list.
-- Idempotent: no; part of the purge's transaction.
UPDATE `_tapline_receipts` AS r
SET rows_purged = r.rows_purged + p.whole, cells_purged = r.cells_purged + p.cells
FROM (
  SELECT chosen.entry_load AS of_load, COUNT(CASE WHEN chosen.entry_column = '' THEN 1 END) AS whole,
    COUNT(CASE WHEN chosen.entry_column <> '' THEN 1 END) AS cells
  FROM (
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
) AS chosen
  GROUP BY chosen.entry_load
) AS p
WHERE r.id = p.of_load

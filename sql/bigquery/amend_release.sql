-- Purpose: delete the entries that an amendment made good.
-- Parameters: Entries; @load, @in_table.
-- Idempotent: yes.
DELETE FROM `_tapline_quarantine` AS q
WHERE q.`load` = @load AND q.`table` = @in_table AND EXISTS (
  SELECT 1 FROM {{ident .Entries}} AS s WHERE s.place = q.`row` AND s.`column` = IFNULL(q.`column`, ''))

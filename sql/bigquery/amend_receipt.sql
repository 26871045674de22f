-- Purpose: let the receipt follow what an amendment moves out of the
--   quarantine.
-- Parameters: Entries; @load, @in_table.
-- Idempotent: yes; counts only what is still in quarantine.
UPDATE `_tapline_receipts` AS r
SET rows_loaded = r.rows_loaded + m.whole, rows_quarantined = r.rows_quarantined - m.whole,
  cells_quarantined = r.cells_quarantined - m.cells
FROM (
  SELECT COUNT(CASE WHEN live.of_column = '' THEN 1 END) AS whole, COUNT(CASE WHEN live.of_column <> '' THEN 1 END) AS cells
  FROM (
    SELECT DISTINCT s.place, s.`column` AS of_column FROM {{ident .Entries}} AS s
    JOIN `_tapline_quarantine` AS q ON q.`row` = s.place AND IFNULL(q.`column`, '') = s.`column`
    WHERE q.`load` = @load AND q.`table` = @in_table
  ) AS live
) AS m
WHERE r.id = @load

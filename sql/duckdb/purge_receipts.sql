-- Purpose: let the receipts tell what a purge takes away.
-- Parameters: none; reads the temporary table of purge_choose.
-- Idempotent: no; part of the purge's transaction.
UPDATE _tapline_receipts AS r
SET rows_purged = r.rows_purged + p.whole, cells_purged = r.cells_purged + p.cells
FROM (
  SELECT load, count(*) FILTER (WHERE whole) AS whole, count(*) FILTER (WHERE NOT whole) AS cells
  FROM temp.purged GROUP BY load) AS p
WHERE r.id = p.load

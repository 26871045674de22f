-- Purpose: end the transaction unless the staged quarantine is that of the
--   load: whole rows, cells, and entries that name another load, table, slice
--   or place.
-- Parameters: Stage; @load, @in_table, @slice, @rows_read, @rows_quarantined,
--   @cells_quarantined.
-- Idempotent: reads only.
SELECT IF(whole = @rows_quarantined AND cells = @cells_quarantined AND foreigners = 0, 'ok', ERROR(CONCAT(
  'tapline-quarantine: ', CAST(whole AS STRING), ' ', CAST(cells AS STRING), ' ', CAST(foreigners AS STRING), ' .')))
FROM (
  SELECT COUNT(CASE WHEN IFNULL(`column`, '') = '' THEN 1 END) AS whole,
    COUNT(CASE WHEN IFNULL(`column`, '') <> '' THEN 1 END) AS cells,
    COUNT(CASE WHEN `load` IS DISTINCT FROM @load OR `table` IS DISTINCT FROM @in_table OR slice IS DISTINCT FROM @slice
      OR `row` IS NULL OR `row` < 0 OR `row` >= @rows_read THEN 1 END) AS foreigners
  FROM {{ident .Stage}}
) AS staged

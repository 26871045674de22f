-- Purpose: end the transaction of a group unless the staged quarantine of each
--   load is its own: whole rows, cells, and entries that name another table,
--   slice or place. It ends as group_check does.
-- Parameters: Stage; @in_table, @loads (each nth, id, slice, rows_read,
--   rows_quarantined, cells_quarantined), @staged.
-- Idempotent: reads only.
SELECT IF(foreigners = 0 AND wrong IS NULL, 'ok',
  ERROR(CONCAT('tapline-group: ', CAST(foreigners AS STRING), ' ', IFNULL(wrong, ''), ' .')))
FROM (
  SELECT
    (SELECT COUNT(*) FROM {{ident .Stage}} AS s WHERE s.`load` IS NULL OR s.`load` NOT IN UNNEST(@staged)) AS foreigners,
    (SELECT STRING_AGG(CAST(seen.nth AS STRING), ' ') FROM (
      SELECT l.nth AS nth, l.rows_quarantined AS want, l.cells_quarantined AS want_cells,
        COUNT(CASE WHEN s.`load` IS NOT NULL AND IFNULL(s.`column`, '') = '' THEN 1 END) AS whole,
        COUNT(CASE WHEN s.`load` IS NOT NULL AND IFNULL(s.`column`, '') <> '' THEN 1 END) AS cells,
        COUNT(CASE WHEN s.`load` IS NOT NULL AND (s.`table` IS DISTINCT FROM @in_table OR s.slice IS DISTINCT FROM l.slice
          OR s.`row` IS NULL OR s.`row` < 0 OR s.`row` >= l.rows_read) THEN 1 END) AS foreigners
      FROM UNNEST(@loads) AS l LEFT JOIN {{ident .Stage}} AS s ON s.`load` = l.id
      GROUP BY l.nth, l.rows_quarantined, l.cells_quarantined
    ) AS seen WHERE seen.whole <> seen.want OR seen.cells <> seen.want_cells OR seen.foreigners > 0) AS wrong
) AS staged

-- Purpose: end the transaction of a group unless the staged rows of each load
--   are its own, once each: their number, whose they are, and their places. It
--   ends with how many rows are of no load that was staged, and which loads are
--   wrong, by their place in @loads.
-- Parameters: Stage; @loads (each nth, id, slice, read_at, rows_read,
--   rows_loaded), @staged (ids of all loads that have rows in the staging table).
-- Idempotent: reads only.
SELECT IF(foreigners = 0 AND wrong IS NULL, 'ok',
  ERROR(CONCAT('tapline-group: ', CAST(foreigners AS STRING), ' ', IFNULL(wrong, ''), ' .')))
FROM (
  SELECT
    (SELECT COUNT(*) FROM {{ident .Stage}} AS s WHERE s._tapline_load IS NULL OR s._tapline_load NOT IN UNNEST(@staged)) AS foreigners,
    (SELECT STRING_AGG(CAST(seen.nth AS STRING), ' ') FROM (
      SELECT l.nth AS nth, l.rows_loaded AS want, COUNT(s._tapline_load) AS n,
        COUNT(CASE WHEN s._tapline_load IS NOT NULL AND (s._tapline_slice IS DISTINCT FROM l.slice
          OR s._tapline_loaded_at IS DISTINCT FROM l.read_at) THEN 1 END) AS foreigners,
        COUNT(DISTINCT CASE WHEN s._tapline_row >= 0 AND s._tapline_row < l.rows_read THEN s._tapline_row END) AS places
      FROM UNNEST(@loads) AS l LEFT JOIN {{ident .Stage}} AS s ON s._tapline_load = l.id
      GROUP BY l.nth, l.rows_loaded
    ) AS seen WHERE seen.n <> seen.want OR seen.foreigners > 0 OR seen.places <> seen.n) AS wrong
) AS staged

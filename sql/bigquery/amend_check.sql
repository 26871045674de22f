-- Purpose: end the transaction unless the staged rows of an amendment are
--   those that it names, each at a place of its own.
-- Parameters: Stage (rows), Entries; @load, @slice, @read_at, @rows_loaded.
-- Idempotent: reads only.
SELECT IF(n = @rows_loaded AND named = n AND foreigners = 0 AND places = n, 'ok', ERROR(CONCAT(
  'tapline-count: ', CAST(n AS STRING), ' ', CAST(foreigners AS STRING), ' ', CAST(named AS STRING), ' .')))
FROM (
  SELECT COUNT(*) AS n,
    COUNT(CASE WHEN s._tapline_load IS DISTINCT FROM @load OR s._tapline_slice IS DISTINCT FROM @slice
      OR s._tapline_loaded_at IS DISTINCT FROM @read_at THEN 1 END) AS foreigners,
    COUNT(DISTINCT s._tapline_row) AS places, COUNT(DISTINCT a.place) AS named
  FROM {{ident .Stage}} AS s
  LEFT JOIN (SELECT place FROM {{ident .Entries}} WHERE `column` = '') AS a ON a.place = s._tapline_row
) AS staged

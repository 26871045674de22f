-- Purpose: end the transaction unless the staged rows are those of the load,
--   once each: their number, whose they are, and their places.
-- Parameters: Stage; @load, @slice, @read_at, @rows_read, @rows_loaded.
-- Idempotent: reads only.
SELECT IF(n = @rows_loaded AND foreigners = 0 AND places = n, 'ok', ERROR(CONCAT(
  'tapline-count: ', CAST(n AS STRING), ' ', CAST(foreigners AS STRING), ' ', CAST(places AS STRING), ' .')))
FROM (
  SELECT COUNT(*) AS n,
    COUNT(CASE WHEN _tapline_load IS DISTINCT FROM @load OR _tapline_slice IS DISTINCT FROM @slice
      OR _tapline_loaded_at IS DISTINCT FROM @read_at THEN 1 END) AS foreigners,
    COUNT(DISTINCT CASE WHEN _tapline_row >= 0 AND _tapline_row < @rows_read THEN _tapline_row END) AS places
  FROM {{ident .Stage}}
) AS staged

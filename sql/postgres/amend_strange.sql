-- Purpose: how many staged rows and places that are named do not match.
-- Parameters: $1 places.
-- Idempotent: reads only.
SELECT count(*) FROM unnest($1::bigint[]) AS a (place)
  FULL JOIN pg_temp._tapline_staged AS s ON s._tapline_row = a.place
WHERE a.place IS NULL OR s._tapline_row IS NULL

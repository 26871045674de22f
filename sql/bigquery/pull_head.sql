-- Purpose: the first cells of records that are in one reading of an object more
--   often than in another, which passed over the first record: BigQuery does not
--   say which record is first.
-- Parameters: All, Rest.
-- Idempotent: reads only.
SELECT a.c1 FROM (SELECT c1, COUNT(*) AS n FROM {{ident .All}} GROUP BY c1) AS a
LEFT JOIN (SELECT c1, COUNT(*) AS n FROM {{ident .Rest}} GROUP BY c1) AS r ON IFNULL(r.c1, '') = IFNULL(a.c1, '') AND (r.c1 IS NULL) = (a.c1 IS NULL)
WHERE a.n > IFNULL(r.n, 0) LIMIT 2

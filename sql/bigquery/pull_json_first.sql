-- Purpose: give records their places, as pull_sift does, and take them apart into
--   keys and values as they stand. A path of keys is the hexadecimal digits of
--   each, with dots between them. Each record also gives a row without a path.
-- Parameters: Into, Stage, Pair, String (patterns).
-- Idempotent: no; it fills a new table.
INSERT INTO {{ident .Into}} (place, path, value)
WITH records AS (
  SELECT MOD(FARM_FINGERPRINT(c1), 1000) AS part, REGEXP_REPLACE(c1, r'^\x{FEFF}', '') AS record FROM {{ident .Stage}}
  WHERE REGEXP_CONTAINS(c1, r'^\x{FEFF}?[ \t\r\n]*\{')
), counted AS (
  SELECT part, COUNT(*) AS n FROM records GROUP BY part
), places AS (
  SELECT part, CAST(SUM(n) OVER (ORDER BY part) - n AS INT64) AS before FROM counted
), placed AS (
  SELECT p.before + ROW_NUMBER() OVER (PARTITION BY r.part) - 1 AS place, r.record
  FROM records AS r JOIN places AS p ON p.part = r.part
)
SELECT place, CASE WHEN pair <> '' THEN TO_HEX(CAST(tapline_json_key(REGEXP_EXTRACT(pair, {{text (print "^(" .String ")")}})) AS BYTES)) END,
  CASE WHEN pair <> '' THEN REGEXP_REPLACE(pair, {{text (print "^" .String "[ \\t\\r\\n]*:[ \\t\\r\\n]*")}}, '') END
FROM placed CROSS JOIN UNNEST(ARRAY_CONCAT([''], REGEXP_EXTRACT_ALL(SUBSTR(record, STRPOS(record, '{') + 1), {{text .Pair}}))) AS pair

-- Purpose: how many objects have a key twice, and how one begins. Lines in which
--   all keys differ have none. Of the others the objects are taken that have no
--   brackets in them, and these are taken out, level by level.
-- Parameters: Stage, Token, Flat, Passed (patterns), Levels (as many as there
--   may be).
-- Idempotent: reads only.
SELECT COUNT(*), IFNULL(MIN(SUBSTR(object, 1, 60)), '') FROM (
  SELECT object FROM
  {{range .Levels}}(SELECT REGEXP_REPLACE(record, {{text $.Passed}}, r'\1') AS record, ARRAY_CONCAT(objects, REGEXP_EXTRACT_ALL(record, {{text $.Flat}})) AS objects FROM
  {{end}}(SELECT record, ARRAY<STRING>[] AS objects FROM (
    SELECT REGEXP_REPLACE(c1, r'^\x{FEFF}', '') AS record FROM {{ident .Stage}} WHERE REGEXP_CONTAINS(c1, r'^\x{FEFF}?[ \t\r\n]*\{')
  ) WHERE (SELECT COUNT(*) > COUNT(DISTINCT tapline_json_key(k)) FROM UNNEST(REGEXP_EXTRACT_ALL(record, {{text .Token}})) AS k WHERE ENDS_WITH(k, ':')))
  {{range .Levels}}){{end}} AS suspects CROSS JOIN UNNEST(objects) AS object
) WHERE STARTS_WITH(object, '{') AND (SELECT COUNT(*) > COUNT(DISTINCT tapline_json_key(k)) FROM UNNEST(REGEXP_EXTRACT_ALL(object, {{text .Token}})) AS k WHERE ENDS_WITH(k, ':'))

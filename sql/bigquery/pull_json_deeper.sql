-- Purpose: take the objects at some paths apart, as pull_json_first does records.
-- Parameters: Into, Stage, Pair, String (patterns); @opened (the paths).
-- Idempotent: no; it fills a new table.
INSERT INTO {{ident .Into}} (place, path, value)
SELECT place, CONCAT(path, '.', TO_HEX(CAST(tapline_json_key(REGEXP_EXTRACT(pair, {{text (print "^(" .String ")")}})) AS BYTES))),
  REGEXP_REPLACE(pair, {{text (print "^" .String "[ \\t\\r\\n]*:[ \\t\\r\\n]*")}}, '')
FROM (SELECT place, path, value FROM {{ident .Stage}} WHERE STARTS_WITH(value, '{') AND path IN UNNEST(@opened)) AS objects
CROSS JOIN UNNEST(REGEXP_EXTRACT_ALL(SUBSTR(value, 2), {{text .Pair}})) AS pair

-- Purpose: what is the matter with lines that should be one object of JSON each,
--   '' = nothing; how many there are of each, and how one begins. Strings become
--   @ and other scalars #; then what has no brackets in it becomes #, level by
--   level, until a good line is a single #.
-- Parameters: Stage, String, Bare, Scalar, Inner, Keys (patterns), Levels (as
--   many as there may be); @most (bytes of a line).
-- Idempotent: reads only.
SELECT problem, COUNT(*) AS n, IFNULL(MIN(SUBSTR(record, 1, 60)), '') FROM (
  SELECT record, CASE
    WHEN BYTE_LENGTH(record) > @most THEN 'large'
    WHEN NOT REGEXP_CONTAINS(REGEXP_REPLACE(record, {{text .String}}, ''), {{text .Bare}}) THEN 'syntax'
    WHEN core = '#' THEN CASE WHEN REGEXP_CONTAINS(record, {{text .Keys}}) THEN '' ELSE 'key' END
    WHEN REGEXP_CONTAINS(core, r'^[# \t\r\n]*$') THEN 'several'
    WHEN REGEXP_CONTAINS(core, {{text .Inner}}) THEN 'deep'
    ELSE 'syntax' END AS problem
  FROM (
    SELECT record, {{range .Levels}}REGEXP_REPLACE({{end}}REGEXP_REPLACE(REGEXP_REPLACE(record, {{text .String}}, '@'), {{text .Scalar}}, '#'){{range .Levels}}, {{text $.Inner}}, '#'){{end}} AS core
    FROM (SELECT REGEXP_REPLACE(c1, r'^\x{FEFF}', '') AS record FROM {{ident .Stage}} WHERE REGEXP_CONTAINS(c1, r'^\x{FEFF}?[ \t\r\n]*\{'))
  )
) GROUP BY problem

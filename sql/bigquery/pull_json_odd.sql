-- Purpose: how many lines of an object are not blank, how many have a field
--   behind the first, and which are no objects of JSON: how many, and the first
--   of them by its text.
-- Parameters: Stage; @most (characters of that text).
-- Idempotent: reads only.
SELECT COUNTIF(REGEXP_CONTAINS(c1, r'[^ \t\r\n]')), COUNTIF(c2 IS NOT NULL), COUNTIF(REGEXP_CONTAINS(c1, r'^[ \t\r\n]*[^ \t\r\n{]')),
  IFNULL(MIN(CASE WHEN REGEXP_CONTAINS(c1, r'^[ \t\r\n]*[^ \t\r\n{]') THEN SUBSTR(c1, 1, @most) END), '')
FROM {{ident .Stage}}

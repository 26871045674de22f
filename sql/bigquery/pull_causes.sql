-- Purpose: how often what was put aside, and how many rows that is in all.
-- Parameters: Stage.
-- Idempotent: reads only.
SELECT IFNULL(`column`, '') AS of_column, reason, COUNT(*) AS n, (SELECT COUNT(DISTINCT `row`) FROM {{ident .Stage}}) AS bad
FROM {{ident .Stage}} GROUP BY of_column, reason ORDER BY of_column, reason

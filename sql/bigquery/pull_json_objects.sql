-- Purpose: the paths at which there are objects.
-- Parameters: Stage, Most (how many at most).
-- Idempotent: reads only.
SELECT DISTINCT path FROM {{ident .Stage}} WHERE STARTS_WITH(value, '{') ORDER BY path LIMIT {{.Most}}

-- Purpose: how many rows a staging table holds, to try the right to query.
-- Parameters: Stage.
-- Idempotent: reads only.
SELECT COUNT(*) FROM {{ident .Stage}}

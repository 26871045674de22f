-- Purpose: the vendor's names of columns that have no comment.
-- Parameters: $1 table.
-- Idempotent: reads only.
SELECT "column", source FROM _tapline_sources WHERE "table" = $1

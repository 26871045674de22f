-- Purpose: forget the columns of a table that was dropped, before one of its
--   name is made.
-- Parameters: $1 table.
-- Idempotent: yes.
DELETE FROM _tapline_sources WHERE "table" = $1

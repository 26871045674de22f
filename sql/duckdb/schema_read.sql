-- Purpose: the version of tapline's own tables, and which tables the
--   freshness view covers.
-- Parameters: none.
-- Idempotent: reads only. Fails where tapline never wrote.
SELECT version, coalesce(freshness, '') FROM _tapline_schema

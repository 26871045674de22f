-- Purpose: the version of tapline's own tables, so that an older tapline does
--   not write where a newer one has been.
-- Parameters: none.
-- Idempotent: yes.
CREATE TABLE IF NOT EXISTS _tapline_schema (version BIGINT, freshness VARCHAR)

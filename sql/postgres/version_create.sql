-- Purpose: the version of tapline's own tables, so that an older tapline does
--   not write where a newer one has been.
-- Parameters: Schema.
-- Idempotent: yes.
CREATE TABLE IF NOT EXISTS {{ident .Schema}}._tapline_schema (version bigint)

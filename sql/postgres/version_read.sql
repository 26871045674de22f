-- Purpose: the version of tapline's own tables; 0 where none is written.
-- Parameters: Schema.
-- Idempotent: reads only. Fails where tapline never wrote.
SELECT coalesce(max(version), 0) FROM {{ident .Schema}}._tapline_schema

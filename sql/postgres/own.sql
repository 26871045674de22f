-- Purpose: which of tapline's own tables and views there are.
-- Parameters: $1 schema.
-- Idempotent: reads only.
SELECT c.relname::text FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND starts_with(c.relname::text, '_tapline_') AND c.relkind IN ('r', 'p', 'v')

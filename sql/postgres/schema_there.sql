-- Purpose: whether there is a schema.
-- Parameters: $1 schema.
-- Idempotent: reads only.
SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1)

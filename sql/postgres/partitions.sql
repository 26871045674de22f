-- Purpose: the names of a table's partitions.
-- Parameters: $1 schema, $2 table.
-- Idempotent: reads only.
SELECT k.relname::text
FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS k ON k.oid = i.inhrelid
  JOIN pg_catalog.pg_class AS c ON c.oid = i.inhparent
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2

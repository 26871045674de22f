-- Purpose: the columns of a table in their order, with PostgreSQL's words for
--   their types, the modifier of the type, the vendor's names, and whether the
--   database computes their values.
-- Parameters: $1 schema, $2 table.
-- Idempotent: reads only.
SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.atttypmod::bigint,
  coalesce(pg_catalog.col_description(a.attrelid, a.attnum), ''), a.attgenerated <> ''
FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum

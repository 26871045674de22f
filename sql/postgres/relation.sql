-- Purpose: what bears a name in the schema: r a table, p a partitioned one, v a
--   view; others are none that can be loaded into. With its description and
--   the column by which it is divided into ranges, '' = none or several.
-- Parameters: $1 schema, $2 name.
-- Idempotent: reads only.
SELECT c.relkind::text, coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), ''),
  coalesce((SELECT a.attname::text FROM pg_catalog.pg_partitioned_table AS p
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
    WHERE p.partrelid = c.oid AND p.partstrat = 'r' AND p.partnatts = 1 AND p.partdefid <> 0), '')
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2

-- Purpose: the rights that are missing on tapline's own tables and on the
--   tables it loads into, as statements that give them, one a row.
-- Parameters: $1 schema.
-- Idempotent: reads only.
SELECT format('GRANT %s ON %I.%I TO %I', r.need, n.nspname, c.relname, current_user)
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) AS r (need)
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND (c.relname IN ('_tapline_receipts', '_tapline_quarantine', '_tapline_files', '_tapline_schema')
    OR EXISTS (SELECT 1 FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = '_tapline_slice'))
  AND NOT pg_catalog.has_table_privilege(c.oid, r.need)
ORDER BY 1
LIMIT 20

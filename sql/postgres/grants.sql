-- Purpose: the statements that give others their rights to a view again, with a
--   record separator (U+001E) between.
-- Parameters: $1 schema, $2 view.
-- Idempotent: reads only.
SELECT coalesce(string_agg(format('GRANT %s ON %I.%I TO %s%s', g.privilege_type, n.nspname, c.relname,
  CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END,
  CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END), chr(30)), '')
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS g
WHERE n.nspname = $1 AND c.relname = $2 AND g.grantee <> c.relowner

-- Purpose: the views that stand on a relation, each after those it stands on:
--   schema, name, query, description, and the statements that give others
--   their rights again, with a record separator (U+001E) between.
-- Parameters: $1 schema, $2 name.
-- Idempotent: reads only.
WITH RECURSIVE standing (oid, depth) AS (
  SELECT c.oid, 0 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2
  UNION
  SELECT w.ev_class, s.depth + 1
  FROM standing AS s
    JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = s.oid
      AND d.classid = 'pg_catalog.pg_rewrite'::regclass
    JOIN pg_catalog.pg_rewrite AS w ON w.oid = d.objid AND w.ev_class <> s.oid
    JOIN pg_catalog.pg_class AS v ON v.oid = w.ev_class AND v.relkind = 'v'
)
SELECT n.nspname::text, c.relname::text, pg_catalog.pg_get_viewdef(c.oid),
  coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), ''),
  coalesce((
    SELECT string_agg(format('GRANT %s ON %I.%I TO %s%s', g.privilege_type, n.nspname, c.relname,
      CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END,
      CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END), chr(30))
    FROM pg_catalog.aclexplode(c.relacl) AS g WHERE g.grantee <> c.relowner), '')
FROM (SELECT oid, max(depth) AS depth FROM standing WHERE depth > 0 GROUP BY oid) AS s
  JOIN pg_catalog.pg_class AS c ON c.oid = s.oid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY s.depth, c.oid

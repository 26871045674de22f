-- Purpose: what the role may do: use the schema and make things in it, make
--   temporary tables, make a schema; and whether the schema is there, the
--   database takes writes, and its texts are UTF-8. With the role's name and
--   the database's.
-- Parameters: $1 schema.
-- Idempotent: reads only.
SELECT n.oid IS NOT NULL,
  coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false),
  coalesce(pg_catalog.has_schema_privilege(n.oid, 'CREATE'), false),
  pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY'),
  pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'),
  NOT pg_catalog.pg_is_in_recovery() AND pg_catalog.current_setting('default_transaction_read_only') = 'off',
  pg_catalog.current_setting('server_encoding') = 'UTF8',
  current_user::text, pg_catalog.current_database()::text
FROM (SELECT $1::text AS name) AS want LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = want.name

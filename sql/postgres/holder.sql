-- Purpose: who holds a lock of tapline or of a table, strongest and oldest first.
-- Parameters: $1 text as in lock, $2 schema, $3 table.
-- Idempotent: reads only.
SELECT a.pid, coalesce(a.usename::text, ''), coalesce(a.application_name, ''),
  coalesce(pg_catalog.host(a.client_addr), 'its own machine'), coalesce(a.state, '')
FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
WHERE l.granted AND a.pid <> pg_catalog.pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
  AND (l.locktype = 'advisory' AND l.objsubid = 1
      AND (l.classid::bigint << 32 | l.objid::bigint) = pg_catalog.hashtextextended($1, 0)
    OR l.locktype = 'relation' AND l.relation IN (
      SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      WHERE n.nspname = $2 AND c.relname = $3))
ORDER BY l.locktype = 'advisory' DESC, l.mode LIKE '%Exclusive%' DESC, a.xact_start
LIMIT 1

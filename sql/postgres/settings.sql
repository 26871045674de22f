-- Purpose: what the transaction, and nothing after it, works with: where names
--   are looked up, how values are written, and how long to wait for a lock.
-- Parameters: $1 search path, $2 lock timeout such as "30000ms", $3 statement
--   timeout, NULL for the role's own.
-- Idempotent: yes.
SELECT pg_catalog.set_config('search_path', $1, true),
  pg_catalog.set_config('lock_timeout', $2, true),
  pg_catalog.set_config('statement_timeout', coalesce($3, pg_catalog.current_setting('statement_timeout')), true),
  pg_catalog.set_config('TimeZone', 'UTC', true),
  pg_catalog.set_config('DateStyle', 'ISO, YMD', true),
  pg_catalog.set_config('extra_float_digits', '1', true),
  pg_catalog.set_config('bytea_output', 'hex', true),
  pg_catalog.set_config('standard_conforming_strings', 'on', true),
  pg_catalog.set_config('client_min_messages', 'warning', true)

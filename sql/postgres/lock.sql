-- Purpose: let one transaction at a time work on what a text names. The lock
--   goes with the transaction.
-- Parameters: $1 text.
-- Idempotent: yes.
SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))

-- Purpose: start a transaction that writes. Each statement sees what was
--   committed before it, so that what is read after a lock is not stale.
-- Parameters: none.
-- Idempotent: no.
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE

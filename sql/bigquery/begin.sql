-- Purpose: start the transaction that a script is.
-- Parameters: none.
-- Idempotent: no.
BEGIN TRANSACTION

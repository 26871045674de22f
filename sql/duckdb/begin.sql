-- Purpose: start the transaction of a writing operation.
-- Parameters: none.
-- Idempotent: no.
BEGIN TRANSACTION

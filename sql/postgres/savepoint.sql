-- Purpose: a place to come back to within the transaction.
-- Parameters: none.
-- Idempotent: yes.
SAVEPOINT tapline

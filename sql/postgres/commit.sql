-- Purpose: make the transaction visible.
-- Parameters: none.
-- Idempotent: no.
COMMIT

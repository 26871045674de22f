-- Purpose: make the transaction visible. A script that fails before this is
--   undone whole.
-- Parameters: none.
-- Idempotent: no.
COMMIT TRANSACTION

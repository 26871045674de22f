-- Purpose: end the transaction without a trace.
-- Parameters: none.
-- Idempotent: no.
ROLLBACK

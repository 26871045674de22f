-- Purpose: end the transaction without a trace.
-- Parameters: none.
-- Idempotent: yes; warns outside a transaction.
ROLLBACK

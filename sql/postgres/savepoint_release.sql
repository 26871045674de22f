-- Purpose: keep what came after the savepoint.
-- Parameters: none.
-- Idempotent: no.
RELEASE SAVEPOINT tapline

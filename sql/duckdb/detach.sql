-- Purpose: close the database file.
-- Parameters: none.
-- Idempotent: no; fails when it is not open.
DETACH tapline

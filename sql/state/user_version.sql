-- Purpose: how many migrations the file has had.
-- Parameters: none.
-- Idempotent: reads only.
PRAGMA user_version

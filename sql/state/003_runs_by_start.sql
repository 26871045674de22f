-- Purpose: migration 3, the newest runs are asked for.
-- Parameters: none.
-- Idempotent: no; run once, in a transaction, when PRAGMA user_version is 2.
CREATE INDEX runs_started_at ON runs (started_at DESC, id);

-- Migration 3: the newest runs are asked for, by pipeline too.
-- Parameters: none. Not idempotent: run once, in a transaction, when
-- PRAGMA user_version is 2.
CREATE INDEX runs_started_at ON runs (started_at DESC, id);

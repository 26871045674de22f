-- Purpose: migration 1, the runs of this machine.
-- Parameters: none.
-- Idempotent: no; run once, in a transaction, when PRAGMA user_version is 0.
CREATE TABLE runs (
  id          TEXT PRIMARY KEY,
  pipeline    TEXT NOT NULL,
  command     TEXT NOT NULL,
  status      TEXT NOT NULL,
  started_at  INTEGER NOT NULL, -- microseconds since 1970 UTC
  finished_at INTEGER,
  owner       TEXT NOT NULL,    -- the process that writes it, see liveness
  loads       INTEGER NOT NULL DEFAULT 0,
  rows        INTEGER NOT NULL DEFAULT 0,
  quarantined INTEGER NOT NULL DEFAULT 0,
  skipped     INTEGER NOT NULL DEFAULT 0,
  failures    INTEGER NOT NULL DEFAULT 0,
  code        TEXT NOT NULL DEFAULT '',
  message     TEXT NOT NULL DEFAULT ''
) STRICT;

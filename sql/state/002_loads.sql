-- Purpose: migration 2, what became of each slice of a run.
-- Parameters: none.
-- Idempotent: no; run once, in a transaction, when PRAGMA user_version is 1.
CREATE TABLE run_slices (
  run         TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  stream      TEXT NOT NULL,
  slice       TEXT NOT NULL,
  target      TEXT NOT NULL, -- the table it goes into
  status      TEXT NOT NULL,
  rows        INTEGER NOT NULL DEFAULT 0,
  quarantined INTEGER NOT NULL DEFAULT 0,
  code        TEXT NOT NULL DEFAULT '',
  message     TEXT NOT NULL DEFAULT '',
  at          INTEGER NOT NULL, -- microseconds since 1970 UTC
  PRIMARY KEY (run, stream, slice)
) STRICT, WITHOUT ROWID;

-- Purpose: note that a run starts.
-- Parameters: id, pipeline, command, status, started_at, owner.
-- Idempotent: no; a run's id is its own.
INSERT INTO runs (id, pipeline, command, status, started_at, owner)
VALUES (?, ?, ?, ?, ?, ?)

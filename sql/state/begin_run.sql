-- A run starts. Parameters: id, pipeline, command, status, started_at, owner.
-- Not idempotent: a run's id is its own.
INSERT INTO runs (id, pipeline, command, status, started_at, owner)
VALUES (?, ?, ?, ?, ?, ?)

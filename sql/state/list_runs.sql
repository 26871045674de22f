-- Purpose: the newest runs first.
-- Parameters: pipeline twice ('' = all), the most rows.
-- Idempotent: reads only.
SELECT id, pipeline, command, status, started_at, finished_at, owner, loads, rows, quarantined, skipped, failures, code, message
FROM runs
WHERE ? = '' OR pipeline = ?
ORDER BY started_at DESC, id DESC
LIMIT ?

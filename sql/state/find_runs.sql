-- Purpose: runs whose id starts with a text; two are enough to see that it is ambiguous.
-- Parameters: the text twice.
-- Idempotent: reads only.
SELECT id, pipeline, command, status, started_at, finished_at, owner, loads, rows, quarantined, skipped, failures, code, message
FROM runs
WHERE substr(id, 1, length(?)) = ?
ORDER BY started_at DESC, id DESC
LIMIT 2

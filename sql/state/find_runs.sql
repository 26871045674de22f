-- Runs whose id starts with a text, at most 2: more than one is ambiguous.
-- Parameters: the text twice. Reads only.
SELECT id, pipeline, command, status, started_at, finished_at, owner, loads, rows, quarantined, skipped, failures, code, message
FROM runs
WHERE substr(id, 1, length(?)) = ?
ORDER BY started_at DESC, id DESC
LIMIT 2

-- Purpose: what became of the slices of a run.
-- Parameters: run.
-- Idempotent: reads only.
SELECT stream, slice, target, status, rows, quarantined, code, message, at
FROM run_slices
WHERE run = ?
ORDER BY at, stream, slice

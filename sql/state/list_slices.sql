-- The slices of a run. Parameters: run. Reads only.
SELECT stream, slice, target, status, rows, quarantined, code, message, at
FROM run_slices
WHERE run = ?
ORDER BY at, stream, slice

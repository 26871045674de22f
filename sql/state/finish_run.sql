-- A run ends. Parameters: status, finished_at, loads, rows, quarantined,
-- skipped, failures, code, message, id. Idempotent.
UPDATE runs
SET status = ?, finished_at = ?, loads = ?, rows = ?, quarantined = ?, skipped = ?, failures = ?, code = ?, message = ?
WHERE id = ?

-- Purpose: note how a run ended.
-- Parameters: status, finished_at, loads, rows, quarantined, skipped, failures, code, message, id.
-- Idempotent: yes.
UPDATE runs
SET status = ?, finished_at = ?, loads = ?, rows = ?, quarantined = ?, skipped = ?, failures = ?, code = ?, message = ?
WHERE id = ?

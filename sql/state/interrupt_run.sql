-- A run's process is gone. Parameters: new status, finished_at, id, old status.
-- Idempotent.
UPDATE runs SET status = ?, finished_at = ? WHERE id = ? AND status = ?

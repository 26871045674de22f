-- Purpose: note that a run's process is gone.
-- Parameters: new status, finished_at, id, old status.
-- Idempotent: yes.
UPDATE runs SET status = ?, finished_at = ? WHERE id = ? AND status = ?

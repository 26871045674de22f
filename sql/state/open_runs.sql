-- Purpose: runs that have not ended, as far as the file knows.
-- Parameters: the status of such a run.
-- Idempotent: reads only.
SELECT id, owner FROM runs WHERE status = ?

-- Runs that have not ended, as far as the file knows. Parameters: the status
-- of such a run. Reads only.
SELECT id, owner FROM runs WHERE status = ?

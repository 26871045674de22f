-- Purpose: delete the entries to purge.
-- Parameters: none; reads the temporary table of purge_choose.
-- Idempotent: yes.
DELETE FROM _tapline_quarantine WHERE rowid IN (SELECT entry FROM temp.purged)

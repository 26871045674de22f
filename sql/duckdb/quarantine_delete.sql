-- Purpose: remove what older revisions of a slice left in quarantine; of all
--   slices of the pipeline for a snapshot.
-- Parameters: $1 table, $2 slice, $3 pipeline, $4 true for all its slices.
-- Idempotent: yes.
DELETE FROM _tapline_quarantine WHERE "table" = $1 AND (slice = $2 OR ($4 AND slice IN (
  SELECT slice FROM _tapline_receipts WHERE "table" = $1 AND pipeline = $3)))

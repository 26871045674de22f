-- Purpose: remove what older revisions of a slice left in quarantine; of all
--   slices of the pipeline for a snapshot.
-- Parameters: Schema; $1 table, $2 slice, $3 pipeline, $4 true for all its
--   slices.
-- Idempotent: yes.
DELETE FROM {{ident .Schema}}._tapline_quarantine WHERE "table" = $1 AND slice IN (
  SELECT $2::text UNION ALL
  SELECT slice FROM {{ident .Schema}}._tapline_receipts WHERE $4::boolean AND "table" = $1 AND pipeline = $3)

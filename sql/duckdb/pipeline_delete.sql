-- Purpose: empty a table of all that a pipeline loaded into it.
-- Parameters: Table; $1 table, $2 pipeline.
-- Idempotent: yes.
DELETE FROM main.{{ident .Table}} WHERE _tapline_slice IN (
  SELECT slice FROM _tapline_receipts WHERE "table" = $1 AND pipeline = $2)

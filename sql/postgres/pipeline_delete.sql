-- Purpose: empty a table of all that a pipeline loaded into it.
-- Parameters: Schema, Table; $1 table, $2 pipeline.
-- Idempotent: yes.
DELETE FROM {{ident .Schema}}.{{ident .Table}} WHERE _tapline_slice IN (
  SELECT slice FROM {{ident .Schema}}._tapline_receipts
  WHERE "table" = $1 AND pipeline = $2 AND superseded_by IS NULL AND displaced_by IS NULL)

-- Purpose: mark the rows whose cells an amendment has just set, for
--   history_settle.
-- Parameters: Schema, Table; $1 slice, $2 load, $3 places.
-- Idempotent: yes.
UPDATE {{ident .Schema}}.{{ident .Table}} SET valid_from = NULL
WHERE _tapline_slice = $1 AND _tapline_load = $2 AND _tapline_row = ANY ($3::bigint[])

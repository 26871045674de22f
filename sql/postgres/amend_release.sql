-- Purpose: delete the entries of the rows that are staged.
-- Parameters: Schema; $1 load, $2 table.
-- Idempotent: yes.
DELETE FROM {{ident .Schema}}._tapline_quarantine
WHERE load = $1 AND "table" = $2 AND coalesce("column", '') = ''
  AND "row" IN (SELECT _tapline_row FROM pg_temp._tapline_staged)

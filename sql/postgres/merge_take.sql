-- Purpose: take rows of a load out of the table and stage them, to be merged anew.
-- Parameters: Schema, Table, Columns; $1 slice, $2 load, $3 places.
-- Idempotent: yes.
WITH taken AS (
  DELETE FROM {{ident .Schema}}.{{ident .Table}}
  WHERE _tapline_slice = $1 AND _tapline_load = $2 AND _tapline_row = ANY ($3::bigint[])
  RETURNING {{idents .Columns}}
)
INSERT INTO pg_temp._tapline_staged ({{idents .Columns}}) SELECT {{idents .Columns}} FROM taken

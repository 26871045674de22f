-- Purpose: set the cells of a column that are in quarantine still, delete
--   their entries, and count these.
-- Parameters: Schema, Table, Column, Type; $1 load, $2 table, $3 column, $4
--   slice, $5 places and $6 the values there, as text.
-- Idempotent: yes.
WITH released AS (
  DELETE FROM {{ident .Schema}}._tapline_quarantine AS q
  USING unnest($5::bigint[], $6::text[]) AS a (place, value)
  WHERE q.load = $1 AND q."table" = $2 AND q."column" = $3 AND q."row" = a.place
  RETURNING a.place, a.value
), changed AS (
  UPDATE {{ident .Schema}}.{{ident .Table}} AS t SET {{ident .Column}} = CAST(r.value AS {{.Type}})
  FROM released AS r
  WHERE t._tapline_slice = $4 AND t._tapline_load = $1 AND t._tapline_row = r.place
)
SELECT count(*) FROM released

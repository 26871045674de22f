-- Purpose: of the keys that a load touched keep one row each: the one read
--   last, then of the greatest place; the load breaks ties, so that the order
--   of loading does not matter. Rows whose key has a NULL are not compared.
-- Parameters: Table, Key; $1 load.
-- Idempotent: yes.
DELETE FROM main.{{ident .Table}} AS t USING (
  SELECT _tapline_load, _tapline_row
  FROM main.{{ident .Table}}
  SEMI JOIN (SELECT {{idents .Key}} FROM main.{{ident .Table}} WHERE _tapline_load = $1) AS touched
    USING ({{idents .Key}})
  QUALIFY row_number() OVER (
    PARTITION BY {{idents .Key}}
    ORDER BY _tapline_loaded_at DESC, _tapline_row DESC, _tapline_load DESC) > 1
) AS beaten
WHERE t._tapline_load = beaten._tapline_load AND t._tapline_row = beaten._tapline_row

-- Purpose: staged rows give way to those in the table that were read later; the
--   load breaks ties, so that the order of loading does not matter.
-- Parameters: Schema, Table, Key.
-- Idempotent: yes.
DELETE FROM pg_temp._tapline_staged AS s USING {{ident .Schema}}.{{ident .Table}} AS t
WHERE {{range .Key}}t.{{ident .}} = s.{{ident .}} AND {{end}}
  (t._tapline_loaded_at, t._tapline_row, t._tapline_load COLLATE "C") > (s._tapline_loaded_at, s._tapline_row, s._tapline_load COLLATE "C")

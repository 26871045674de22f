-- Purpose: rows of the table give way to staged ones of their key, which
--   were read later: those that were not are no longer staged.
-- Parameters: Schema, Table, Key.
-- Idempotent: yes.
DELETE FROM {{ident .Schema}}.{{ident .Table}} AS t USING pg_temp._tapline_staged AS s
WHERE {{range $i, $k := .Key}}{{if $i}} AND {{end}}t.{{ident $k}} = s.{{ident $k}}{{end}}

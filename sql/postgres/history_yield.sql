-- Purpose: staged rows that say the same as the key's row at the time of reading
--   change nothing.
-- Parameters: Schema, Table, Key, Compared (each Name, and Text where the type
--   cannot be compared itself), Lacked (names of columns that are not staged).
-- Idempotent: yes.
DELETE FROM pg_temp._tapline_staged AS s USING {{ident .Schema}}.{{ident .Table}} AS h
WHERE {{range $i, $k := .Key}}{{if $i}} AND {{end}}h.{{ident $k}} = s.{{ident $k}}{{end}}
  AND h.valid_from <= s._tapline_loaded_at AND (h.valid_to > s._tapline_loaded_at OR h.valid_to IS NULL)
{{- range .Compared}} AND h.{{ident .Name}}{{if .Text}}::text{{end}} IS NOT DISTINCT FROM s.{{ident .Name}}{{if .Text}}::text{{end}}{{end}}
{{- range .Lacked}} AND h.{{ident .}} IS NULL{{end}}

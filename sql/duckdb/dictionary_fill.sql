-- Purpose: how many rows a table has, in how many each column has a value, and
--   the least of its values as a text, for the data dictionary.
-- Parameters: Table, Columns, Samples (whether values are wanted).
-- Idempotent: reads only.
SELECT count(*)
{{- range .Columns}}, count({{ident .}}){{end}}
{{- if .Samples}}{{range .Columns}}, left(min({{ident .}}::VARCHAR), 200){{end}}{{end}}
FROM {{ident .Table}}

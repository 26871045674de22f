-- Purpose: remove the rows that history_settle left marked.
-- Parameters: Schema, Table, Key, All (as there).
-- Idempotent: yes.
DELETE FROM {{ident .Schema}}.{{ident .Table}} AS t
{{- if not .All}} USING pg_temp._tapline_staged AS s{{end}}
WHERE t.valid_from IS NULL AND t._tapline_load IS NOT NULL
{{- if not .All}}{{range .Key}} AND t.{{ident .}} = s.{{ident .}}{{end}}{{end}}

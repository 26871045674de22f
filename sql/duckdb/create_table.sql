-- Purpose: a new table; every column is nullable.
-- Parameters: Table, Columns (each Name and Type).
-- Idempotent: no; fails when the table is there.
CREATE TABLE main.{{ident .Table}} (
{{- range $i, $c := .Columns}}{{if $i}},{{end}}
  {{ident $c.Name}} {{$c.Type}}
{{- end}}
)

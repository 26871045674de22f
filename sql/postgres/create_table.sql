-- Purpose: a new table; every column is nullable. Texts of tapline's own
--   compare byte by byte.
-- Parameters: Schema, Table, Columns (each Name and Type), Partition (a column
--   of it, "" = none).
-- Idempotent: no; fails when the table is there.
CREATE TABLE {{ident .Schema}}.{{ident .Table}} (
{{- range $i, $c := .Columns}}{{if $i}},{{end}}
  {{ident $c.Name}} {{$c.Type}}
{{- end}}
)
{{- if .Partition}} PARTITION BY RANGE ({{ident .Partition}}){{end}}

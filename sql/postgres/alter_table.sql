-- Purpose: add nullable columns and make integer columns floating ones.
-- Parameters: Schema, Table, Added (each Name and Type), Widened (names).
-- Idempotent: no; fails when a column is there.
ALTER TABLE {{ident .Schema}}.{{ident .Table}}
{{- range $i, $c := .Added}}{{if $i}},{{end}}
  ADD COLUMN {{ident $c.Name}} {{$c.Type}}
{{- end}}
{{- range $i, $c := .Widened}}{{if or $i $.Added}},{{end}}
  ALTER COLUMN {{ident $c}} TYPE double precision
{{- end}}

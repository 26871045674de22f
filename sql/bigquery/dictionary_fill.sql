-- Purpose: how many rows a table has, in how many each column has a value, and
--   the least of its values as a text, for the data dictionary.
-- Parameters: Table, Columns, Samples (whether values are wanted).
-- Idempotent: reads only.
SELECT COUNT(*) AS rows_in_all
{{- range $i, $c := .Columns}}, COUNTIF({{ident $c}} IS NOT NULL) AS filled_{{$i}}{{end}}
{{- if .Samples}}{{range $i, $c := .Columns}}, SUBSTR(MIN(IF({{ident $c}} IS NULL, NULL, FORMAT('%t', {{ident $c}}))), 1, 200) AS sample_{{$i}}{{end}}{{end}}
FROM {{ident .Table}}

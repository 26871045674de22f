-- Purpose: put those staged rows into a table with history that change something:
--   of each key the last, unless the key's row at the time of reading says the
--   same. A row of a key that the table does not know is the first and current; so
--   is one whose key has a NULL. Others are marked by a NULL in valid_from, for
--   history_settle.
-- Parameters: Table, Filter, Key (each Name, and Text where the database cannot
--   partition by the type itself), Columns, Compared, Lacked (columns of the table
--   that are not staged), Stage; @read_at, @day.
-- Idempotent: no; part of a transaction that looks for the load first.
INSERT INTO {{ident .Table}} ({{idents .Columns}}, valid_from, is_current)
SELECT {{range .Columns}}s.{{ident .}}, {{end}}IF(known.k0 IS NULL, s._tapline_loaded_at, NULL), IF(known.k0 IS NULL, TRUE, NULL)
FROM (
  SELECT * FROM {{ident .Stage}} WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY {{range .Key}}{{if .Text}}CAST({{ident .Name}} AS STRING){{else}}{{ident .Name}}{{end}}, {{end}}IF({{range $i, $k := .Key}}{{if $i}} OR {{end}}{{ident $k.Name}} IS NULL{{end}}, _tapline_row, NULL)
    ORDER BY _tapline_row DESC) = 1
) AS s
LEFT JOIN (
  SELECT DISTINCT {{range $i, $k := .Key}}{{if $i}}, {{end}}{{if .Text}}CAST({{ident .Name}} AS STRING){{else}}{{ident .Name}}{{end}} AS k{{$i}}{{end}}
  FROM {{ident .Table}} WHERE TRUE{{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
) AS known ON {{range $i, $k := .Key}}{{if $i}} AND {{end}}known.k{{$i}} = {{template "staged" $k}}{{end}}
WHERE NOT EXISTS (
  SELECT 1 FROM {{ident .Table}} AS h
  WHERE {{range .Key}}{{if .Text}}CAST(h.{{ident .Name}} AS STRING){{else}}h.{{ident .Name}}{{end}} = {{template "staged" .}} AND {{end}}h.valid_from <= @read_at AND (h.valid_to > @read_at OR h.valid_to IS NULL)
{{- range .Compared}} AND h.{{ident .}} IS NOT DISTINCT FROM s.{{ident .}}{{end}}
{{- range .Lacked}} AND h.{{ident .}} IS NULL{{end}}{{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}})
{{- define "staged"}}{{if .Text}}CAST(CAST(s.{{ident .Name}} AS FLOAT64) AS STRING){{else}}s.{{ident .Name}}{{end}}{{end}}

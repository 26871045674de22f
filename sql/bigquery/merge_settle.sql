-- Purpose: of the keys that a load touched keep one row each: the one read
--   last, then of the greatest place; the load breaks ties, so that the order
--   of loading does not matter. Rows whose key has a NULL are not compared.
-- Parameters: Table, Filter, Key (each Name, and Text where the database
--   cannot partition by the type itself); @load, @day.
-- Idempotent: yes.
DELETE FROM {{ident .Table}} AS t
WHERE EXISTS (
  SELECT 1 FROM (
    SELECT x._tapline_load AS beaten_load, x._tapline_row AS beaten_row
    FROM {{ident .Table}} AS x
    JOIN (
      SELECT DISTINCT {{range $i, $k := .Key}}{{if $i}}, {{end}}{{template "key" $k}} AS k{{$i}}{{end}}
      FROM {{ident .Table}} WHERE _tapline_load = @load{{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
    ) AS touched ON {{range $i, $k := .Key}}{{if $i}} AND {{end}}{{template "key_of_x" $k}} = touched.k{{$i}}{{end}}
    WHERE TRUE{{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
    QUALIFY ROW_NUMBER() OVER (
      PARTITION BY {{range $i, $k := .Key}}{{if $i}}, {{end}}{{template "key_of_x" $k}}{{end}}
      ORDER BY x._tapline_loaded_at DESC, x._tapline_row DESC, x._tapline_load DESC) > 1
  ) AS beaten
  WHERE beaten.beaten_load = t._tapline_load AND beaten.beaten_row = t._tapline_row){{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
{{- define "key"}}{{if .Text}}CAST({{ident .Name}} AS STRING){{else}}{{ident .Name}}{{end}}{{end}}
{{- define "key_of_x"}}{{if .Text}}CAST(x.{{ident .Name}} AS STRING){{else}}x.{{ident .Name}}{{end}}{{end}}

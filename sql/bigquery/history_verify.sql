-- Purpose: how many rows of each slice no history explains: those that do not end
--   where the next of their key begins, that begin at another time than they were
--   read, or are current and ended, or neither.
-- Parameters: Dataset, Table, Filter, Key (each Name, and Text where the database
--   cannot partition by the type itself); @day.
-- Idempotent: reads only.
SELECT _tapline_slice, COUNT(*) AS broken
FROM (
  SELECT _tapline_slice, _tapline_loaded_at, valid_from, valid_to, is_current, LEAD(valid_from) OVER (
      PARTITION BY {{range .Key}}{{if .Text}}CAST({{ident .Name}} AS STRING){{else}}{{ident .Name}}{{end}}, {{end}}IF({{range $i, $k := .Key}}{{if $i}} OR {{end}}{{ident $k.Name}} IS NULL{{end}}, _tapline_load, NULL), IF({{range $i, $k := .Key}}{{if $i}} OR {{end}}{{ident $k.Name}} IS NULL{{end}}, _tapline_row, NULL)
      ORDER BY valid_from, _tapline_row, _tapline_load) AS following
  FROM {{ident .Dataset}}.{{ident .Table}} WHERE _tapline_load IS NOT NULL{{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
) AS chained
WHERE valid_from IS DISTINCT FROM _tapline_loaded_at OR valid_to IS DISTINCT FROM following OR valid_to <= valid_from
  OR is_current IS DISTINCT FROM (valid_to IS NULL)
GROUP BY _tapline_slice

-- Purpose: make the rows of the keys that have a marked row follow each other
--   again: each ends where the next begins. With Full, of rows read at one moment
--   the last counts, and one that says the same as the one before it does not; rows
--   that do not count are marked, for history_sweep.
-- Parameters: Table, Filter, Key (each Name, and Text where the database cannot
--   partition by the type itself), Contents (columns to be compared), Full; @day.
-- Idempotent: yes.
UPDATE {{ident .Table}} AS t
SET valid_from = v.since, valid_to = v.until, is_current = IF(v.counts, v.until IS NULL, NULL)
FROM (
  SELECT of_load, place, counts, IF(counts, moment, NULL) AS since,
    IF(counts, LEAD(moment) OVER (PARTITION BY {{template "keys" .Key}}, counts ORDER BY moment), NULL) AS until
  FROM (
    SELECT of_load, place, moment, {{template "keys" .Key}}, {{if .Full}}turn = 1 AND (
      LAG(content) OVER (PARTITION BY {{template "keys" .Key}}, turn = 1 ORDER BY moment) IS NULL
      OR content != LAG(content) OVER (PARTITION BY {{template "keys" .Key}}, turn = 1 ORDER BY moment)){{else}}TRUE{{end}} AS counts
    FROM (
      SELECT x._tapline_load AS of_load, x._tapline_row AS place, x._tapline_loaded_at AS moment{{range $i, $k := .Key}}, touched.k{{$i}} AS k{{$i}}{{end}}
{{- if .Full}},
        TO_JSON_STRING(STRUCT({{range $i, $c := .Contents}}{{if $i}}, {{end}}x.{{ident $c}} AS c{{$i}}{{end}})) AS content,
        ROW_NUMBER() OVER (PARTITION BY {{range $i, $k := .Key}}touched.k{{$i}}, {{end}}x._tapline_loaded_at ORDER BY x._tapline_row DESC, x._tapline_load DESC) AS turn{{end}}
      FROM {{ident .Table}} AS x
      JOIN (
        SELECT DISTINCT {{range $i, $k := .Key}}{{if $i}}, {{end}}{{if .Text}}CAST({{ident .Name}} AS STRING){{else}}{{ident .Name}}{{end}} AS k{{$i}}{{end}}
        FROM {{ident .Table}} WHERE valid_from IS NULL{{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
      ) AS touched ON {{range $i, $k := .Key}}{{if $i}} AND {{end}}touched.k{{$i}} = {{if .Text}}CAST(x.{{ident .Name}} AS STRING){{else}}x.{{ident .Name}}{{end}}{{end}}
      WHERE x._tapline_load IS NOT NULL{{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
    ) AS versions
  ) AS judged
) AS v
WHERE t._tapline_load = v.of_load AND t._tapline_row = v.place
  AND (t.valid_from IS DISTINCT FROM v.since OR t.valid_to IS DISTINCT FROM v.until
    OR t.is_current IS DISTINCT FROM IF(v.counts, v.until IS NULL, NULL)){{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
{{- define "keys"}}{{range $i, $k := .}}{{if $i}}, {{end}}k{{$i}}{{end}}{{end}}

-- Purpose: give the rows of a Parquet file their places, as pull_sift does, and
--   make the text of pull_parquet_functions of the fields that are columns.
-- Parameters: Into, Stage, Fields (Name; Value: see below), Some (names of fields
--   that parts are made by), Constants; @slice, @load, @read_at, @x1, ...
--   A value has a Kind: "field" (Function makes its text, of Text if the value is
--   to be made that first, and with Scale if that is not nil), "union" (Members),
--   "list" (List, Item) or "map" (List, Key, KeyName, Item); and From and Path,
--   where it is found. List is a path, too.
-- Idempotent: no; it fills a new table.
{{- define "path"}}{{.From}}{{range .Path}}.{{ident .}}{{end}}{{end}}
{{- define "value"}}
{{- if eq .Kind "field"}}{{.Function}}({{if .Text}}CAST({{template "path" .}} AS STRING){{else}}{{template "path" .}}{{end}}{{with .Scale}}, {{.}}{{end}})
{{- else if eq .Kind "union"}}CASE WHEN {{range $i, $m := .Members}}{{if $i}} + {{end}}CAST({{template "path" $m}} IS NOT NULL AS INT64){{end}} > 1 THEN '?'{{range .Members}} WHEN {{template "path" .}} IS NOT NULL THEN {{template "value" .}}{{end}} END
{{- else if eq .Kind "list"}}CASE WHEN {{template "path" .}} IS NOT NULL THEN (
    SELECT CASE WHEN COUNTIF(j IS NULL) > 0 THEN '?' ELSE CONCAT('p[', IFNULL(STRING_AGG(j, ',' ORDER BY o), ''), ']') END
    FROM (SELECT tapline_parquet_json({{template "value" .Item}}) AS j, o FROM UNNEST({{template "path" .List}}) AS {{.Item.From}} WITH OFFSET AS o)) END
{{- else}}(SELECT CASE WHEN COUNT(*) > 1 THEN '?' ELSE MAX({{template "value" .Item}}) END FROM UNNEST({{template "path" .List}}) AS {{.Item.From}} WHERE {{.Item.From}}.{{ident .KeyName}} = {{text .Key}})
{{- end}}{{end}}
INSERT INTO {{ident .Into}} (_tapline_slice, _tapline_load, _tapline_row, _tapline_loaded_at{{range .Fields}}, {{ident .Name}}{{end}}{{range .Constants}}, {{ident .}}{{end}})
WITH cells AS (
  SELECT 1 AS one{{range .Fields}},
    {{template "value" .Value}} AS {{ident .Name}}{{end}}
  FROM {{ident .Stage}} AS r
), records AS (
  SELECT {{if .Some}}MOD(FARM_FINGERPRINT(ARRAY_TO_STRING([{{idents .Some}}], '|')), 1000){{else}}0{{end}} AS part{{range .Fields}}, {{ident .Name}}{{end}} FROM cells
), counted AS (
  SELECT part, COUNT(*) AS n FROM records GROUP BY part
), places AS (
  SELECT part, CAST(SUM(n) OVER (ORDER BY part) - n AS INT64) AS before FROM counted
)
SELECT @slice, @load, p.before + ROW_NUMBER() OVER (PARTITION BY r.part) - 1, @read_at{{range .Fields}}, r.{{ident .Name}}{{end}}{{range .Constants}}, @{{.}}{{end}}
FROM records AS r JOIN places AS p ON p.part = r.part

-- Purpose: make one row of each record again, with the cells of the values at
--   some paths.
-- Parameters: Into, Stages (of pairs), Fields (Name, Index: of its path),
--   Constants; @paths, @opened (those of them at which objects are opened),
--   @plain (those whose values are cells as they stand), @slice, @load, @read_at,
--   @x1, ...
-- Idempotent: no; it fills a new table.
INSERT INTO {{ident .Into}} (_tapline_slice, _tapline_load, _tapline_row, _tapline_loaded_at{{range .Fields}}, {{ident .Name}}{{end}}{{range .Constants}}, {{ident .}}{{end}})
WITH paths AS (
  SELECT path, k, path IN UNNEST(@opened) AS opened, path IN UNNEST(@plain) AS plain FROM UNNEST(@paths) AS path WITH OFFSET AS k
), found AS (
  SELECT p.place, p.value, f.plain, CASE WHEN p.value <> 'null' AND NOT (f.opened AND STARTS_WITH(p.value, '{')) THEN f.k END AS k
  FROM ({{range $i, $s := .Stages}}{{if $i}} UNION ALL {{end}}SELECT place, path, value FROM {{ident $s}}{{end}}) AS p
  LEFT JOIN paths AS f ON f.path = p.path
), cells AS (
  SELECT place, k, CASE WHEN k IS NULL OR plain THEN value ELSE tapline_json_cell(value) END AS cell FROM found
), records AS (
  SELECT place{{range .Fields}}, MAX(CASE WHEN k = {{.Index}} THEN cell END) AS {{ident .Name}}{{end}} FROM cells GROUP BY place
)
SELECT @slice, @load, place, @read_at{{range .Fields}}, {{ident .Name}}{{end}}{{range .Constants}}, @{{.}}{{end}} FROM records

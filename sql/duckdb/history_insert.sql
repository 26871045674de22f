-- Purpose: put those rows of the parts into a table with history that change
--   something: of each key the last, unless the key's row at the time of reading
--   says the same. A row of a key that the table does not know is the first and
--   current; so is one whose key has a NULL. Others are marked by a NULL in
--   valid_from, for history_settle.
-- Parameters: Table, Columns, Lacked (columns of the table that the parts do not
--   have), Compared (those of Columns to be compared), Key, Paths; $1 read at.
-- Idempotent: no; part of a transaction that looks for the load first.
INSERT INTO main.{{ident .Table}} ({{idents .Columns}}, valid_from, valid_to, is_current)
SELECT {{range .Columns}}s.{{ident .}}, {{end}}CASE WHEN known.k0 IS NULL THEN s._tapline_loaded_at END, NULL, CASE WHEN known.k0 IS NULL THEN true END
FROM read_parquet([{{texts .Paths}}], union_by_name = true, hive_partitioning = false) AS s
SEMI JOIN (
  SELECT max(_tapline_row) AS place
  FROM read_parquet([{{texts .Paths}}], union_by_name = true, hive_partitioning = false)
  GROUP BY {{idents .Key}}, CASE WHEN {{template "keyless" .Key}} THEN _tapline_row END
) AS last ON last.place = s._tapline_row
LEFT JOIN (
  SELECT DISTINCT {{range $i, $k := .Key}}{{if $i}}, {{end}}{{ident $k}} AS k{{$i}}{{end}} FROM main.{{ident .Table}}
) AS known ON {{range $i, $k := .Key}}{{if $i}} AND {{end}}known.k{{$i}} = s.{{ident $k}}{{end}}
ANTI JOIN (
  SELECT * FROM main.{{ident .Table}} WHERE valid_from <= $1 AND (valid_to > $1 OR valid_to IS NULL)
) AS h ON {{range $i, $k := .Key}}{{if $i}} AND {{end}}h.{{ident $k}} = s.{{ident $k}}{{end}}
{{- range .Compared}} AND h.{{ident .}} IS NOT DISTINCT FROM s.{{ident .}}{{end}}
{{- range .Lacked}} AND h.{{ident .}} IS NULL{{end}}
{{- define "keyless"}}{{range $i, $k := .}}{{if $i}} OR {{end}}{{ident $k}} IS NULL{{end}}{{end}}

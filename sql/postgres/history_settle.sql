-- Purpose: make the rows of the staged keys follow each other again: of rows read
--   at one moment the last counts, one that says the same as the one before it does
--   not, each ends where the next begins. Rows that do not count are marked, for
--   history_sweep.
-- Parameters: Schema, Table, Key, Contents (each Name, and Text where the type
--   cannot be compared itself), All (true: the keys of all marked rows, wherever
--   they came from).
-- Idempotent: yes.
UPDATE {{ident .Schema}}.{{ident .Table}} AS t
SET valid_from = v.since, valid_to = v.until, is_current = CASE WHEN v.counts THEN v.until IS NULL END
FROM (
  SELECT {{template "keys" .Key}}, of_load, place, counts, CASE WHEN counts THEN moment END AS since,
    CASE WHEN counts THEN lead(moment) OVER (PARTITION BY {{template "keys" .Key}}, counts ORDER BY moment) END AS until
  FROM (
    SELECT *, turn = 1 AND content IS DISTINCT FROM lag(content) OVER (PARTITION BY {{template "keys" .Key}}, turn = 1 ORDER BY moment) AS counts
    FROM (
      SELECT {{range $i, $k := .Key}}x.{{ident $k}} AS k{{$i}}, {{end}}x._tapline_load AS of_load, x._tapline_row AS place, x._tapline_loaded_at AS moment,
        ROW({{range $i, $c := .Contents}}{{if $i}}, {{end}}x.{{ident $c.Name}}{{if $c.Text}}::text{{end}}{{end}}) AS content,
        row_number() OVER (
          PARTITION BY {{range .Key}}x.{{ident .}}, {{end}}x._tapline_loaded_at
          ORDER BY x._tapline_row DESC, x._tapline_load COLLATE "C" DESC) AS turn
      FROM {{ident .Schema}}.{{ident .Table}} AS x
      JOIN (
        SELECT DISTINCT {{range $i, $k := .Key}}{{if $i}}, {{end}}m.{{ident $k}} AS k{{$i}}{{end}}
        FROM {{if .All}}{{ident .Schema}}.{{ident .Table}} AS m WHERE m.valid_from IS NULL{{else}}pg_temp._tapline_staged AS m{{end}}
      ) AS touched ON {{range $i, $k := .Key}}{{if $i}} AND {{end}}touched.k{{$i}} = x.{{ident $k}}{{end}}
      WHERE x._tapline_load IS NOT NULL
    ) AS versions
  ) AS judged
) AS v
WHERE {{range $i, $k := .Key}}t.{{ident $k}} = v.k{{$i}} AND {{end}}t._tapline_load = v.of_load AND t._tapline_row = v.place
  AND (t.valid_from IS DISTINCT FROM v.since OR t.valid_to IS DISTINCT FROM v.until
    OR t.is_current IS DISTINCT FROM CASE WHEN v.counts THEN v.until IS NULL END)
{{- define "keys"}}{{range $i, $k := .}}{{if $i}}, {{end}}k{{$i}}{{end}}{{end}}

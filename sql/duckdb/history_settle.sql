-- Purpose: make the rows of the keys that have a marked row follow each other
--   again: of rows read at one moment the last counts, one that says the same as
--   the one before it does not, each ends where the next begins. Rows that do not
--   count are marked, for history_sweep.
-- Parameters: Table, Key, Contents (columns to be compared).
-- Idempotent: yes.
UPDATE main.{{ident .Table}} AS t SET valid_from = v.since, valid_to = v.until, is_current = CASE WHEN v.counts THEN v.until IS NULL END
FROM (
  SELECT of_load, place, counts, CASE WHEN counts THEN moment END AS since,
    CASE WHEN counts THEN lead(moment) OVER (PARTITION BY {{template "keys" .Key}}, counts ORDER BY moment) END AS until
  FROM (
    SELECT *, turn = 1 AND content IS DISTINCT FROM lag(content) OVER (PARTITION BY {{template "keys" .Key}}, turn = 1 ORDER BY moment) AS counts
    FROM (
      SELECT x._tapline_load AS of_load, x._tapline_row AS place, x._tapline_loaded_at AS moment,
        {{range $i, $k := .Key}}x.{{ident $k}} AS k{{$i}}, {{end}}row({{range $i, $c := .Contents}}{{if $i}}, {{end}}x.{{ident $c}}{{end}}) AS content,
        row_number() OVER (
          PARTITION BY {{range .Key}}x.{{ident .}}, {{end}}x._tapline_loaded_at
          ORDER BY x._tapline_row DESC, x._tapline_load DESC) AS turn
      FROM main.{{ident .Table}} AS x
      SEMI JOIN (SELECT {{idents .Key}} FROM main.{{ident .Table}} WHERE valid_from IS NULL) AS touched
        ON {{range $i, $k := .Key}}{{if $i}} AND {{end}}touched.{{ident $k}} = x.{{ident $k}}{{end}}
      WHERE x._tapline_load IS NOT NULL
    ) AS versions
  ) AS judged
) AS v
WHERE t._tapline_load = v.of_load AND t._tapline_row = v.place
  AND (t.valid_from IS DISTINCT FROM v.since OR t.valid_to IS DISTINCT FROM v.until
    OR t.is_current IS DISTINCT FROM CASE WHEN v.counts THEN v.until IS NULL END)
{{- define "keys"}}{{range $i, $k := .}}{{if $i}}, {{end}}k{{$i}}{{end}}{{end}}

-- Purpose: how many rows of each slice no history explains: those that do not end
--   where the next of their key begins, that begin at another time than they were
--   read, or are current and ended, or neither.
-- Parameters: Schema, Table, Key.
-- Idempotent: reads only.
SELECT _tapline_slice, count(*)
FROM (
  SELECT _tapline_slice, _tapline_loaded_at, valid_from, valid_to, is_current, lead(valid_from) OVER (
      PARTITION BY {{idents .Key}}, CASE WHEN {{template "keyless" .Key}} THEN _tapline_load END, CASE WHEN {{template "keyless" .Key}} THEN _tapline_row END
      ORDER BY valid_from, _tapline_row, _tapline_load) AS following
  FROM {{ident .Schema}}.{{ident .Table}} WHERE _tapline_load IS NOT NULL
) AS chained
WHERE valid_from IS DISTINCT FROM _tapline_loaded_at OR valid_to IS DISTINCT FROM following OR valid_to <= valid_from
  OR is_current IS DISTINCT FROM (valid_to IS NULL)
GROUP BY _tapline_slice
{{- define "keyless"}}{{range $i, $k := .}}{{if $i}} OR {{end}}{{ident $k}} IS NULL{{end}}{{end}}

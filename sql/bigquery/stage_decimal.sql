-- Purpose: staged rows once more, where columns go into NUMERIC or BIGNUMERIC
--   ones: their values as such. Ends with an error when one is no number or has
--   more digits than fit; BigQuery would round it.
-- Parameters: To (the new table), Stage, Columns (each Name; of those Type,
--   Scale, and Index in the load).
-- Idempotent: yes.
CREATE OR REPLACE TABLE {{ident .To}} OPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)) AS
SELECT {{range $i, $c := .Columns}}{{if $i}},
  {{end}}{{if $c.Type}}CASE WHEN {{ident $c.Name}} IS NULL THEN NULL
    WHEN SAFE_CAST(CAST({{ident $c.Name}} AS STRING) AS {{$c.Type}}) IS NOT NULL
      AND LENGTH(IFNULL(REGEXP_EXTRACT(CAST({{ident $c.Name}} AS STRING), r'\.([0-9]*[1-9])'), ''))
        - IFNULL(CAST(REGEXP_EXTRACT(CAST({{ident $c.Name}} AS STRING), r'[eE]\+?(-?[0-9]+)') AS INT64), 0) <= {{$c.Scale}}
      THEN SAFE_CAST(CAST({{ident $c.Name}} AS STRING) AS {{$c.Type}})
    ELSE CAST(ERROR('tapline-decimal: {{$c.Index}} .') AS {{$c.Type}}) END AS {{ident $c.Name}}{{else}}{{ident $c.Name}}{{end}}{{end}}
FROM {{ident .Stage}}

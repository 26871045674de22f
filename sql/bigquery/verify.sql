-- Purpose: what is to be found of each load in force of one table: rows, rows
--   at places taken more than once, places of the load that nothing takes,
--   rows that no load explains (outside its places, in quarantine too, or of
--   the slice and of no load in force, which a history keeps), and whole rows and
--   cells in quarantine.
-- Parameters: Dataset, Table ("" when it is gone), Filter; @in_table, @pipeline, '' for
--   all; @day.
-- Idempotent: reads only.
WITH receipts AS (
  SELECT id, slice, rows_read, mode FROM `_tapline_receipts`
  WHERE `table` = @in_table AND (@pipeline = '' OR pipeline = @pipeline) AND superseded_by IS NULL AND displaced_by IS NULL
), present AS (
{{- if .Table}}
  SELECT _tapline_load AS of_load, _tapline_slice AS of_slice, _tapline_row AS place, COUNT(*) AS n
  FROM {{ident .Dataset}}.{{ident .Table}} WHERE TRUE{{with .Filter}} AND {{if .Day}}{{ident .Column}} = @day{{else}}({{ident .Column}} >= DATE '0001-01-01' OR {{ident .Column}} IS NULL){{end}}{{end}}
  GROUP BY _tapline_load, _tapline_slice, _tapline_row
{{- else}}
  SELECT CAST(NULL AS STRING) AS of_load, CAST(NULL AS STRING) AS of_slice, CAST(NULL AS INT64) AS place, 0 AS n
  FROM receipts WHERE FALSE
{{- end}}
), aside AS (
  SELECT `load` AS of_load, `row` AS place, COUNT(CASE WHEN IFNULL(`column`, '') = '' THEN 1 END) AS whole,
    COUNT(CASE WHEN IFNULL(`column`, '') <> '' THEN 1 END) AS cells
  FROM `_tapline_quarantine` WHERE `table` = @in_table GROUP BY `load`, `row`
), places AS (
  SELECT r.id, r.rows_read, p.place, SUM(p.n) AS n,
    MAX(CASE WHEN p.of_slice IS DISTINCT FROM r.slice THEN 1 ELSE 0 END) AS strange
  FROM receipts AS r JOIN present AS p ON p.of_load = r.id
  GROUP BY r.id, r.rows_read, p.place
), judged AS (
  SELECT p.id, p.n, p.strange, IFNULL(a.whole, 0) AS kept,
    CASE WHEN p.place >= 0 AND p.place < p.rows_read THEN 1 ELSE 0 END AS inside
  FROM places AS p LEFT JOIN aside AS a ON a.of_load = p.id AND a.place = p.place
), counted AS (
  SELECT id, SUM(n) AS found, SUM(CASE WHEN n > 1 THEN n ELSE 0 END) AS duplicated, SUM(inside) AS inside,
    SUM(CASE WHEN inside = 1 AND kept > 0 THEN 1 ELSE 0 END) AS twice,
    SUM(CASE WHEN inside = 0 OR kept > 0 OR strange = 1 THEN n ELSE 0 END) AS unexplained
  FROM judged GROUP BY id
), strays AS (
  SELECT r.id, SUM(p.n) AS n
  FROM receipts AS r JOIN present AS p ON p.of_slice = r.slice LEFT JOIN receipts AS other ON other.id = p.of_load
  WHERE other.id IS NULL AND NOT (r.mode = 'history' AND IFNULL(p.of_load, '') IN (
    SELECT id FROM `_tapline_receipts` WHERE `table` = @in_table))
  GROUP BY r.id
), kept AS (
  SELECT r.id, SUM(a.whole) AS whole, SUM(a.cells) AS cells,
    SUM(CASE WHEN a.whole > 0 AND a.place >= 0 AND a.place < r.rows_read THEN 1 ELSE 0 END) AS inside,
    SUM(CASE WHEN a.place >= 0 AND a.place < r.rows_read THEN 0 ELSE a.whole END) AS outside
  FROM receipts AS r JOIN aside AS a ON a.of_load = r.id GROUP BY r.id
)
SELECT r.id, CAST(IFNULL(c.found, 0) AS INT64) AS found, CAST(IFNULL(c.duplicated, 0) AS INT64) AS duplicated,
  CAST(r.rows_read - IFNULL(c.inside, 0) - IFNULL(k.inside, 0) + IFNULL(c.twice, 0) AS INT64) AS missing,
  CAST(IFNULL(c.unexplained, 0) + IFNULL(s.n, 0) + IFNULL(k.outside, 0) AS INT64) AS unexpected,
  CAST(IFNULL(k.whole, 0) AS INT64) AS whole, CAST(IFNULL(k.cells, 0) AS INT64) AS cells
FROM receipts AS r LEFT JOIN counted AS c ON c.id = r.id LEFT JOIN kept AS k ON k.id = r.id LEFT JOIN strays AS s ON s.id = r.id

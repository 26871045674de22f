-- Purpose: what is to be found of each load in force of one table: rows, rows
--   at places taken more than once, distinct places within the load, rows
--   that no load explains (outside its places, in quarantine too, or of the
--   slice and of no load in force), whole rows and cells in quarantine, and
--   distinct places within the load of both.
-- Parameters: Table ("" when it is gone); $1 table, $2 pipeline, '' for all.
-- Idempotent: reads only.
WITH receipts AS (
  SELECT id, slice, rows_read FROM _tapline_receipts
  WHERE "table" = $1 AND ($2 = '' OR pipeline = $2) AND superseded_by IS NULL AND displaced_by IS NULL
), places AS (
{{- if .Table}}
  SELECT _tapline_load AS load, _tapline_row AS place, count(*) AS n, any_value(_tapline_slice) AS slice
  FROM main.{{ident .Table}} GROUP BY ALL
{{- else}}
  SELECT NULL::VARCHAR AS load, NULL::BIGINT AS place, 0::BIGINT AS n, NULL::VARCHAR AS slice WHERE false
{{- end}}
), aside AS (
  SELECT load, "row" AS place, count(*) FILTER (WHERE coalesce("column", '') = '') AS whole,
    count(*) FILTER (WHERE coalesce("column", '') <> '') AS cells
  FROM _tapline_quarantine WHERE "table" = $1 GROUP BY ALL
), loaded AS (
  SELECT r.id, sum(p.n) AS found,
    sum(p.n) FILTER (WHERE p.n > 1) AS duplicated,
    count(*) FILTER (WHERE p.place BETWEEN 0 AND r.rows_read - 1) AS within,
    count(*) FILTER (WHERE p.place BETWEEN 0 AND r.rows_read - 1 AND a.whole > 0) AS twice,
    sum(p.n) FILTER (WHERE NOT coalesce(p.place BETWEEN 0 AND r.rows_read - 1, false)
      OR a.whole > 0 OR p.slice IS DISTINCT FROM r.slice) AS unexplained
  FROM receipts AS r JOIN places AS p ON p.load = r.id
    LEFT JOIN aside AS a ON a.load = p.load AND a.place IS NOT DISTINCT FROM p.place
  GROUP BY r.id
), strays AS (
  SELECT r.id, sum(p.n) AS n
  FROM receipts AS r JOIN places AS p ON p.slice = r.slice AND p.load IS DISTINCT FROM r.id
  WHERE p.load IS NULL OR p.load NOT IN (SELECT id FROM receipts)
  GROUP BY r.id
), kept AS (
  SELECT r.id, sum(a.whole) AS whole, sum(a.cells) AS cells,
    count(*) FILTER (WHERE a.whole > 0 AND a.place BETWEEN 0 AND r.rows_read - 1) AS within,
    sum(a.whole) FILTER (WHERE a.whole > 0 AND NOT coalesce(a.place BETWEEN 0 AND r.rows_read - 1, false)) AS outside
  FROM receipts AS r JOIN aside AS a ON a.load = r.id
  GROUP BY r.id
)
SELECT r.id, coalesce(l.found, 0)::BIGINT, coalesce(l.duplicated, 0)::BIGINT,
  (r.rows_read - coalesce(l.within, 0) - coalesce(k.within, 0) + coalesce(l.twice, 0))::BIGINT,
  (coalesce(l.unexplained, 0) + coalesce(s.n, 0) + coalesce(k.outside, 0))::BIGINT,
  coalesce(k.whole, 0)::BIGINT, coalesce(k.cells, 0)::BIGINT
FROM receipts AS r LEFT JOIN loaded AS l USING (id) LEFT JOIN kept AS k USING (id) LEFT JOIN strays AS s USING (id)

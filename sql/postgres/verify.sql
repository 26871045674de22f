-- Purpose: what is to be found of each load in force of one table: rows, rows
--   at places taken more than once, places of the load that nothing takes,
--   rows that no load explains (outside its places, in quarantine too, or of
--   the slice and of no load in force, which a history keeps), and whole rows and
--   cells in quarantine.
--   Places are counted in spans of 30, a bit each: no place is taken twice where
--   the sum of the bits is what they are together. Spans in which something
--   is odd are then counted place by place.
-- Parameters: Schema, Table ("" when it is gone); $1 table, $2 pipeline, '' for
--   all.
-- Idempotent: reads only.
WITH receipts AS MATERIALIZED (
  SELECT id, slice, rows_read, mode FROM {{ident .Schema}}._tapline_receipts
  WHERE "table" = $1 AND ($2 = '' OR pipeline = $2) AND superseded_by IS NULL AND displaced_by IS NULL
), present AS NOT MATERIALIZED (
{{- if .Table}}
  SELECT _tapline_load AS load, _tapline_slice AS slice, _tapline_row AS place,
    CASE WHEN _tapline_row >= 0 THEN _tapline_row / 30 ELSE -1 END AS span
  FROM {{ident .Schema}}.{{ident .Table}}
{{- else}}
  SELECT NULL::text AS load, NULL::text AS slice, NULL::bigint AS place, NULL::bigint AS span WHERE false
{{- end}}
), aside AS MATERIALIZED (
  SELECT load, "row" AS place, count(*) FILTER (WHERE coalesce("column", '') = '') AS whole,
    count(*) FILTER (WHERE "column" <> '') AS cells
  FROM {{ident .Schema}}._tapline_quarantine WHERE "table" = $1 GROUP BY load, "row"
), spans AS MATERIALIZED (
  SELECT load, slice, span, count(*) AS n, max(place) AS high,
    span >= 0 AND sum(1 << greatest(place % 30, 0)::int) = bit_or(1 << greatest(place % 30, 0)::int) AS once
  FROM present GROUP BY load, slice, span
), twice AS MATERIALIZED (
  SELECT DISTINCT p.load, p.span
  FROM present AS p WHERE EXISTS (
    SELECT 1 FROM aside AS a WHERE a.whole > 0 AND a.load = p.load AND a.place = p.place)
), judged AS MATERIALIZED (
  SELECT r.id, s.span, sum(s.n) AS n,
    bool_and(s.slice IS NOT DISTINCT FROM r.slice AND s.once AND s.high < r.rows_read)
      AND NOT bool_or(t.span IS NOT NULL) AS plain
  FROM receipts AS r JOIN spans AS s ON s.load = r.id LEFT JOIN twice AS t ON t.load = s.load AND t.span = s.span
  GROUP BY r.id, s.span
), closely AS (
  SELECT p.load AS id, p.place, count(*) AS n, bool_or(p.slice IS DISTINCT FROM r.slice) AS strange,
    coalesce(p.place BETWEEN 0 AND max(r.rows_read) - 1, false) AS within
  FROM present AS p JOIN judged AS j ON j.id = p.load AND j.span = p.span JOIN receipts AS r ON r.id = p.load
  WHERE NOT j.plain GROUP BY p.load, p.place
), plain AS (
  SELECT id, sum(n) AS found, coalesce(sum(n) FILTER (WHERE plain), 0) AS within FROM judged GROUP BY id
), odd AS (
  SELECT c.id, sum(c.n) FILTER (WHERE c.n > 1) AS duplicated,
    count(*) FILTER (WHERE c.within) AS within,
    count(*) FILTER (WHERE c.within AND a.whole > 0) AS twice,
    sum(c.n) FILTER (WHERE NOT c.within OR a.whole > 0 OR c.strange) AS unexplained
  FROM closely AS c LEFT JOIN aside AS a ON a.load = c.id AND a.place = c.place
  GROUP BY c.id
), strays AS (
  SELECT r.id, sum(s.n) AS n
  FROM receipts AS r JOIN spans AS s ON s.slice = r.slice
  WHERE NOT EXISTS (SELECT 1 FROM receipts AS o WHERE o.id = s.load)
    AND NOT (r.mode = 'history' AND EXISTS (
      SELECT 1 FROM {{ident .Schema}}._tapline_receipts AS o WHERE o.id = s.load AND o."table" = $1 AND o.slice = r.slice))
  GROUP BY r.id
), kept AS (
  SELECT r.id, sum(a.whole) AS whole, sum(a.cells) AS cells,
    count(*) FILTER (WHERE a.whole > 0 AND a.place BETWEEN 0 AND r.rows_read - 1) AS within,
    sum(a.whole) FILTER (WHERE a.whole > 0 AND NOT coalesce(a.place BETWEEN 0 AND r.rows_read - 1, false)) AS outside
  FROM receipts AS r JOIN aside AS a ON a.load = r.id
  GROUP BY r.id
)
SELECT r.id, coalesce(p.found, 0)::bigint, coalesce(o.duplicated, 0)::bigint,
  (r.rows_read - coalesce(p.within, 0) - coalesce(o.within, 0) - coalesce(k.within, 0) + coalesce(o.twice, 0))::bigint,
  (coalesce(o.unexplained, 0) + coalesce(s.n, 0) + coalesce(k.outside, 0))::bigint,
  coalesce(k.whole, 0)::bigint, coalesce(k.cells, 0)::bigint
FROM receipts AS r LEFT JOIN plain AS p ON p.id = r.id LEFT JOIN odd AS o ON o.id = r.id
  LEFT JOIN kept AS k ON k.id = r.id LEFT JOIN strays AS s ON s.id = r.id

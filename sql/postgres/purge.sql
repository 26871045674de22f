-- Purpose: delete entries that match, the first of them by load, row and
--   column, let the receipts tell, and count them.
-- Parameters: Schema; $1 pipeline, $2 table, $3 load, $4 slice, $5 column, $6
--   reason, '' for all; $7 quarantined before, or NULL; $8 first row; $9 most
--   entries.
-- Idempotent: yes.
WITH chosen AS MATERIALIZED (
  SELECT q.ctid AS entry
  FROM {{ident .Schema}}._tapline_quarantine AS q
  WHERE ($1 = '' OR q.load IN (SELECT id FROM {{ident .Schema}}._tapline_receipts WHERE pipeline = $1))
    AND ($2 = '' OR q."table" = $2) AND ($3 = '' OR q.load = $3) AND ($4 = '' OR q.slice = $4)
    AND ($5 = '' OR q."column" = $5) AND ($6 = '' OR q.reason = $6)
    AND ($7::timestamptz IS NULL OR q.quarantined_at < $7::timestamptz)
    AND ($8::bigint = 0 OR q."row" >= $8::bigint)
  ORDER BY q.load, q."row", coalesce(q."column", ''), q.ctid
  LIMIT $9::bigint
), gone AS (
  DELETE FROM {{ident .Schema}}._tapline_quarantine
  WHERE ctid = ANY (ARRAY(SELECT entry FROM chosen))
  RETURNING load, coalesce("column", '') = '' AS whole
), counted AS (
  SELECT load, count(*) FILTER (WHERE whole) AS whole, count(*) FILTER (WHERE NOT whole) AS cells
  FROM gone GROUP BY load
), told AS (
  UPDATE {{ident .Schema}}._tapline_receipts AS r
  SET rows_purged = r.rows_purged + c.whole, cells_purged = r.cells_purged + c.cells
  FROM counted AS c WHERE r.id = c.load
)
SELECT coalesce(sum(whole + cells), 0)::bigint FROM counted

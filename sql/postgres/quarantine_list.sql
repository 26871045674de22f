-- Purpose: entries that match, one page of them, by load, row and column.
-- Parameters: Schema; $1 pipeline, $2 table, $3 load, $4 slice, $5 column, $6
--   reason, '' for all; $7 quarantined before, or NULL; $8 first row; $9 most
--   entries; $10 load, $11 row, $12 column, $13 ctid after which the page
--   starts, $10 NULL for the first.
-- Idempotent: reads only.
SELECT q.ctid::text, q.load, q.slice, q."table", q."row", coalesce(q."column", ''),
  q.source, q.reason, q.place, q.raw, q.quarantined_at
FROM {{ident .Schema}}._tapline_quarantine AS q
WHERE ($1 = '' OR q.load IN (SELECT id FROM {{ident .Schema}}._tapline_receipts WHERE pipeline = $1))
  AND ($2 = '' OR q."table" = $2) AND ($3 = '' OR q.load = $3) AND ($4 = '' OR q.slice = $4)
  AND ($5 = '' OR q."column" = $5) AND ($6 = '' OR q.reason = $6)
  AND ($7::timestamptz IS NULL OR q.quarantined_at < $7::timestamptz)
  AND ($8::bigint = 0 OR q."row" >= $8::bigint)
  AND ($10::text IS NULL OR (q.load >= $10::text
    AND (q.load, q."row", coalesce(q."column", ''), q.ctid) > ($10::text, $11::bigint, $12::text, $13::tid)))
ORDER BY q.load, q."row", coalesce(q."column", ''), q.ctid
LIMIT $9::bigint

-- Purpose: entries that match, one page of them, by load, row and column.
-- Parameters: $1 pipeline, $2 table, $3 load, $4 slice, $5 column, $6 reason,
--   '' for all; $7 quarantined before, or NULL; $8 first row of a load; $9
--   most entries; $10 load, $11 row, $12 column, $13 rowid after which the page
--   starts, $10 NULL for the first.
-- Idempotent: reads only.
SELECT q.rowid, coalesce(q.load, ''), coalesce(q.slice, ''), coalesce(q."table", ''), coalesce(q."row", -1),
  coalesce(q."column", ''), coalesce(q.source, ''), coalesce(q.reason, ''), coalesce(q.place, ''),
  coalesce(q.raw, ''), q.quarantined_at
FROM _tapline_quarantine AS q
WHERE ($1 = '' OR q.load IN (SELECT id FROM _tapline_receipts WHERE pipeline = $1))
  AND ($2 = '' OR q."table" = $2) AND ($3 = '' OR q.load = $3) AND ($4 = '' OR q.slice = $4)
  AND ($5 = '' OR q."column" = $5) AND ($6 = '' OR q.reason = $6)
  AND ($7::TIMESTAMPTZ IS NULL OR q.quarantined_at < $7::TIMESTAMPTZ)
  AND ($8::BIGINT = 0 OR q."row" >= $8)
  AND ($10::VARCHAR IS NULL
    OR (coalesce(q.load, ''), coalesce(q."row", -1), coalesce(q."column", ''), q.rowid) > ($10, $11, $12, $13))
ORDER BY coalesce(q.load, ''), coalesce(q."row", -1), coalesce(q."column", ''), q.rowid
LIMIT $9
